// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/held_records.hpp"

#include "formats/fhir/primitive.hpp"
#include "ledger/manifest.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

std::optional<std::vector<ledger::ManifestEntry>> leaves_of(const vault::Vault& vault,
                                                            const ledger::ChartId& chart,
                                                            std::uint64_t manifest) {
    constexpr std::size_t kStep = 64;
    std::vector<ledger::ManifestEntry> out;
    Bytes after;
    for (;;) {
        const auto rows = vault.rows(leaves_prefix(chart, manifest), after, kStep);
        if (!rows) return std::nullopt;
        for (const vault::Row& row : *rows)
            if (!decode_leaves(*row.value, out)) return std::nullopt;
        if (rows->size() < kStep) return out;
        after = rows->back().key;
    }
}

}  // namespace

Result<std::optional<HeldRecord>, RecordsError> StoreHeldRecords::held(std::string_view type,
                                                                       std::string_view id) const {
    if (!is_resource_type(type) || !formats::fhir::is_logical_id(id))
        return std::optional<HeldRecord>();
    const auto row = store_.find(type, id);
    if (!row) return fail(RecordsError::kDisk);
    if (!*row) return std::optional<HeldRecord>();
    HeldRecord out;
    out.record = (*row)->record;
    out.version = (*row)->version;
    out.chart = (*row)->chart;
    if (!out.chart.is_zero()) {
        const auto patient = store_.vault().row(patient_key(out.chart));
        if (!patient) return fail(RecordsError::kDisk);
        if (*patient) out.patient = std::string(**patient);
    }
    const Bytes key = resource_key(type, id);
    ResourceRow erased = **row;
    erased.deleted = true;
    out.row = {key, encode(**row)};
    out.erased = {key, encode(erased)};
    return std::optional<HeldRecord>(std::move(out));
}

Result<std::optional<AnchoredRecord>, RecordsError> StoreHeldRecords::anchored(
    const ledger::RecordId& record, const ledger::ChartId& chart) const {
    const auto anchor = store_.anchor_of(record);
    if (!anchor) return fail(RecordsError::kDisk);
    if (!*anchor) return std::optional<AnchoredRecord>();
    AnchoredRecord out;
    out.version = (*anchor)->version;
    out.sequence = (*anchor)->sequence;
    if (!chart.is_zero()) out.ref.set_chart_id(chart.bytes());
    if (out.sequence != 0) {
        out.ref.set_sequence(out.sequence);
        return std::optional<AnchoredRecord>(std::move(out));
    }
    auto leaves = leaves_of(store_.vault(), chart, (*anchor)->manifest);
    if (!leaves) return fail(RecordsError::kDisk);
    const auto manifest = ledger::Manifest::build(std::move(*leaves));
    if (!manifest || (*anchor)->leaf >= manifest->leaf_count()) return fail(RecordsError::kDisk);
    const ledger::ManifestEntry& entry = manifest->entries()[(*anchor)->leaf];
    if (entry.record_id != record) return fail(RecordsError::kDisk);
    v1::ManifestLeaf& leaf = *out.ref.mutable_leaf();
    leaf.set_manifest_sequence((*anchor)->manifest);
    leaf.set_leaf_index((*anchor)->leaf);
    leaf.set_record_id(entry.record_id.bytes());
    leaf.set_commitment(entry.commitment.bytes());
    for (const Hash32& hash : manifest->path((*anchor)->leaf))
        leaf.add_path(hash.bytes());
    return std::optional<AnchoredRecord>(std::move(out));
}

Result<std::vector<ledger::LinkId>, RecordsError> StoreHeldRecords::links(
    const ledger::ChartId& chart) const {
    std::vector<ledger::LinkId> out;
    if (chart.is_zero()) return out;
    const auto patient = store_.vault().row(patient_key(chart));
    if (!patient || !*patient) return fail(RecordsError::kDisk);
    const auto row = store_.chart_of(**patient);
    if (!row || !*row) return fail(RecordsError::kDisk);
    for (const auto& slot : (*row)->slots)
        out.push_back(slot.link);
    return out;
}

Result<vault::Row, RecordsError> StoreHeldRecords::touched(const ledger::RecordId& record,
                                                           std::uint64_t sequence) const {
    const auto anchor = store_.anchor_of(record);
    if (!anchor || !*anchor) return fail(RecordsError::kDisk);
    AnchorRow row = **anchor;
    row.sequence = sequence;
    return vault::Row{anchor_key(record), encode(row)};
}

}  // namespace consilium::services::ehr::exchange
