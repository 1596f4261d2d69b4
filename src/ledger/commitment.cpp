// SPDX-License-Identifier: Apache-2.0
#include "ledger/commitment.hpp"

#include "ledger/domain.hpp"

namespace consilium::ledger {

Hash32 document_commitment(BytesView salt, BytesView payload) {
    return crypto::tagged_hash(domain::kDocument, {salt, payload});
}

crypto::TaggedHashStream document_commitment_stream(BytesView salt, std::uint64_t size) {
    return {domain::kDocument, {salt}, size};
}

Hash32 link_slot_commitment(BytesView salt, const ChartId& chart, const LinkId& link) {
    return crypto::tagged_hash(domain::kLinkSlot, {salt, chart.view(), link.view()});
}

Hash32 shared_record_commitment(BytesView salt, BytesView list, std::uint64_t sequence,
                                std::uint32_t version) {
    Bytes sequence_be;
    Bytes version_be;
    append_be64(sequence_be, sequence);
    append_be32(version_be, version);
    return crypto::tagged_hash(domain::kSharedRecord, {salt, list, sequence_be, version_be});
}

Hash32 manifest_leaf(const RecordId& record, const Hash32& commitment) {
    return crypto::tagged_hash(domain::kManifestLeaf, {record.view(), commitment.view()});
}

Bytes record_list(const ChartId& chart) {
    return "c" + chart.bytes();
}

Bytes record_list(BytesView member_id) {
    Bytes out = "m";
    out.append(member_id);
    out.push_back('\0');
    return out;
}

}  // namespace consilium::ledger
