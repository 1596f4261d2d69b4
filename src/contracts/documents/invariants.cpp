// SPDX-License-Identifier: Apache-2.0
#include "contracts/documents/documents.hpp"
#include "contracts/documents/tables.hpp"

namespace consilium::contracts::documents {
namespace {

constexpr std::size_t kHead = 2;  // contract and table

template <typename Row>
bool read(const std::optional<BytesView>& value, Row& row) {
    return value && row.ParseFromArray(value->data(), static_cast<int>(value->size()));
}

// Whoever writes to a list is its custodian.
bool writes_own_list(BytesView key, sdk::Context& context) {
    const BytesView list = key.substr(kHead);
    if (list.substr(0, 1) == "m") {
        const BytesView member = context.member_id();
        return list.size() > member.size() + 1 && list.substr(1, member.size()) == member &&
               list[1 + member.size()] == '\0';
    }
    ledger::ChartId id;
    if (list.substr(0, 1) != "c" || !assign(id, list.substr(1, ledger::ChartId::kSize)))
        return false;
    const auto chart = context.lookups().charts->chart(context.state(), id);
    return chart && chart->custodian() == context.member_id();
}

bool is_manifest(const v1::Record& record) {
    return record.leaf_count() != 0;
}

bool is_well_formed(const v1::Record& record) {
    if (record.commitment().size() != Hash32::kSize) return false;
    if (is_manifest(record)) return record.record_id().empty() && record.version() == 0;
    return record.record_id().size() == ledger::RecordId::kSize && record.version() >= 1;
}

// A record is never renamed, never loses a version and never comes back once erased; a manifest
// never changes.
bool record_holds(const sdk::Overlay::Change& change, sdk::Context& context) {
    v1::Record after;
    if (!read(change.after, after) || !is_well_formed(after)) return false;
    if (change.before) {
        v1::Record before;
        if (!read(change.before, before) || is_manifest(before)) return false;
        if (before.status() == v1::RECORD_STATUS_SHREDDED) return false;
        if (before.record_id() != after.record_id() ||
            before.manifest_sequence() != after.manifest_sequence() ||
            before.leaf_index() != after.leaf_index() || before.version() > after.version())
            return false;
        const bool same_version = before.version() == after.version();
        if (same_version && before.commitment() != after.commitment()) return false;
    }
    return writes_own_list(change.key, context);
}

bool share_holds(const sdk::Overlay::Change& change) {
    v1::Share after;
    if (!read(change.after, after)) return false;
    if (!change.before) return after.status() == v1::SHARE_STATUS_OFFERED;
    v1::Share before;
    if (!read(change.before, before)) return false;
    return before.record_commitment() == after.record_commitment() &&
           before.status() != v1::SHARE_STATUS_SHREDDED &&
           after.status() != v1::SHARE_STATUS_OFFERED;
}

}  // namespace

bool Documents::holds(const sdk::Overlay::Change& change, sdk::Context& context) const {
    switch (static_cast<Table>(change.key[1])) {
        case Table::kRecord:
            return record_holds(change, context);
        case Table::kVersion:
        case Table::kTouched:
            // History is written once: 21 CFR 11.10(e).
            return !change.before && change.after && writes_own_list(change.key, context);
        case Table::kShare:
            return share_holds(change);
    }
    return false;
}

}  // namespace consilium::contracts::documents
