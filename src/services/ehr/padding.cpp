// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/padding.hpp"

#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "ledger/commitment.hpp"

namespace consilium::services::ehr {
namespace {

constexpr std::string_view kRow = "fhir/o";
constexpr std::size_t kKeyBytes = 32;

}  // namespace

std::optional<Bytes> known_padding_key(const vault::Vault& vault) {
    const auto row = vault.row(kRow);
    if (!row) return std::nullopt;
    return *row ? **row : Bytes();
}

std::optional<Bytes> padding_key(vault::Vault& vault) {
    const auto known = vault.row(kRow);
    if (!known) return std::nullopt;
    if (*known) return **known;
    Bytes key = crypto::random_bytes(kKeyBytes);
    const vault::Row made{Bytes(kRow), key};
    const vault::Row absent{Bytes(kRow), std::nullopt};
    if (!vault.put({}, {&made, 1}, {&absent, 1})) return std::nullopt;
    return key;
}

Bytes padding_salt(BytesView key, const ledger::RecordId& record) {
    return crypto::tagged_hash("consilium/padding-salt/1", {key, record.view()}).bytes();
}

ledger::ManifestEntry new_padding(BytesView key) {
    ledger::ManifestEntry out;
    out.record_id = crypto::random_id<ledger::RecordId>();
    out.commitment = ledger::document_commitment(padding_salt(key, out.record_id), {});
    return out;
}

}  // namespace consilium::services::ehr
