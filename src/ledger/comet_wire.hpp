// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "ledger/header.hpp"

// Writing and reading CometBFT's Protocol Buffers as gogoproto writes them: ascending fields,
// defaults left out, but sub-messages that cannot be null always written. Used by the encoders of
// this room only.
namespace consilium::ledger::comet {

void put_varint(Bytes& out, std::uint64_t value);
void put_tag(Bytes& out, std::uint32_t field, std::uint32_t wire_type);
// Left out when 0; an int64 is passed as its two's complement.
void put_uint(Bytes& out, std::uint32_t field, std::uint64_t value);
// sfixed64, left out when 0.
void put_fixed64(Bytes& out, std::uint32_t field, std::uint64_t value);
// Left out when empty.
void put_bytes(Bytes& out, std::uint32_t field, BytesView value);
// Always written.
void put_message(Bytes& out, std::uint32_t field, BytesView encoded);

[[nodiscard]] Bytes encode_time(const Time& time);
[[nodiscard]] Bytes encode_part_set_header(const PartSetHeader& parts);
[[nodiscard]] Bytes encode_block_id(const BlockId& id);

// Reads a message field by field: while (reader.next()) look at what was read; then at `bad`.
struct FieldReader {
    BytesView in{};            // what is still to be read
    std::uint32_t field = 0;   // number of the field read last, 1..255
    bool is_bytes = false;     // else a varint
    std::uint64_t number = 0;  // of a varint its value, else the length of `bytes`
    BytesView bytes{};         // of a length-delimited field its content
    bool bad = false;

    // Steps to the next field; false at the end, or with `bad` set when the bytes are no message of
    // varints and length-delimited fields. Order and minimal forms are not checked here: every
    // decoder compares with its own encoding of what it read.
    [[nodiscard]] bool next();
};

[[nodiscard]] std::optional<Time> decode_time(BytesView bytes);
[[nodiscard]] std::optional<BlockId> decode_block_id(BytesView bytes);

}  // namespace consilium::ledger::comet
