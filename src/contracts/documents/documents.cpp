// SPDX-License-Identifier: Apache-2.0
#include "contracts/documents/documents.hpp"

#include <bit>

#include "base/limits.hpp"
#include "contracts/documents/records.hpp"
#include "contracts/documents/tables.hpp"

namespace consilium::contracts::documents {
namespace {

using Command = v1::DocumentsCommand;

bool is_id(BytesView id) {
    return id.size() == 16 && id.find_first_not_of('\0') != BytesView::npos;
}

bool is_commitment(BytesView bytes) {
    return bytes.size() == Hash32::kSize;
}

bool is_list(BytesView chart_id) {
    return chart_id.empty() || is_id(chart_id);
}

Rejection validate_anchor(const v1::AnchorRecord& command) {
    if (!is_list(command.chart_id()) || !is_id(command.record_id())) return Rejection::kId;
    return is_commitment(command.commitment()) ? Rejection::kNone : Rejection::kCommitment;
}

Rejection validate_manifest(const v1::AnchorManifest& command) {
    if (!is_list(command.chart_id())) return Rejection::kId;
    if (!is_commitment(command.root())) return Rejection::kCommitment;
    const std::uint32_t leaves = command.leaf_count();
    return std::has_single_bit(leaves) && leaves >= 2 && leaves <= limits::kManifestLeafCountMax
               ? Rejection::kNone
               : Rejection::kLeafCount;
}

Rejection validate_ref(const v1::RecordRef& ref) {
    if (!is_list(ref.chart_id())) return Rejection::kId;
    if (ref.target_case() == v1::RecordRef::TARGET_NOT_SET) return Rejection::kNoCommand;
    if (!ref.has_leaf()) return ref.sequence() == 0 ? Rejection::kRecordUnknown : Rejection::kNone;
    const v1::ManifestLeaf& leaf = ref.leaf();
    if (leaf.manifest_sequence() == 0) return Rejection::kRecordUnknown;
    if (!is_id(leaf.record_id())) return Rejection::kId;
    if (!is_commitment(leaf.commitment())) return Rejection::kCommitment;
    constexpr int kPathMax = std::countr_zero(limits::kManifestLeafCountMax);
    if (leaf.path().empty() || leaf.path_size() > kPathMax) return Rejection::kLeafPath;
    for (const std::string& hash : leaf.path()) {
        if (hash.size() != Hash32::kSize) return Rejection::kLeafPath;
    }
    return Rejection::kNone;
}

Rejection validate_supersede(const v1::SupersedeRecord& command) {
    if (const auto bad = validate_ref(command.record()); bad != Rejection::kNone) return bad;
    if (command.version() == 0) return Rejection::kVersion;
    return is_commitment(command.commitment()) ? Rejection::kNone : Rejection::kCommitment;
}

Rejection validate_share(BytesView link_id, std::uint32_t number) {
    if (!is_id(link_id)) return Rejection::kId;
    return number == 0 ? Rejection::kShareUnknown : Rejection::kNone;
}

Rejection with_reason(Rejection rejection, bool has_reason) {
    if (rejection != Rejection::kNone) return rejection;
    return has_reason ? Rejection::kNone : Rejection::kReason;
}

// The member's own list is its own; a chart's list is its custodian's.
Rejection authorize_list(BytesView chart_id, sdk::Context& context) {
    if (chart_id.empty()) return Rejection::kNone;
    ledger::ChartId id;
    if (!assign(id, chart_id)) return Rejection::kId;
    const auto chart = context.lookups().charts->chart(context.state(), id);
    if (!chart) return Rejection::kChartUnknown;
    return chart->custodian() == context.member_id() ? Rejection::kNone : Rejection::kNotCustodian;
}

// Erasing and keeping are the privacy officer's, or done by the member's systems on their behalf.
bool may_erase(const sdk::Context& context) {
    return context.has_role({v1::ROLE_SERVICE, v1::ROLE_PRIVACY_OFFICER});
}

bool may_write(const sdk::Context& context) {
    return context.has_role({v1::ROLE_SERVICE, v1::ROLE_CLINICIAN, v1::ROLE_CLERK});
}

}  // namespace

Documents::Documents()
    : TypedContract(ledger::ContractId::kDocuments, "documents", documents::tables()) {}

Rejection Documents::validate(const Command& command) const {
    switch (command.kind_case()) {
        case Command::kAnchorRecord:
            return validate_anchor(command.anchor_record());
        case Command::kAnchorManifest:
            return validate_manifest(command.anchor_manifest());
        case Command::kSupersedeRecord:
            return validate_supersede(command.supersede_record());
        case Command::kShareRecord:
            if (!is_id(command.share_record().link_id())) return Rejection::kId;
            return is_commitment(command.share_record().record_commitment())
                       ? Rejection::kNone
                       : Rejection::kCommitment;
        case Command::kAcknowledgeShare:
            return validate_share(command.acknowledge_share().link_id(),
                                  command.acknowledge_share().sequence());
        case Command::kShredRecord:
            return with_reason(validate_ref(command.shred_record().record()),
                               command.shred_record().basis() != v1::SHRED_BASIS_UNSPECIFIED);
        case Command::kRetainRecord:
            return with_reason(
                validate_ref(command.retain_record().record()),
                command.retain_record().reason() != v1::RETENTION_REASON_UNSPECIFIED);
        case Command::kShredShare:
            return with_reason(
                validate_share(command.shred_share().link_id(), command.shred_share().sequence()),
                command.shred_share().basis() != v1::SHRED_BASIS_UNSPECIFIED);
        case Command::kRetainShare:
            return with_reason(
                validate_share(command.retain_share().link_id(), command.retain_share().sequence()),
                command.retain_share().reason() != v1::RETENTION_REASON_UNSPECIFIED);
        case Command::KIND_NOT_SET:
            break;
    }
    return Rejection::kNoCommand;
}

Rejection Documents::authorize_command(const Command& command, sdk::Context& context) const {
    const auto write = [&](BytesView chart_id) {
        return may_write(context) ? authorize_list(chart_id, context) : Rejection::kRole;
    };
    const auto erase = [&](BytesView chart_id) {
        return may_erase(context) ? authorize_list(chart_id, context) : Rejection::kRole;
    };
    switch (command.kind_case()) {
        case Command::kAnchorRecord:
            return write(command.anchor_record().chart_id());
        case Command::kAnchorManifest:
            return write(command.anchor_manifest().chart_id());
        case Command::kSupersedeRecord:
            return write(command.supersede_record().record().chart_id());
        case Command::kShredRecord:
            return erase(command.shred_record().record().chart_id());
        case Command::kRetainRecord:
            return erase(command.retain_record().record().chart_id());
        case Command::kShareRecord:
        case Command::kAcknowledgeShare:
            return may_write(context) ? Rejection::kNone : Rejection::kRole;
        case Command::kShredShare:
        case Command::kRetainShare:
            return may_erase(context) ? Rejection::kNone : Rejection::kRole;
        case Command::KIND_NOT_SET:
            break;
    }
    return Rejection::kNoCommand;
}

Rejection Documents::apply_command(const Command& command, sdk::Context& context) const {
    switch (command.kind_case()) {
        case Command::kAnchorRecord:
            return apply_anchor(command.anchor_record(), context);
        case Command::kAnchorManifest:
            return apply_manifest(command.anchor_manifest(), context);
        case Command::kSupersedeRecord:
            return apply_supersede(command.supersede_record(), context);
        case Command::kShareRecord:
            return apply_share(command.share_record(), context);
        case Command::kAcknowledgeShare:
            return apply_acknowledge(command.acknowledge_share(), context);
        case Command::kShredRecord:
            return apply_shred(command.shred_record(), context);
        case Command::kRetainRecord:
            return apply_retain(command.retain_record(), context);
        case Command::kShredShare:
            return apply_shred_share(command.shred_share(), context);
        case Command::kRetainShare:
            return apply_retain_share(command.retain_share(), context);
        case Command::KIND_NOT_SET:
            break;
    }
    return Rejection::kNoCommand;
}

}  // namespace consilium::contracts::documents
