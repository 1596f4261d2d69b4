// SPDX-License-Identifier: Apache-2.0
#include "contracts/documents/records.hpp"

#include <limits>

#include "contracts/documents/tables.hpp"
#include "crypto/merkle.hpp"
#include "ledger/commitment.hpp"

namespace consilium::contracts::documents {
namespace {

// A record that a command named and where it stands or will stand.
struct Named {
    Bytes list;
    std::uint64_t sequence = 0;
    v1::Record record;
};

bool leads_to(const v1::ManifestLeaf& leaf, const v1::Record& manifest) {
    ledger::RecordId record_id;
    Hash32 commitment;
    if (!assign(record_id, leaf.record_id()) || !assign(commitment, leaf.commitment()))
        return false;
    std::vector<Hash32> path(static_cast<std::size_t>(leaf.path_size()));
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (!assign(path[i], leaf.path(static_cast<int>(i)))) return false;
    }
    if (leaf.leaf_index() >= manifest.leaf_count()) return false;
    const Hash32 hash = ledger::manifest_leaf(record_id, commitment);
    const auto root = crypto::merkle_root_from_path(crypto::merkle_leaf_hash(hash.view()),
                                                    leaf.leaf_index(), manifest.leaf_count(), path);
    return root && root->view() == manifest.commitment();
}

// The leaf's record as it will stand in a row of its own.
Result<Named, Rejection> touch(Bytes list, const v1::ManifestLeaf& leaf, sdk::Context& context) {
    const auto manifest = context.get<v1::Record>(record_key(list, leaf.manifest_sequence()));
    if (!manifest) return fail(Rejection::kRecordUnknown);
    if (manifest->leaf_count() == 0) return fail(Rejection::kNotManifest);
    if (!leads_to(leaf, *manifest)) return fail(Rejection::kLeafPath);
    const auto key = touched_key(list, leaf.manifest_sequence(), leaf.leaf_index());
    if (context.exists(key)) return fail(Rejection::kLeafTouched);
    const auto sequence = context.next_number(record_prefix(list), 8);
    if (!sequence) return fail(Rejection::kNumbersUsedUp);
    v1::TouchedLeaf touched;
    touched.set_sequence(*sequence);
    context.put(key, touched);
    context.assign(*sequence);
    Named out;
    out.list = std::move(list);
    out.sequence = *sequence;
    out.record.set_record_id(leaf.record_id());
    out.record.set_version(1);
    out.record.set_commitment(leaf.commitment());
    out.record.set_status(v1::RECORD_STATUS_CURRENT);
    out.record.set_manifest_sequence(leaf.manifest_sequence());
    out.record.set_leaf_index(leaf.leaf_index());
    return out;
}

// The record, not erased.
Result<Named, Rejection> find(const v1::RecordRef& ref, sdk::Context& context) {
    Bytes list = list_of(ref.chart_id(), context);
    if (ref.has_leaf()) return touch(std::move(list), ref.leaf(), context);
    auto record = context.get<v1::Record>(record_key(list, ref.sequence()));
    if (!record) return fail(Rejection::kRecordUnknown);
    if (record->leaf_count() != 0) return fail(Rejection::kIsManifest);
    if (record->status() == v1::RECORD_STATUS_SHREDDED) return fail(Rejection::kShredded);
    Named out;
    out.list = std::move(list);
    out.sequence = ref.sequence();
    out.record = std::move(*record);
    return out;
}

Rejection append(BytesView chart_id, const v1::Record& record, sdk::Context& context) {
    const Bytes list = list_of(chart_id, context);
    const auto sequence = context.next_number(record_prefix(list), 8);
    if (!sequence) return Rejection::kNumbersUsedUp;
    context.put(record_key(list, *sequence), record);
    context.assign(*sequence);
    return Rejection::kNone;
}

}  // namespace

Bytes list_of(BytesView chart_id, const sdk::Context& context) {
    ledger::ChartId chart;
    if (chart_id.empty() || !assign(chart, chart_id))
        return ledger::record_list(context.member_id());
    return ledger::record_list(chart);
}

Rejection apply_anchor(const v1::AnchorRecord& command, sdk::Context& context) {
    v1::Record record;
    record.set_record_id(command.record_id());
    record.set_version(1);
    record.set_commitment(command.commitment());
    record.set_status(v1::RECORD_STATUS_CURRENT);
    return append(command.chart_id(), record, context);
}

Rejection apply_manifest(const v1::AnchorManifest& command, sdk::Context& context) {
    v1::Record record;
    record.set_commitment(command.root());
    record.set_status(v1::RECORD_STATUS_CURRENT);
    record.set_leaf_count(command.leaf_count());
    return append(command.chart_id(), record, context);
}

Rejection apply_supersede(const v1::SupersedeRecord& command, sdk::Context& context) {
    auto found = find(command.record(), context);
    if (!found) return found.error();
    Named& named = *found;
    if (named.record.version() != command.version()) return Rejection::kVersion;
    if (command.version() == std::numeric_limits<std::uint32_t>::max())
        return Rejection::kNumbersUsedUp;
    v1::RecordVersion old;
    old.set_commitment(named.record.commitment());
    context.put(version_key(named.list, named.sequence, command.version()), old);
    named.record.set_version(command.version() + 1);
    named.record.set_commitment(command.commitment());
    context.put(record_key(named.list, named.sequence), named.record);
    return Rejection::kNone;
}

Rejection apply_shred(const v1::ShredRecord& command, sdk::Context& context) {
    auto found = find(command.record(), context);
    if (!found) return found.error();
    Named& named = *found;
    named.record.set_status(v1::RECORD_STATUS_SHREDDED);
    named.record.set_shred_basis(command.basis());
    named.record.clear_retention_reason();
    named.record.set_last_backup_expires_unix_ms(command.last_backup_expires_unix_ms());
    context.put(record_key(named.list, named.sequence), named.record);
    return Rejection::kNone;
}

Rejection apply_retain(const v1::RetainRecord& command, sdk::Context& context) {
    auto found = find(command.record(), context);
    if (!found) return found.error();
    Named& named = *found;
    if (named.record.retention_reason() == command.reason()) return Rejection::kRetained;
    named.record.set_status(v1::RECORD_STATUS_RETAINED);
    named.record.set_retention_reason(command.reason());
    context.put(record_key(named.list, named.sequence), named.record);
    return Rejection::kNone;
}

}  // namespace consilium::contracts::documents
