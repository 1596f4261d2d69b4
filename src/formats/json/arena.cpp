// SPDX-License-Identifier: Apache-2.0
#include "formats/json/arena.hpp"

#include <algorithm>
#include <cstring>

namespace consilium::formats::json {

namespace {
constexpr std::size_t kBlockBytesMax = std::size_t{1} << 20;
}

std::string_view Arena::adopt(std::string text) {
    texts_.push_back(std::make_unique<const std::string>(std::move(text)));
    return *texts_.back();
}

void Arena::adopt(std::shared_ptr<const Arena> other) {
    if (!other) return;
    // Parts of one document are often taken one after the other.
    if (!others_.empty() && others_.back() == other) return;
    others_.push_back(std::move(other));
}

std::string_view Arena::copy(std::string_view text) {
    if (text.empty()) return {};
    auto* out = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(out, text.data(), text.size());
    return {out, text.size()};
}

void* Arena::allocate(std::size_t size, std::size_t alignment) {
    const auto misaligned = reinterpret_cast<std::uintptr_t>(next_) % alignment;
    const std::size_t padding = misaligned == 0 ? 0 : alignment - misaligned;
    if (left_ < padding || left_ - padding < size) {
        // Blocks come from new[], which aligns for every type used here.
        const std::size_t bytes = std::max(size, block_bytes_);
        blocks_.push_back(std::unique_ptr<std::byte[]>(new std::byte[bytes]));
        next_ = blocks_.back().get();
        left_ = bytes;
        block_bytes_ = std::min(block_bytes_ * 2, kBlockBytesMax);
    } else {
        next_ += padding;
        left_ -= padding;
    }
    void* out = next_;
    next_ += size;
    left_ -= size;
    return out;
}

}  // namespace consilium::formats::json
