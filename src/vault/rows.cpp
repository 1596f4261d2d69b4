// SPDX-License-Identifier: Apache-2.0
#include "vault/rows.hpp"

#include "base/assert.hpp"
#include "crypto/derive.hpp"

namespace consilium::vault {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kNameBytes = ledger::RecordId::kSize + 4;
constexpr std::size_t kFixedBytes = 1 + 1 + 1 + 8 + 8 + Hash32::kSize + 4;
constexpr std::size_t kCodeBytes = 16;

Bytes code_of(BytesView rows_key, Family family, BytesView key, BytesView body) {
    Bytes head("consilium/vault-row/1");
    head.push_back(static_cast<char>(family));
    append_be32(head, static_cast<std::uint32_t>(key.size()));
    return Bytes(crypto::hmac_sha256(rows_key, {head, key, body}).view().substr(0, kCodeBytes));
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
    append_be32(out, static_cast<std::uint32_t>(row.index.size()));
    for (const Bytes& key : row.index) {
        append_be32(out, static_cast<std::uint32_t>(key.size()));
        out += key;
    }
    return out;
}

std::optional<RecordRow> decode_record(BytesView body) {
    if (body.size() < kFixedBytes || body[0] != kFormat || body[1] < 1 || body[1] > 3 ||
        (body[2] != 0 && body[2] != 1)) {
        return std::nullopt;
    }
    RecordRow row;
    row.state = static_cast<State>(body[1]);
    row.in_file = body[2] == 1;
    row.slot = read_be64(body.substr(3));
    row.size = read_be64(body.substr(11));
    CONSILIUM_ASSERT(assign(row.commitment, body.substr(19, Hash32::kSize)));
    const std::uint32_t count = read_be32(body.substr(kFixedBytes - 4));
    body.remove_prefix(kFixedBytes);
    if (count > kIndexKeysMax || row.size > kDocumentBytesMax) return std::nullopt;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (body.size() < 4) return std::nullopt;
        const std::uint32_t size = read_be32(body);
        body.remove_prefix(4);
        if (size == 0 || size > kIndexKeyBytesMax || size > body.size()) return std::nullopt;
        row.index.emplace_back(body.substr(0, size));
        body.remove_prefix(size);
    }
    if (!body.empty()) return std::nullopt;
    return row;
}

Bytes protect_row(BytesView rows_key, Family family, BytesView key, BytesView body) {
    Bytes out(body);
    out += code_of(rows_key, family, key, body);
    return out;
}

std::optional<BytesView> check_row(BytesView rows_key, Family family, BytesView key,
                                   BytesView row) {
    if (row.size() < kCodeBytes) return std::nullopt;
    const BytesView body = row.substr(0, row.size() - kCodeBytes);
    const Bytes code = code_of(rows_key, family, key, body);
    if (!crypto::equal_in_constant_time(code, row.substr(body.size()))) return std::nullopt;
    return body;
}

}  // namespace consilium::vault
