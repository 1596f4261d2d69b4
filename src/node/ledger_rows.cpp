// SPDX-License-Identifier: Apache-2.0
#include "node/ledger_rows.hpp"

namespace consilium::node {

namespace {

constexpr char kBlockVersion = 1;
constexpr char kOutcomesVersion = 1;

void put_varint(Bytes& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<char>(value | 0x80));
        value >>= 7U;
    }
    out.push_back(static_cast<char>(value));
}

void put_bytes(Bytes& out, BytesView bytes) {
    put_varint(out, bytes.size());
    out.append(bytes);
}

// Reads in order; `ok` turns false at the first thing that is not there.
struct Reader {
    BytesView rest;
    bool ok = true;

    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (rest.empty()) break;
            const auto byte = static_cast<std::uint8_t>(rest.front());
            rest.remove_prefix(1);
            value |= std::uint64_t{byte & 0x7fU} << shift;
            if (byte < 0x80) {
                // The minimal form only: no padding, no bits beyond 64.
                if ((shift > 0 && byte == 0) || (shift == 63 && byte > 1)) break;
                return value;
            }
        }
        ok = false;
        return 0;
    }
    std::uint32_t varint32() {
        const std::uint64_t value = varint();
        if (value > 0xffffffffU) ok = false;
        return static_cast<std::uint32_t>(value);
    }
    BytesView take(std::uint64_t size) {
        if (!ok || size > rest.size()) {
            ok = false;
            return {};
        }
        const BytesView out = rest.substr(0, size);
        rest.remove_prefix(size);
        return out;
    }
    BytesView bytes() { return take(varint()); }
    template <typename Fixed>
    void fixed(Fixed& to) {
        if (!assign(to, take(Fixed::kSize))) ok = false;
    }
    // A count of things of at least one byte each.
    std::size_t count() {
        const std::uint64_t n = varint();
        if (n > rest.size()) ok = false;
        return ok ? static_cast<std::size_t>(n) : 0;
    }
    [[nodiscard]] bool done() const { return ok && rest.empty(); }
};

}  // namespace

Bytes encode_block_row(const BlockRow& row) {
    CONSILIUM_ASSERT(row.items.size() == row.results.size());
    Bytes out;
    std::size_t size = 64;
    for (const Bytes& item : row.items)
        size += item.size() + 64;
    out.reserve(size);
    out.push_back(kBlockVersion);
    append_be64(out, row.time.value);
    out.append(row.state_root.view());
    put_varint(out, row.items.size());
    for (std::size_t i = 0; i < row.items.size(); ++i) {
        put_varint(out, row.results[i].code);
        put_bytes(out, row.results[i].data);
        put_bytes(out, row.items[i]);
    }
    return out;
}

std::optional<BlockRow> decode_block_row(BytesView bytes) {
    Reader in{bytes};
    BlockRow row;
    const BytesView version = in.take(1);
    const BytesView time = in.take(8);
    if (!in.ok || version.front() != kBlockVersion) return std::nullopt;
    row.time = {read_be64(time)};
    in.fixed(row.state_root);
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok; ++i) {
        consensus::ItemResult result;
        result.code = in.varint32();
        result.data = in.bytes();
        row.results.push_back(std::move(result));
        row.items.emplace_back(in.bytes());
    }
    if (!in.done()) return std::nullopt;
    return row;
}

Bytes encode_outcomes_row(const ledger::BundleId& bundle_id, const ledger::MemberId& member_id,
                          const std::vector<Bytes>& outcomes) {
    Bytes out;
    out.reserve(128 + outcomes.size() * 8);
    out.push_back(kOutcomesVersion);
    out.append(bundle_id.view());
    put_bytes(out, member_id);
    put_varint(out, outcomes.size());
    for (const Bytes& outcome : outcomes)
        put_bytes(out, outcome);
    return out;
}

namespace {

// Reads a row up to its outcomes; how many there are, or nothing.
std::optional<std::size_t> read_outcomes_head(Reader& in, OutcomesRow& row) {
    const BytesView version = in.take(1);
    if (!in.ok || version.front() != kOutcomesVersion) return std::nullopt;
    in.fixed(row.bundle_id);
    row.member_id = in.bytes();
    const std::size_t count = in.count();
    if (!in.ok) return std::nullopt;
    return count;
}

}  // namespace

std::optional<OutcomesRow> decode_outcomes_row(BytesView bytes) {
    Reader in{bytes};
    OutcomesRow row;
    const auto count = read_outcomes_head(in, row);
    if (!count) return std::nullopt;
    row.outcomes.reserve(*count);
    for (std::size_t i = 0; i < *count && in.ok; ++i)
        row.outcomes.emplace_back(in.bytes());
    if (!in.done()) return std::nullopt;
    return row;
}

std::optional<Bytes> outcome_in_row(BytesView bytes, std::uint32_t index) {
    Reader in{bytes};
    OutcomesRow row;
    const auto count = read_outcomes_head(in, row);
    if (!count || index >= *count) return std::nullopt;
    for (std::uint32_t i = 0; i < index && in.ok; ++i)
        (void)in.bytes();
    const BytesView outcome = in.bytes();
    if (!in.ok) return std::nullopt;
    return Bytes(outcome);
}

Bytes encode_place(const Place& place) {
    Bytes out;
    put_varint(out, place.height);
    put_varint(out, place.item);
    put_varint(out, place.transaction);
    return out;
}

std::optional<Place> decode_place(BytesView bytes) {
    Reader in{bytes};
    Place place;
    place.height = in.varint();
    place.item = in.varint32();
    place.transaction = in.varint32();
    if (!in.done()) return std::nullopt;
    return place;
}

Bytes encode_validator_updates(const std::vector<consensus::ValidatorUpdate>& updates) {
    Bytes out;
    put_varint(out, updates.size());
    for (const auto& update : updates) {
        put_bytes(out, update.public_key);
        put_varint(out, update.power);
    }
    return out;
}

std::optional<std::vector<consensus::ValidatorUpdate>> decode_validator_updates(BytesView bytes) {
    Reader in{bytes};
    std::vector<consensus::ValidatorUpdate> updates;
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok; ++i) {
        consensus::ValidatorUpdate update;
        update.public_key = in.bytes();
        update.power = in.varint();
        updates.push_back(std::move(update));
    }
    if (!in.done()) return std::nullopt;
    return updates;
}

Bytes height_key(Height height) {
    Bytes key;
    append_be64(key, height);
    return key;
}

std::optional<Height> height_of_key(BytesView key) {
    if (key.size() != 8) return std::nullopt;
    return read_be64(key);
}

Bytes outcomes_key(Height height, std::uint32_t item) {
    Bytes key = height_key(height);
    append_be32(key, item);
    return key;
}

Bytes validators_key(Height height) {
    Bytes key(kValidatorsPrefix);
    append_be64(key, height);
    return key;
}

std::optional<Height> validators_key_height(BytesView key) {
    if (!key.starts_with(kValidatorsPrefix) || key.size() != kValidatorsPrefix.size() + 8) {
        return std::nullopt;
    }
    return read_be64(key.substr(kValidatorsPrefix.size()));
}

}  // namespace consilium::node
