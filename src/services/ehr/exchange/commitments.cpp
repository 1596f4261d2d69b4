// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/commitments.hpp"

#include "crypto/hash.hpp"
#include "crypto/merkle.hpp"

namespace consilium::services::ehr::exchange {
namespace {

Bytes be32(std::uint32_t value) {
    Bytes out;
    append_be32(out, value);
    return out;
}

}  // namespace

Hash32 request_commitment(BytesView salt, BytesView opening) {
    return crypto::tagged_hash("consilium/ehr-request/1", {salt, opening});
}

Hash32 disclosure_commitment(BytesView salt, BytesView header) {
    return crypto::tagged_hash("consilium/ehr-disclosure/1", {salt, header});
}

Hash32 decision_commitment(BytesView salt, BytesView decision) {
    return crypto::tagged_hash("consilium/ehr-decision/1", {salt, decision});
}

Hash32 disputed_commitment(BytesView salt, BytesView delivery) {
    return crypto::tagged_hash("consilium/ehr-received/1", {salt, delivery});
}

Hash32 contribution_commitment(BytesView salt, BytesView opening) {
    return crypto::tagged_hash("consilium/ehr-contribution/1", {salt, opening});
}

Hash32 entries_root(std::span<const Bytes> entries) {
    std::vector<Hash32> leaves;
    leaves.reserve(entries.size());
    for (const Bytes& entry : entries)
        leaves.push_back(crypto::merkle_leaf_hash(entry));
    return crypto::merkle_root(leaves);
}

Hash32 review_commitment(BytesView salt, BytesView report) {
    return crypto::tagged_hash("consilium/ehr-review/1", {salt, report});
}

ledger::RecordId received_record(const ledger::MemberId& custodian,
                                 const v1::DisclosedDocument& document) {
    const Hash32 hash = crypto::tagged_hash(
        "consilium/received-record/1",
        {custodian, document.record_id(), be32(document.version()), document.commitment()});
    ledger::RecordId id;
    (void)assign(id, hash.view().substr(0, ledger::RecordId::kSize));
    return id;
}

ledger::RecordId offered_record(BytesView commitment) {
    const Hash32 hash = crypto::tagged_hash("consilium/offered-record/1", {commitment});
    ledger::RecordId id;
    (void)assign(id, hash.view().substr(0, ledger::RecordId::kSize));
    return id;
}

Hash32 message_name(BytesView kind, BytesView id, std::uint32_t number) {
    return crypto::tagged_hash("consilium/exchange-message/1", {kind, id, be32(number)});
}

Hash32 delivery_info(const ledger::NetworkId& network, BytesView header) {
    return crypto::tagged_hash("consilium/ehr-delivery/1", {network.view(), header});
}

}  // namespace consilium::services::ehr::exchange
