// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <random>

#include "state/view.hpp"

namespace consilium::node {

// For tests: few keys, so that random ones meet; the greatest byte among theirs.
inline int number_below(std::mt19937& random, int below) {
    return std::uniform_int_distribution<int>(0, below - 1)(random);
}
inline Bytes short_key(std::mt19937& random) {
    Bytes key;
    for (int i = number_below(random, 3) + 1; i > 0; --i)
        key.push_back("ab\xff"[number_below(random, 3)]);
    return key;
}

// For tests: the obvious view, a sorted map.
class MapView final : public state::StateView {
 public:
    std::map<Bytes, Bytes, std::less<>> rows;
    bool fails = false;

    void apply(const state::StateDiff& diff) {
        for (const auto& [key, value] : diff) {
            if (value) {
                rows[key] = *value;
            } else {
                rows.erase(key);
            }
        }
    }

    [[nodiscard]] Result<std::optional<Bytes>, state::DiskError> get(BytesView key) const override {
        if (fails) return fail(state::DiskError::kIo);
        const auto found = rows.find(key);
        return found == rows.end() ? std::optional<Bytes>{} : std::optional<Bytes>(found->second);
    }
    [[nodiscard]] Result<std::optional<state::KeyValue>, state::DiskError> last(
        BytesView prefix) const override {
        if (fails) return fail(state::DiskError::kIo);
        std::optional<state::KeyValue> found;
        for (const auto& [key, value] : rows) {
            if (BytesView(key).starts_with(prefix)) found = state::KeyValue{key, value};
        }
        return found;
    }
    [[nodiscard]] Result<std::vector<state::KeyValue>, state::DiskError> scan(
        BytesView prefix, BytesView from, std::size_t limit) const override {
        std::vector<state::KeyValue> found;
        for (const auto& [key, value] : rows) {
            if (!BytesView(key).starts_with(prefix) || key < from) continue;
            if (found.size() == limit) break;
            found.push_back({key, value});
        }
        return found;
    }
};

}  // namespace consilium::node
