// SPDX-License-Identifier: Apache-2.0
#include "ledger/comet_wire.hpp"

namespace consilium::ledger::comet {
namespace {

constexpr std::int64_t kSecondsMin = -62135596800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t kSecondsMax = 253402300799;  // 9999-12-31T23:59:59Z

std::optional<std::uint64_t> take_varint(BytesView& in) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && !in.empty(); shift += 7) {
        const auto byte = static_cast<std::uint8_t>(in.front());
        in.remove_prefix(1);
        if (shift == 63 && byte > 1) return std::nullopt;
        value |= std::uint64_t{byte & 0x7fU} << shift;
        if ((byte & 0x80U) == 0) return value;
    }
    return std::nullopt;
}

}  // namespace

void put_varint(Bytes& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
        value >>= 7U;
    }
    out.push_back(static_cast<char>(value));
}

void put_tag(Bytes& out, std::uint32_t field, std::uint32_t wire_type) {
    put_varint(out, (std::uint64_t{field} << 3U) | wire_type);
}

void put_uint(Bytes& out, std::uint32_t field, std::uint64_t value) {
    if (value == 0) return;
    put_tag(out, field, 0);
    put_varint(out, value);
}

void put_fixed64(Bytes& out, std::uint32_t field, std::uint64_t value) {
    if (value == 0) return;
    put_tag(out, field, 1);
    for (unsigned shift = 0; shift < 64; shift += 8)
        out.push_back(static_cast<char>(value >> shift));
}

void put_bytes(Bytes& out, std::uint32_t field, BytesView value) {
    if (!value.empty()) put_message(out, field, value);
}

void put_message(Bytes& out, std::uint32_t field, BytesView encoded) {
    put_tag(out, field, 2);
    put_varint(out, encoded.size());
    out.append(encoded);
}

Bytes encode_time(const Time& time) {
    Bytes out;
    put_uint(out, 1, static_cast<std::uint64_t>(time.seconds));
    put_uint(out, 2, static_cast<std::uint64_t>(time.nanos));
    return out;
}

Bytes encode_part_set_header(const PartSetHeader& parts) {
    Bytes out;
    put_uint(out, 1, parts.total);
    put_bytes(out, 2, parts.hash);
    return out;
}

Bytes encode_block_id(const BlockId& id) {
    Bytes out;
    put_bytes(out, 1, id.hash);
    put_message(out, 2, encode_part_set_header(id.parts));
    return out;
}

bool FieldReader::next() {
    if (bad || in.empty()) return false;
    bad = true;
    const auto tag = take_varint(in);
    if (!tag || *tag >> 3U == 0 || *tag >> 3U > 255) return false;
    field = static_cast<std::uint32_t>(*tag >> 3U);
    const auto wire_type = *tag & 7U;
    if (wire_type != 0 && wire_type != 2) return false;
    const auto value = take_varint(in);
    if (!value) return false;
    is_bytes = wire_type == 2;
    number = *value;
    bytes = BytesView();
    if (is_bytes) {
        if (number > in.size()) return false;
        bytes = in.substr(0, static_cast<std::size_t>(number));
        in.remove_prefix(bytes.size());
    }
    bad = false;
    return true;
}

std::optional<Time> decode_time(BytesView encoded) {
    Time time{0, 0};
    FieldReader reader{encoded};
    while (reader.next()) {
        if (reader.is_bytes || reader.field > 2) return std::nullopt;
        if (reader.field == 1) {
            time.seconds = static_cast<std::int64_t>(reader.number);
        } else {
            if (reader.number > 999'999'999) return std::nullopt;
            time.nanos = static_cast<std::int32_t>(reader.number);
        }
    }
    if (reader.bad || time.seconds < kSecondsMin || time.seconds > kSecondsMax) return std::nullopt;
    return time;
}

std::optional<BlockId> decode_block_id(BytesView encoded) {
    BlockId id;
    FieldReader reader{encoded};
    while (reader.next()) {
        if (!reader.is_bytes || reader.field > 2) return std::nullopt;
        if (reader.field == 1) {
            id.hash = Bytes(reader.bytes);
            continue;
        }
        FieldReader parts{reader.bytes};
        while (parts.next()) {
            if (parts.field == 1 && !parts.is_bytes && parts.number <= 0xffffffffULL) {
                id.parts.total = static_cast<std::uint32_t>(parts.number);
            } else if (parts.field == 2 && parts.is_bytes) {
                id.parts.hash = Bytes(parts.bytes);
            } else {
                return std::nullopt;
            }
        }
        if (parts.bad) return std::nullopt;
    }
    const auto is_hash = [](const Bytes& hash) { return hash.empty() || hash.size() == 32; };
    if (reader.bad || !is_hash(id.hash) || !is_hash(id.parts.hash)) return std::nullopt;
    return id;
}

}  // namespace consilium::ledger::comet
