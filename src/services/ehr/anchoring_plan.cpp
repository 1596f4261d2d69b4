// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "ledger/commitment.hpp"
#include "proto/canonical.hpp"
#include "services/ehr/anchoring.hpp"
#include "services/ehr/padding.hpp"

// What the ledger is told, and what is remembered of its answer.
namespace consilium::services::ehr {
namespace {

using vault::Row;

v1::Command command_of(ledger::ContractId contract, const google::protobuf::Message& payload) {
    v1::Command out;
    out.set_contract(static_cast<std::uint32_t>(contract));
    CONSILIUM_ASSERT(payload.SerializeToString(out.mutable_payload()));
    return out;
}

std::vector<Row> leaf_rows(const ledger::ChartId& chart, std::uint64_t sequence,
                           const std::vector<ledger::ManifestEntry>& entries) {
    std::vector<Row> rows;
    for (std::size_t first = 0; first < entries.size(); first += kLeavesPerRow) {
        const auto number = static_cast<std::uint32_t>(first / kLeavesPerRow);
        const std::size_t count = std::min(kLeavesPerRow, entries.size() - first);
        rows.push_back({leaves_key(chart, sequence, number), encode_leaves(entries, first, count)});
    }
    return rows;
}

}  // namespace

std::optional<Anchoring::Planned> Anchoring::plan(const ledger::ChartId& chart,
                                                  const std::vector<Pending>& pending) {
    std::vector<Pending> fresh;
    std::vector<Pending> later;
    for (const Pending& one : pending)
        (one.version == 1 ? fresh : later).push_back(one);
    return fresh.empty() ? plan_versions(chart, later) : plan_manifest(chart, fresh);
}

bool Anchoring::add_opening(const ledger::ChartId& chart, std::vector<v1::Command>& commands,
                            bool& opens) {
    opens = false;
    if (chart.is_zero()) return true;
    const auto patient = store_.vault().row(patient_key(chart));
    if (!patient || !*patient) return false;
    const auto row = store_.chart_of(**patient);
    if (!row || !*row) return false;
    if ((*row)->opened) return true;
    v1::ChartsCommand open;
    open.mutable_open_chart()->set_chart_id(chart.bytes());
    for (const SlotOpening& slot : (*row)->slots) {
        const BytesView salt(reinterpret_cast<const char*>(slot.salt.data()), slot.salt.size());
        open.mutable_open_chart()->add_slots(
            ledger::link_slot_commitment(salt, chart, slot.link).bytes());
    }
    commands.push_back(command_of(ledger::ContractId::kCharts, open));
    opens = true;
    return true;
}

std::optional<Bytes> Anchoring::compose(const std::vector<v1::Command>& commands) {
    auto bytes = ports_.author.compose(v1::ROLE_SERVICE, commands);
    if (bytes) return std::move(bytes).value();
    failures_.add();
    log_.error("fhir", "no transaction can be made for an anchor",
               {telemetry::Field::name("reason", to_string(bytes.error()))});
    return std::nullopt;
}

std::optional<Anchoring::Planned> Anchoring::plan_manifest(const ledger::ChartId& chart,
                                                           const std::vector<Pending>& fresh) {
    std::vector<ledger::ManifestEntry> entries;
    for (const Pending& one : fresh) {
        const auto info = store_.vault().info({one.record, one.version});
        if (!info) return std::nullopt;
        entries.push_back({one.record, info->commitment});
    }
    const auto key = padding_key(store_.vault());
    if (!key || key->empty()) return std::nullopt;
    for (std::size_t i = ledger::Manifest::padding(entries.size()); i > 0; --i)
        entries.push_back(new_padding(*key));
    const auto manifest = ledger::Manifest::build(std::move(entries));
    if (!manifest) return std::nullopt;
    std::vector<v1::Command> commands;
    Planned out;
    out.chart = chart;
    out.submission.kind = Submission::Kind::kManifest;
    if (!add_opening(chart, commands, out.submission.opens_chart)) return std::nullopt;
    v1::DocumentsCommand anchor;
    if (!chart.is_zero()) anchor.mutable_anchor_manifest()->set_chart_id(chart.bytes());
    anchor.mutable_anchor_manifest()->set_root(manifest->root().bytes());
    anchor.mutable_anchor_manifest()->set_leaf_count(manifest->leaf_count());
    commands.push_back(command_of(ledger::ContractId::kDocuments, anchor));
    auto transaction = compose(commands);
    if (!transaction) return std::nullopt;
    out.submission.transaction = *std::move(transaction);
    auto rows = leaf_rows(chart, 0, manifest->entries());
    rows.push_back({submission_key(chart), encode(out.submission)});
    if (!store_.vault().put({}, rows)) return std::nullopt;
    return out;
}

std::vector<ledger::ManifestEntry> Anchoring::leaves_of(const ledger::ChartId& chart,
                                                        std::uint64_t sequence) const {
    std::vector<ledger::ManifestEntry> out;
    Bytes after;
    while (true) {
        const auto rows = store_.vault().rows(leaves_prefix(chart, sequence), after, 64);
        if (!rows) return {};
        for (const Row& row : *rows) {
            if (!decode_leaves(*row.value, out)) return {};
        }
        if (rows->size() < 64) return out;
        after = rows->back().key;
    }
}

// Names a leaf that has no record of its own yet, with its audit path.
bool Anchoring::add_leaf(const Pending& pending, const AnchorRow& anchor, v1::RecordRef& ref) {
    const auto manifest = ledger::Manifest::build(leaves_of(pending.chart, anchor.manifest));
    if (!manifest || anchor.leaf >= manifest->leaf_count()) return false;
    const ledger::ManifestEntry& entry = manifest->entries()[anchor.leaf];
    if (entry.record_id != pending.record) return false;
    auto& leaf = *ref.mutable_leaf();
    leaf.set_manifest_sequence(anchor.manifest);
    leaf.set_leaf_index(anchor.leaf);
    leaf.set_record_id(entry.record_id.bytes());
    leaf.set_commitment(entry.commitment.bytes());
    for (const Hash32& hash : manifest->path(anchor.leaf))
        leaf.add_path(hash.bytes());
    return true;
}

bool Anchoring::add_version(const Pending& pending, std::vector<v1::Command>& commands) {
    const auto anchor = store_.anchor_of(pending.record);
    // The version before is not anchored yet: this one comes after it.
    if (!anchor || !*anchor || (*anchor)->version + 1 != pending.version) return false;
    const auto info = store_.vault().info({pending.record, pending.version});
    if (!info) return false;
    v1::DocumentsCommand command;
    auto& supersede = *command.mutable_supersede_record();
    auto& ref = *supersede.mutable_record();
    if (!pending.chart.is_zero()) ref.set_chart_id(pending.chart.bytes());
    if ((*anchor)->sequence != 0) {
        ref.set_sequence((*anchor)->sequence);
    } else if (!add_leaf(pending, **anchor, ref)) {
        return false;
    }
    supersede.set_version((*anchor)->version);
    supersede.set_commitment(info->commitment.bytes());
    commands.push_back(command_of(ledger::ContractId::kDocuments, command));
    return true;
}

std::optional<Anchoring::Planned> Anchoring::plan_versions(const ledger::ChartId& chart,
                                                           const std::vector<Pending>& later) {
    Planned out;
    out.chart = chart;
    out.submission.kind = Submission::Kind::kVersions;
    std::vector<v1::Command> commands;
    for (const Pending& one : later) {
        if (commands.size() == kVersionsPerTransactionMax) break;
        if (add_version(one, commands)) out.submission.versions.push_back(one);
    }
    if (commands.empty()) return std::nullopt;
    auto transaction = compose(commands);
    if (!transaction) return std::nullopt;
    out.submission.transaction = *std::move(transaction);
    const Row row{submission_key(chart), encode(out.submission)};
    if (!store_.vault().put({}, {&row, 1})) return std::nullopt;
    return out;
}

void Anchoring::add_manifest_rows(const Planned& planned, std::uint64_t sequence,
                                  std::vector<Row>& rows) {
    const auto entries = leaves_of(planned.chart, 0);
    for (std::uint32_t i = 0; i < entries.size(); ++i) {
        const Pending pending{planned.chart, entries[i].record_id, 1};
        const Bytes key = pending_key(pending);
        const auto waits = store_.vault().row(key);
        if (!waits || !*waits) continue;  // padding
        rows.push_back({key, std::nullopt});
        AnchorRow anchor;
        anchor.manifest = sequence;
        anchor.leaf = i;
        anchor.version = 1;
        rows.push_back({anchor_key(pending.record), encode(anchor)});
        anchored_.add();
    }
    for (Row& row : leaf_rows(planned.chart, sequence, entries))
        rows.push_back(std::move(row));
    for (Row& row : leaf_rows(planned.chart, 0, entries))
        rows.push_back({std::move(row.key), std::nullopt});
}

void Anchoring::add_version_rows(const Planned& planned, const std::vector<std::uint64_t>& assigned,
                                 std::vector<Row>& rows) {
    auto number = assigned.begin();
    for (const Pending& pending : planned.submission.versions) {
        const auto known = store_.anchor_of(pending.record);
        if (!known || !*known) continue;
        AnchorRow anchor = **known;
        // A leaf that was touched for the first time got a number of its own.
        if (anchor.sequence == 0 && number != assigned.end()) anchor.sequence = *number++;
        anchor.version = pending.version;
        rows.push_back({anchor_key(pending.record), encode(anchor)});
        rows.push_back({pending_key(pending), std::nullopt});
        anchored_.add();
    }
}

bool Anchoring::finish(const Planned& planned, const std::vector<std::uint64_t>& assigned) {
    std::vector<Row> rows;
    if (planned.submission.kind == Submission::Kind::kManifest) {
        if (assigned.empty()) return false;
        add_manifest_rows(planned, assigned.back(), rows);
    } else {
        add_version_rows(planned, assigned, rows);
    }
    if (planned.submission.opens_chart) {
        const auto patient = store_.vault().row(patient_key(planned.chart));
        if (!patient || !*patient) return false;
        const auto chart = store_.chart_of(**patient);
        if (!chart || !*chart) return false;
        ChartRow opened = **chart;
        opened.opened = true;
        rows.push_back({chart_key(**patient), encode(opened)});
    }
    rows.push_back({submission_key(planned.chart), std::nullopt});
    return store_.vault().put({}, rows).ok();
}

void Anchoring::drop(const Planned& planned) {
    std::vector<Row> rows;
    for (Row& row : leaf_rows(planned.chart, 0, leaves_of(planned.chart, 0)))
        rows.push_back({std::move(row.key), std::nullopt});
    rows.push_back({submission_key(planned.chart), std::nullopt});
    // If the disk fails, the rows stay and are taken up again: the ledger answers as before.
    (void)store_.vault().put({}, rows);
}

}  // namespace consilium::services::ehr
