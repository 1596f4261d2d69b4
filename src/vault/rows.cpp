// SPDX-License-Identifier: Apache-2.0
#include "vault/rows.hpp"

#include <array>

#include "base/assert.hpp"

namespace consilium::vault {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kNameBytes = ledger::RecordId::kSize + 4;
constexpr std::size_t kRecordBytes = 1 + 1 + 1 + 8 + 8 + Hash32::kSize;
constexpr std::size_t kTotalsBytes = 1 + 3 * 8;
constexpr std::size_t kCodeBytes = 16;

// The code's own prefix: tag, family, length of the key.
constexpr BytesView kTag = "consilium/vault-row/1";

Hash32 code_of(const crypto::HmacKey& rows_key, Family family, BytesView key, BytesView body) {
    std::array<char, 5> head{static_cast<char>(family)};
    const auto size = static_cast<std::uint32_t>(key.size());
    for (std::size_t i = 0; i < 4; ++i)
        head[1 + i] = static_cast<char>(size >> (24 - 8 * i));
    return rows_key.code({kTag, {head.data(), head.size()}, key, body});
}

}  // namespace

Bytes row_key(const DocumentName& name) {
    Bytes out(name.record.view());
    append_be32(out, name.version);
    return out;
}

std::optional<DocumentName> parse_row_key(BytesView key) {
    if (key.size() != kNameBytes) return std::nullopt;
    DocumentName name;
    CONSILIUM_ASSERT(assign(name.record, key.substr(0, ledger::RecordId::kSize)));
    name.version = read_be32(key.substr(ledger::RecordId::kSize));
    return name;
}

Bytes slot_key(std::uint64_t slot) {
    Bytes out;
    append_be64(out, slot);
    return out;
}

Bytes index_row_key(BytesView key, const DocumentName& name) {
    Bytes out(key);
    out += row_key(name);
    return out;
}

std::optional<DocumentName> parse_index_row_key(BytesView key) {
    if (key.size() <= kNameBytes) return std::nullopt;
    return parse_row_key(key.substr(key.size() - kNameBytes));
}

Bytes encode_record(const RecordRow& row) {
    Bytes out(1, kFormat);
    out.push_back(static_cast<char>(row.state));
    out.push_back(row.in_file ? '\1' : '\0');
    append_be64(out, row.slot);
    append_be64(out, row.size);
    out += row.commitment.view();
    return out;
}

std::optional<RecordRow> decode_record(BytesView body) {
    if (body.size() != kRecordBytes || body[0] != kFormat || body[1] < 1 || body[1] > 3 ||
        (body[2] != 0 && body[2] != 1)) {
        return std::nullopt;
    }
    RecordRow row;
    row.state = static_cast<State>(body[1]);
    row.in_file = body[2] == 1;
    row.slot = read_be64(body.substr(3));
    row.size = read_be64(body.substr(11));
    CONSILIUM_ASSERT(assign(row.commitment, body.substr(19)));
    if (row.size > kDocumentBytesMax) return std::nullopt;
    return row;
}

Bytes encode_index_keys(const std::vector<Bytes>& keys) {
    Bytes out(1, kFormat);
    for (const Bytes& key : keys) {
        out.push_back(static_cast<char>(key.size() >> 8U));
        out.push_back(static_cast<char>(key.size()));
        out += key;
    }
    return out;
}

std::optional<std::vector<Bytes>> decode_index_keys(BytesView body) {
    if (body.size() < 2 || body[0] != kFormat) return std::nullopt;
    body.remove_prefix(1);
    std::vector<Bytes> keys;
    while (!body.empty()) {
        if (body.size() < 2 || keys.size() == kIndexKeysMax) return std::nullopt;
        const std::size_t size = static_cast<std::size_t>(static_cast<unsigned char>(body[0]))
                                     << 8U |
                                 static_cast<unsigned char>(body[1]);
        body.remove_prefix(2);
        if (size == 0 || size > kIndexKeyBytesMax || size > body.size()) return std::nullopt;
        keys.emplace_back(body.substr(0, size));
        body.remove_prefix(size);
    }
    return keys;
}

Bytes encode_totals(const Totals& totals) {
    Bytes out(1, kFormat);
    append_be64(out, totals.documents);
    append_be64(out, totals.bytes);
    append_be64(out, totals.erased);
    return out;
}

std::optional<Totals> decode_totals(BytesView body) {
    if (body.size() != kTotalsBytes || body[0] != kFormat) return std::nullopt;
    return Totals{read_be64(body.substr(1)), read_be64(body.substr(9)), read_be64(body.substr(17))};
}

Bytes protect_row(const crypto::HmacKey& rows_key, Family family, BytesView key, BytesView body) {
    Bytes out;
    out.reserve(body.size() + kCodeBytes);
    out += body;
    out += code_of(rows_key, family, key, body).view().substr(0, kCodeBytes);
    return out;
}

std::optional<BytesView> check_row(const crypto::HmacKey& rows_key, Family family, BytesView key,
                                   BytesView row) {
    if (row.size() < kCodeBytes) return std::nullopt;
    const BytesView body = row.substr(0, row.size() - kCodeBytes);
    const Hash32 code = code_of(rows_key, family, key, body);
    if (!crypto::equal_in_constant_time(code.view().substr(0, kCodeBytes),
                                        row.substr(body.size()))) {
        return std::nullopt;
    }
    return body;
}

}  // namespace consilium::vault
