// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"

// The socket protocol of ABCI: each message behind its length as an unsigned LEB128 varint
// (docs/formats/abci.md, "Frames").
namespace consilium::consensus::cometbft {

// A block of CometBFT may have 100 MiB; ours are far smaller (limits::kBlockBytesMax).
inline constexpr std::size_t kFrameBytesMax = 128U << 20U;

enum class FrameError {
    kLength,   // no varint of at most 10 bytes, or one that does not fit 64 bits
    kTooLong,  // more than kFrameBytesMax
};

[[nodiscard]] const char* to_string(FrameError error);

// Cuts what a connection receives into messages. Holds at most one message and what was received
// after it. Not thread-safe.
class FrameReader {
 public:
    // Room for at least `bytes` more; write there, then call received().
    [[nodiscard]] char* room(std::size_t bytes);
    void received(std::size_t bytes) { end_ += bytes; }

    // The next whole message, until room() is called again; nothing when more must be received.
    // After an error the connection is of no use.
    [[nodiscard]] Result<std::optional<BytesView>, FrameError> next();

    // Bytes that the message at the front still lacks, at least 1 while it is not whole.
    [[nodiscard]] std::size_t missing() const { return missing_; }

 private:
    Bytes buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t missing_ = 1;
};

void append_frame(Bytes& out, BytesView message);

}  // namespace consilium::consensus::cometbft
