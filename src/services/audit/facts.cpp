// SPDX-License-Identifier: Apache-2.0
#include "services/audit/facts.hpp"

#include "base/assert.hpp"
#include "base/hex.hpp"
#include "consilium/v1/exchange.pb.h"
#include "contracts/sdk/record_keys.hpp"
#include "crypto/hash.hpp"
#include "crypto/merkle.hpp"
#include "proto/canonical.hpp"

namespace consilium::services::audit {

namespace sdk = contracts::sdk;

std::string_view name_of(RowKind kind) {
    switch (kind) {
        case RowKind::kLink:
            return "link";
        case RowKind::kConsent:
            return "consent";
        case RowKind::kRequest:
            return "request";
        case RowKind::kDisclosure:
            return "disclosure";
        case RowKind::kAccountable:
            return "accountable";
        case RowKind::kContribution:
            return "contribution";
        case RowKind::kShare:
            break;
    }
    return "share";
}

std::string_view table_of(RowKind kind) {
    switch (kind) {
        case RowKind::kLink:
            return "charts/link";
        case RowKind::kConsent:
            return "identity/consent";
        case RowKind::kRequest:
            return "ehr/request";
        case RowKind::kDisclosure:
            return "ehr/disclosure";
        case RowKind::kAccountable:
            return "ehr/accountable";
        case RowKind::kContribution:
            return "ehr/contribution";
        case RowKind::kShare:
            break;
    }
    return "documents/share";
}

std::string path_of(const LedgerRow& row) {
    std::string out(table_of(row.kind));
    out += '/' + to_hex(row.link.view());
    if (row.kind != RowKind::kLink) out += '/' + std::to_string(row.number);
    return out;
}

Bytes list_prefix(RowKind kind, const ledger::LinkId& link) {
    const auto bytes = [](const sdk::StateKey& key) { return Bytes(key.view()); };
    switch (kind) {
        case RowKind::kLink:
            return bytes(sdk::link_row(link.view()));
        case RowKind::kConsent:
            return bytes(sdk::consent_list(link.view()));
        case RowKind::kRequest:
            return bytes(sdk::request_list(link.view()));
        case RowKind::kDisclosure:
            return bytes(sdk::disclosure_list(link.view()));
        case RowKind::kAccountable:
            return bytes(sdk::accountable_list(link.view()));
        case RowKind::kContribution:
            return bytes(sdk::contribution_list(link.view()));
        case RowKind::kShare:
            break;
    }
    return bytes(sdk::share_list(link.view()));
}

Bytes row_key(RowKind kind, const ledger::LinkId& link, std::uint32_t number) {
    Bytes out = list_prefix(kind, link);
    if (kind != RowKind::kLink) append_be32(out, number);
    return out;
}

std::optional<LedgerRow> read_row(RowKind kind, const ledger::LinkId& link, BytesView key,
                                  BytesView value) {
    const Bytes prefix = list_prefix(kind, link);
    if (!key.starts_with(prefix)) return std::nullopt;
    const BytesView rest = key.substr(prefix.size());
    if (rest.size() != (kind == RowKind::kLink ? 0U : 4U)) return std::nullopt;
    return LedgerRow{kind, link, rest.empty() ? 0 : read_be32(rest), Bytes(value)};
}

bool opens(const DisclosureOpening& opening, BytesView commitment) {
    v1::DisclosureHeader header;
    if (opening.salt.size() != kSaltBytes || !proto::parse_canonical(opening.header, header))
        return false;
    if (crypto::tagged_hash("consilium/ehr-disclosure/1", {opening.salt, opening.header}).view() !=
        commitment)
        return false;
    std::vector<Hash32> leaves;
    for (const Bytes& entry : opening.entries) {
        v1::DisclosedDocument document;
        if (!proto::parse_canonical(entry, document)) return false;
        leaves.push_back(crypto::merkle_leaf_hash(entry));
    }
    return header.link_id() == opening.link.view() && header.count() == leaves.size() &&
           header.root() == crypto::merkle_root(leaves).view();
}

}  // namespace consilium::services::audit
