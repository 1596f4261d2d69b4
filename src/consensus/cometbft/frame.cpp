// SPDX-License-Identifier: Apache-2.0
#include "consensus/cometbft/frame.hpp"

#include <algorithm>
#include <cstring>

namespace consilium::consensus::cometbft {
namespace {

constexpr std::size_t kVarintBytesMax = 10;
// A buffer that a large message has stretched is given back once it is empty.
constexpr std::size_t kKeptBytesMax = 8U << 20U;

}  // namespace

const char* to_string(FrameError error) {
    switch (error) {
        case FrameError::kLength:
            return "a message without a length";
        case FrameError::kTooLong:
            return "a message over the limit";
    }
    return "unknown error";
}

char* FrameReader::room(std::size_t bytes) {
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (buffer_.size() > kKeptBytesMax) {
            buffer_.resize(kKeptBytesMax);
            buffer_.shrink_to_fit();
        }
    }
    if (buffer_.size() - end_ < bytes && begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (buffer_.size() - end_ < bytes) buffer_.resize(std::max(end_ + bytes, 2 * buffer_.size()));
    return buffer_.data() + end_;
}

Result<std::optional<BytesView>, FrameError> FrameReader::next() {
    std::uint64_t length = 0;
    std::size_t at = begin_;
    for (unsigned shift = 0;; shift += 7) {
        if (at == end_) {
            missing_ = 1;
            return std::optional<BytesView>();
        }
        const auto byte = static_cast<std::uint8_t>(buffer_[at++]);
        if (at - begin_ == kVarintBytesMax && byte > 1) return fail(FrameError::kLength);
        length |= std::uint64_t{byte & 0x7FU} << shift;
        if (byte < 0x80) break;
    }
    if (length > kFrameBytesMax) return fail(FrameError::kTooLong);
    if (end_ - at < length) {
        missing_ = length - (end_ - at);
        return std::optional<BytesView>();
    }
    const BytesView message(buffer_.data() + at, length);
    begin_ = at + length;
    return std::optional(message);
}

void append_frame(Bytes& out, BytesView message) {
    std::uint64_t length = message.size();
    for (; length >= 0x80; length >>= 7U)
        out.push_back(static_cast<char>(length | 0x80U));
    out.push_back(static_cast<char>(length));
    out += message;
}

}  // namespace consilium::consensus::cometbft
