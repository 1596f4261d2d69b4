// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/assert.hpp"

namespace consilium::state {

// A vector whose copies share their content, N elements at a time, until one of them changes it: a
// block's new tree costs what it touches. A vector that has been copied must not change any more;
// its copies may be read from other threads while they do.
template <typename T, std::size_t N>
class CowVector {
 public:
    CowVector() = default;
    CowVector(const CowVector& other)
        : size_(other.size_), chunks_(other.chunks_), owned_(other.chunks_.size(), false) {}
    CowVector(CowVector&&) noexcept = default;
    CowVector& operator=(const CowVector&) = delete;
    CowVector& operator=(CowVector&&) noexcept = default;
    ~CowVector() = default;

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] const T& operator[](std::size_t i) const {
        CONSILIUM_ASSERT(i < size_);
        return (*chunks_[i / N])[i % N];
    }
    [[nodiscard]] T& change(std::size_t i) {
        CONSILIUM_ASSERT(i < size_);
        const std::size_t chunk = i / N;
        if (!owned_[chunk]) {
            chunks_[chunk] = std::make_shared<std::array<T, N>>(*chunks_[chunk]);
            owned_[chunk] = true;
        }
        return (*chunks_[chunk])[i % N];
    }
    // New elements are T{}.
    void grow(std::size_t size) {
        CONSILIUM_ASSERT(size >= size_);
        while (chunks_.size() * N < size) {
            chunks_.push_back(std::make_shared<std::array<T, N>>());
            owned_.push_back(true);
        }
        size_ = size;
    }

 private:
    std::size_t size_ = 0;
    std::vector<std::shared_ptr<std::array<T, N>>> chunks_;
    std::vector<bool> owned_;
};

}  // namespace consilium::state
