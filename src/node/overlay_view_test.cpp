// SPDX-License-Identifier: Apache-2.0
#include "node/overlay_view.hpp"

#include <gtest/gtest.h>

#include <random>

#include "node/map_view_testing.hpp"

namespace consilium::node {
namespace {

TEST(OverlayView, ReadsAsTheWrittenStateWill) {
    std::mt19937 random(1);
    const auto number = [&](int below) { return number_below(random, below); };
    const auto random_key = [&] { return short_key(random); };
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
