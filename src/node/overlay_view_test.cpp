// SPDX-License-Identifier: Apache-2.0
#include "node/overlay_view.hpp"

#include <gtest/gtest.h>

#include <random>

namespace consilium::node {
namespace {

using state::DiskError;
using state::KeyValue;

// The obvious view: a sorted map.
class MapView final : public state::StateView {
 public:
    std::map<Bytes, Bytes, std::less<>> rows;

    [[nodiscard]] Result<std::optional<Bytes>, DiskError> get(BytesView key) const override {
        const auto found = rows.find(key);
        return found == rows.end() ? std::optional<Bytes>{} : std::optional<Bytes>(found->second);
    }
    [[nodiscard]] Result<std::optional<KeyValue>, DiskError> last(BytesView prefix) const override {
        std::optional<KeyValue> found;
        for (const auto& [key, value] : rows) {
            if (BytesView(key).starts_with(prefix)) found = KeyValue{key, value};
        }
        return found;
    }
    [[nodiscard]] Result<std::vector<KeyValue>, DiskError> scan(BytesView prefix, BytesView from,
                                                                std::size_t limit) const override {
        std::vector<KeyValue> found;
        for (const auto& [key, value] : rows) {
            if (!BytesView(key).starts_with(prefix) || key < from) continue;
            if (found.size() == limit) break;
            found.push_back({key, value});
        }
        return found;
    }
};

TEST(OverlayView, ReadsAsTheWrittenStateWill) {
    std::mt19937 random(1);
    const auto number = [&](int below) {
        return std::uniform_int_distribution<int>(0, below - 1)(random);
    };
    const auto random_key = [&] {
        Bytes key;
        for (int i = number(3) + 1; i > 0; --i)
            key.push_back("ab\xff"[number(3)]);
        return key;
    };
    for (int round = 0; round < 2000; ++round) {
        auto base = std::make_shared<MapView>();
        auto diff = std::make_shared<state::StateDiff>();
        for (int i = number(12); i > 0; --i)
            base->rows[random_key()] = std::to_string(number(100));
        MapView expected = *base;
        for (int i = number(12); i > 0; --i) {
            const Bytes key = random_key();
            if (number(2) == 0) {
                (*diff)[key] = std::nullopt;
                expected.rows.erase(key);
            } else {
                const Bytes value = std::to_string(number(100));
                (*diff)[key] = value;
                expected.rows[key] = value;
            }
        }
        const OverlayView view(base, diff);
        for (int i = 0; i < 8; ++i) {
            const Bytes key = random_key();
            EXPECT_EQ(*view.get(key), *expected.get(key));
            EXPECT_EQ(*view.last(key), *expected.last(key));
            const Bytes from = number(2) == 0 ? Bytes{} : key + random_key();
            const auto limit = static_cast<std::size_t>(number(6) + 1);
            EXPECT_EQ(*view.scan(key, from, limit), *expected.scan(key, from, limit));
            EXPECT_EQ(*view.scan({}, from, limit), *expected.scan({}, from, limit));
        }
        EXPECT_EQ(*view.last({}), *expected.last({}));
    }
}

}  // namespace
}  // namespace consilium::node
