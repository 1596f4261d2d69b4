// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "formats/json/value.hpp"

namespace consilium::formats::json {

// The memory behind the values of one document: freed as a whole, never in part. Not thread-safe
// while it grows.
class Arena {
 public:
    Arena() = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    // Keeps `text` in place for as long as the arena lives; values may point into it.
    std::string_view adopt(std::string text);
    // Keeps the values of another document alive.
    void adopt(std::shared_ptr<const Arena> other);

    [[nodiscard]] std::string_view copy(std::string_view text);
    template <typename T>
    [[nodiscard]] T* copy(std::span<const T> items) {
        static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
        if (items.empty()) return nullptr;
        auto* out = static_cast<T*>(allocate(items.size_bytes(), alignof(T)));
        std::uninitialized_copy(items.begin(), items.end(), out);
        return out;
    }

    [[nodiscard]] void* allocate(std::size_t size, std::size_t alignment);

 private:
    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    std::byte* next_ = nullptr;
    std::size_t left_ = 0;
    std::size_t block_bytes_ = 1024;
    std::vector<std::unique_ptr<const std::string>> texts_;
    std::vector<std::shared_ptr<const Arena>> others_;
};

}  // namespace consilium::formats::json
