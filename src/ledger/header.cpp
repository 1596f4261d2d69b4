// SPDX-License-Identifier: Apache-2.0
#include "ledger/header.hpp"

#include <array>

#include "base/assert.hpp"
#include "crypto/merkle.hpp"
#include "ledger/comet_wire.hpp"

namespace consilium::ledger {

using comet::put_bytes;
using comet::put_message;
using comet::put_uint;

namespace {

Bytes encode_version(const Header& header) {
    Bytes out;
    put_uint(out, 1, header.version_block);
    put_uint(out, 2, header.version_app);
    return out;
}

// google.protobuf.BytesValue and StringValue: a leaf of the header hash.
Bytes wrapped(BytesView value) {
    Bytes out;
    put_bytes(out, 1, value);
    return out;
}

bool read_version(BytesView encoded, Header& header) {
    comet::FieldReader reader{encoded};
    while (reader.next()) {
        if (reader.is_bytes || reader.field > 2) return false;
        (reader.field == 1 ? header.version_block : header.version_app) = reader.number;
    }
    return !reader.bad;
}

// The fields that are plain byte strings, by number from 6.
constexpr std::array<Bytes Header::*, 9> kByteFields = {
    &Header::last_commit_hash,     &Header::data_hash,      &Header::validators_hash,
    &Header::next_validators_hash, &Header::consensus_hash, &Header::app_hash,
    &Header::last_results_hash,    &Header::evidence_hash,  &Header::proposer_address};
constexpr std::uint32_t kFirstByteField = 6;

bool lengths_are_right(const Header& header) {
    for (const auto field : kByteFields) {
        const std::size_t size = (header.*field).size();
        if (field == &Header::app_hash) {
            if (size > kAppHashBytesMax) return false;
        } else if (field == &Header::proposer_address) {
            if (size != kAddressBytes) return false;
        } else if (size != 0 && size != 32) {
            return false;
        }
    }
    return header.chain_id.size() <= kChainIdBytesMax;
}

bool read_field(const comet::FieldReader& reader, Header& header) {
    if (reader.field == 3) {
        header.height = reader.number;
        return !reader.is_bytes && reader.number <= kHeightMax;
    }
    if (!reader.is_bytes) return false;
    switch (reader.field) {
        case 1:
            return read_version(reader.bytes, header);
        case 2:
            header.chain_id = std::string(reader.bytes);
            return true;
        case 4: {
            const auto time = comet::decode_time(reader.bytes);
            if (time) header.time = *time;
            return time.has_value();
        }
        case 5: {
            auto id = comet::decode_block_id(reader.bytes);
            if (id) header.last_block_id = std::move(*id);
            return id.has_value();
        }
        default: {
            const std::uint32_t index = reader.field - kFirstByteField;
            if (reader.field < kFirstByteField || index >= kByteFields.size()) return false;
            header.*kByteFields[index] = Bytes(reader.bytes);
            return true;
        }
    }
}

}  // namespace

Time time_from_unix_ms(UnixMs time) {
    return {static_cast<std::int64_t>(time.value / 1000),
            static_cast<std::int32_t>(time.value % 1000 * 1'000'000)};
}

UnixMs unix_ms(const Time& time) {
    if (time.seconds < 0) return {0};
    return {static_cast<std::uint64_t>(time.seconds) * 1000 +
            static_cast<std::uint64_t>(time.nanos) / 1'000'000};
}

Hash32 header_hash(const Header& header) {
    Bytes height;
    put_uint(height, 1, header.height);
    std::array<Hash32, 14> leaves;
    std::size_t next = 0;
    const auto add = [&](BytesView leaf) { leaves[next++] = crypto::merkle_leaf_hash(leaf); };
    add(encode_version(header));
    add(wrapped(header.chain_id));
    add(height);
    add(comet::encode_time(header.time));
    add(comet::encode_block_id(header.last_block_id));
    for (const auto field : kByteFields)
        add(wrapped(header.*field));
    CONSILIUM_ASSERT(next == leaves.size());
    return crypto::merkle_root(leaves);
}

Bytes encode_header(const Header& header) {
    Bytes out;
    put_message(out, 1, encode_version(header));
    put_bytes(out, 2, header.chain_id);
    put_uint(out, 3, header.height);
    put_message(out, 4, comet::encode_time(header.time));
    put_message(out, 5, comet::encode_block_id(header.last_block_id));
    std::uint32_t number = kFirstByteField;
    for (const auto field : kByteFields)
        put_bytes(out, number++, header.*field);
    return out;
}

std::optional<Header> decode_header(BytesView bytes) {
    Header header;
    header.version_block = 0;
    comet::FieldReader reader{bytes};
    while (reader.next()) {
        if (!read_field(reader, header)) return std::nullopt;
    }
    // One encoding per value: ours of what was read must be what was read.
    if (reader.bad || !lengths_are_right(header) || encode_header(header) != bytes)
        return std::nullopt;
    return header;
}

}  // namespace consilium::ledger
