// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "state/view.hpp"

namespace consilium::node {

// What execution asked of the newest state lately, so that the next block need not ask the disk
// again. It answers exactly as the state does: advance() tells it what a block changed. A block's
// result is the same with it and without.
//
// A view may be read from several threads; advance() only while none of them is read.
class RowCache {
 public:
    // Forgets everything when it holds more than this.
    explicit RowCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    // `state`, which must be the newest one. The view is good until advance(); the cache outlives
    // it.
    [[nodiscard]] std::unique_ptr<const state::StateView> over(
        std::shared_ptr<const state::StateView> state);

    // The newest state is now the one before under these changes.
    void advance(const state::StateDiff& diff);

 private:
    class View;
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view key) const {
            return std::hash<std::string_view>()(key);
        }
    };
    template <typename Value>
    using Table = std::unordered_map<Bytes, Value, Hash, std::equal_to<>>;

    void grow(std::size_t bytes);

    const std::size_t bytes_max_;
    std::mutex mutex_;  // guards what follows
    std::size_t bytes_ = 0;
    Table<std::optional<Bytes>> rows_;
    Table<std::optional<state::KeyValue>> lasts_;  // by prefix
    std::vector<std::size_t> prefix_sizes_;
};

}  // namespace consilium::node
