// SPDX-License-Identifier: Apache-2.0
// The model of documents: records in lists, manifests and their leaves, version chains, shares over
// links, erasure and what is kept.
#include "base/limits.hpp"
#include "contracts/documents/rejection.hpp"
#include "crypto/hash.hpp"
#include "tests/sim/model.hpp"

namespace consilium::sim {
namespace {

using contracts::documents::Rejection;

std::uint32_t code(Rejection rejection) {
    return static_cast<std::uint32_t>(rejection);
}

bool is_id(BytesView id) {
    return id.size() == 16 && id != Bytes(16, '\0');
}

bool is_list(BytesView chart) {
    return chart.empty() || is_id(chart);
}

Rejection check_ref(const v1::RecordRef& ref) {
    if (!is_list(ref.chart_id())) return Rejection::kId;
    if (ref.target_case() == v1::RecordRef::TARGET_NOT_SET) return Rejection::kNoCommand;
    if (!ref.has_leaf()) return ref.sequence() == 0 ? Rejection::kRecordUnknown : Rejection::kNone;
    const v1::ManifestLeaf& leaf = ref.leaf();
    if (leaf.manifest_sequence() == 0) return Rejection::kRecordUnknown;
    if (!is_id(leaf.record_id())) return Rejection::kId;
    if (leaf.commitment().size() != 32) return Rejection::kCommitment;
    if (leaf.path_size() < 1 || leaf.path_size() > 20) return Rejection::kLeafPath;
    for (const Bytes& hash : leaf.path()) {
        if (hash.size() != 32) return Rejection::kLeafPath;
    }
    return Rejection::kNone;
}

Rejection check_share(BytesView link, std::uint32_t number, bool reason) {
    if (!is_id(link)) return Rejection::kId;
    if (number == 0) return Rejection::kShareUnknown;
    return reason ? Rejection::kNone : Rejection::kReason;
}

// RFC 6962 in the case that manifests have: a power of two of leaves, so the path has one hash per
// level and bit k of the index says on which side the k-th sibling stands.
bool leads_to(const v1::ManifestLeaf& leaf, const v1::Record& manifest) {
    if (leaf.leaf_index() >= manifest.leaf_count()) return false;
    if ((1ULL << static_cast<unsigned>(leaf.path_size())) != manifest.leaf_count()) return false;
    const Bytes inner =
        crypto::tagged_hash("consilium/manifest-leaf/1", {leaf.record_id(), leaf.commitment()})
            .bytes();
    Bytes hash = crypto::sha256({BytesView("\0", 1), inner}).bytes();
    for (int level = 0; level < leaf.path_size(); ++level) {
        const bool right = ((leaf.leaf_index() >> static_cast<unsigned>(level)) & 1U) != 0;
        const Bytes& sibling = leaf.path(level);
        hash = crypto::sha256({"\1", right ? sibling : hash, right ? hash : sibling}).bytes();
    }
    return hash == manifest.commitment();
}

Bytes list_name(BytesView chart, const Bytes& member) {
    Bytes out(chart.empty() ? "m" : "c");
    out += chart.empty() ? BytesView(member) : chart;
    if (chart.empty()) out += '\0';
    return out;
}

const v1::RecordRef* ref_of(const v1::DocumentsCommand& command) {
    if (command.has_supersede_record()) return &command.supersede_record().record();
    if (command.has_shred_record()) return &command.shred_record().record();
    if (command.has_retain_record()) return &command.retain_record().record();
    return nullptr;
}

}  // namespace

Model::Code Model::check(const v1::DocumentsCommand& command) const {
    if (command.has_anchor_record()) {
        const auto& anchor = command.anchor_record();
        if (!is_list(anchor.chart_id()) || !is_id(anchor.record_id())) return code(Rejection::kId);
        return anchor.commitment().size() == 32 ? 0 : code(Rejection::kCommitment);
    }
    if (command.has_anchor_manifest()) {
        const auto& manifest = command.anchor_manifest();
        if (!is_list(manifest.chart_id())) return code(Rejection::kId);
        if (manifest.root().size() != 32) return code(Rejection::kCommitment);
        for (std::uint32_t leaves = 2; leaves <= limits::kManifestLeafCountMax; leaves *= 2) {
            if (manifest.leaf_count() == leaves) return 0;
        }
        return code(Rejection::kLeafCount);
    }
    if (const v1::RecordRef* ref = ref_of(command)) {
        if (const Rejection bad = check_ref(*ref); bad != Rejection::kNone) return code(bad);
        if (command.has_supersede_record()) {
            if (command.supersede_record().version() == 0) return code(Rejection::kVersion);
            return command.supersede_record().commitment().size() == 32
                       ? 0
                       : code(Rejection::kCommitment);
        }
        const bool reason = command.has_shred_record() ? command.shred_record().basis() != 0
                                                       : command.retain_record().reason() != 0;
        return reason ? 0 : code(Rejection::kReason);
    }
    if (command.has_share_record()) {
        if (!is_id(command.share_record().link_id())) return code(Rejection::kId);
        return command.share_record().record_commitment().size() == 32
                   ? 0
                   : code(Rejection::kCommitment);
    }
    if (command.has_acknowledge_share()) {
        const auto& share = command.acknowledge_share();
        return code(check_share(share.link_id(), share.sequence(), true));
    }
    if (command.has_shred_share()) {
        const auto& share = command.shred_share();
        return code(check_share(share.link_id(), share.sequence(), share.basis() != 0));
    }
    if (command.has_retain_share()) {
        const auto& share = command.retain_share();
        return code(check_share(share.link_id(), share.sequence(), share.reason() != 0));
    }
    return code(Rejection::kNoCommand);
}

void Model::append(const Bytes& list, v1::Record row) {
    auto& records = state_.lists[list];
    records.push_back({std::move(row), {}});
    assigned_.push_back(records.size());
}

Model::Code Model::touch(const Bytes& list, const v1::ManifestLeaf& leaf, RecordState** found) {
    auto& records = state_.lists[list];
    if (leaf.manifest_sequence() > records.size()) return code(Rejection::kRecordUnknown);
    const v1::Record& manifest = records[leaf.manifest_sequence() - 1].row;
    if (manifest.leaf_count() == 0) return code(Rejection::kNotManifest);
    if (!leads_to(leaf, manifest)) return code(Rejection::kLeafPath);
    const auto [place, fresh] = state_.touched.emplace(
        std::pair{list, std::pair{leaf.manifest_sequence(), leaf.leaf_index()}},
        records.size() + 1);
    if (!fresh) return code(Rejection::kLeafTouched);
    v1::Record row;
    row.set_record_id(leaf.record_id());
    row.set_version(1);
    row.set_commitment(leaf.commitment());
    row.set_status(v1::RECORD_STATUS_CURRENT);
    row.set_manifest_sequence(leaf.manifest_sequence());
    row.set_leaf_index(leaf.leaf_index());
    append(list, row);
    *found = &records.back();
    return 0;
}

Model::Code Model::find_record(const v1::RecordRef& ref, const Actor& actor, RecordState** found) {
    const Bytes list = list_name(ref.chart_id(), actor.member);
    if (ref.has_leaf()) return touch(list, ref.leaf(), found);
    auto& records = state_.lists[list];
    if (ref.sequence() > records.size()) return code(Rejection::kRecordUnknown);
    *found = &records[ref.sequence() - 1];
    if ((*found)->row.leaf_count() != 0) return code(Rejection::kIsManifest);
    if ((*found)->row.status() == v1::RECORD_STATUS_SHREDDED) return code(Rejection::kShredded);
    return 0;
}

Model::Code Model::write_record(const v1::DocumentsCommand& command, const Actor& actor) {
    v1::Record row;
    row.set_status(v1::RECORD_STATUS_CURRENT);
    if (command.has_anchor_record()) {
        const auto& anchor = command.anchor_record();
        row.set_record_id(anchor.record_id());
        row.set_version(1);
        row.set_commitment(anchor.commitment());
        append(list_name(anchor.chart_id(), actor.member), row);
        return 0;
    }
    if (command.has_anchor_manifest()) {
        row.set_commitment(command.anchor_manifest().root());
        row.set_leaf_count(command.anchor_manifest().leaf_count());
        append(list_name(command.anchor_manifest().chart_id(), actor.member), row);
        return 0;
    }
    RecordState* record = nullptr;
    if (const Code bad = find_record(*ref_of(command), actor, &record); bad != 0) return bad;
    if (command.has_supersede_record()) {
        const auto& next = command.supersede_record();
        if (record->row.version() != next.version()) return code(Rejection::kVersion);
        record->former.push_back(record->row.commitment());
        record->row.set_version(next.version() + 1);
        record->row.set_commitment(next.commitment());
        return 0;
    }
    if (command.has_shred_record()) {
        record->row.set_status(v1::RECORD_STATUS_SHREDDED);
        record->row.set_shred_basis(command.shred_record().basis());
        record->row.clear_retention_reason();
        record->row.set_last_backup_expires_unix_ms(
            command.shred_record().last_backup_expires_unix_ms());
        return 0;
    }
    if (record->row.retention_reason() == command.retain_record().reason())
        return code(Rejection::kRetained);
    record->row.set_status(v1::RECORD_STATUS_RETAINED);
    record->row.set_retention_reason(command.retain_record().reason());
    return 0;
}

Model::Code Model::write_share(const v1::DocumentsCommand& command, const Actor& actor) {
    const Bytes& id = command.has_share_record()        ? command.share_record().link_id()
                      : command.has_acknowledge_share() ? command.acknowledge_share().link_id()
                      : command.has_shred_share()       ? command.shred_share().link_id()
                                                        : command.retain_share().link_id();
    const auto found = state_.links.find(id);
    if (found == state_.links.end()) return code(Rejection::kLinkUnknown);
    const v1::Link& link = found->second;
    auto& shares = state_.shares[id];
    if (command.has_share_record()) {
        if (link.custodian() != actor.member) return code(Rejection::kNotLinkCustodian);
        if (link.closed()) return code(Rejection::kLinkClosed);
        v1::Share share;
        share.set_record_commitment(command.share_record().record_commitment());
        share.set_status(v1::SHARE_STATUS_OFFERED);
        shares.push_back(share);
        assigned_.push_back(shares.size());
        return 0;
    }
    if (link.counterparty() != actor.member) return code(Rejection::kNotCounterparty);
    const std::uint32_t number = command.has_acknowledge_share()
                                     ? command.acknowledge_share().sequence()
                                 : command.has_shred_share() ? command.shred_share().sequence()
                                                             : command.retain_share().sequence();
    if (number > shares.size()) return code(Rejection::kShareUnknown);
    v1::Share& share = shares[number - 1];
    if (command.has_acknowledge_share()) {
        if (share.status() != v1::SHARE_STATUS_OFFERED) return code(Rejection::kAcknowledged);
        if (link.closed()) return code(Rejection::kLinkClosed);
        share.set_status(v1::SHARE_STATUS_ACKNOWLEDGED);
        return 0;
    }
    if (share.status() == v1::SHARE_STATUS_OFFERED) return code(Rejection::kNotAcknowledged);
    if (share.status() == v1::SHARE_STATUS_SHREDDED) return code(Rejection::kShredded);
    if (command.has_shred_share()) {
        share.set_status(v1::SHARE_STATUS_SHREDDED);
        share.set_shred_basis(command.shred_share().basis());
        share.clear_retention_reason();
        share.set_last_backup_expires_unix_ms(command.shred_share().last_backup_expires_unix_ms());
        return 0;
    }
    if (share.retention_reason() == command.retain_share().reason())
        return code(Rejection::kRetained);
    share.set_status(v1::SHARE_STATUS_RETAINED);
    share.set_retention_reason(command.retain_share().reason());
    return 0;
}

Model::Code Model::apply(const v1::DocumentsCommand& command, const Actor& actor) {
    const bool erasing = command.has_shred_record() || command.has_retain_record() ||
                         command.has_shred_share() || command.has_retain_share();
    const bool writer = actor.role == v1::ROLE_SERVICE || actor.role == v1::ROLE_CLINICIAN ||
                        actor.role == v1::ROLE_CLERK;
    const bool eraser = actor.role == v1::ROLE_SERVICE || actor.role == v1::ROLE_PRIVACY_OFFICER;
    if (erasing ? !eraser : !writer) return code(Rejection::kRole);
    if (command.has_share_record() || command.has_acknowledge_share() ||
        command.has_shred_share() || command.has_retain_share())
        return write_share(command, actor);
    const v1::RecordRef* ref = ref_of(command);
    const Bytes& chart = ref != nullptr                ? ref->chart_id()
                         : command.has_anchor_record() ? command.anchor_record().chart_id()
                                                       : command.anchor_manifest().chart_id();
    if (!chart.empty()) {
        const auto found = state_.charts.find(chart);
        if (found == state_.charts.end()) return code(Rejection::kChartUnknown);
        if (found->second.custodian != actor.member) return code(Rejection::kNotCustodian);
    }
    return write_record(command, actor);
}

}  // namespace consilium::sim
