// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/contribution_checks.hpp"

#include <algorithm>

#include "crypto/merkle.hpp"
#include "formats/fhir/primitive.hpp"
#include "ledger/commitment.hpp"
#include "services/ehr/exchange/checks.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/rows.hpp"
#include "services/ehr/names.hpp"

namespace consilium::services::ehr::exchange {
namespace {

// The gate's question is the same as for a request.
bool still_offered(const v1::Contribution& row, const std::optional<v1::ConsentGate>& gate,
                   UnixMs now) {
    v1::AccessRequest asked;
    asked.set_purpose(row.purpose());
    asked.set_action(v1::ACCESS_ACTION_CONTRIBUTE);
    *asked.mutable_gate() = row.gate();
    return still_permitted(asked, gate, now);
}

bool is_well_formed(const v1::ContributionOpening& opening) {
    const bool corrects = !opening.corrects_id().empty();
    return opening.link_id().size() == ledger::LinkId::kSize &&
           opening.slot_salt().size() == kSaltBytes &&
           formats::fhir::is_logical_id(opening.patient()) &&
           corrects == (opening.corrects_version() != 0) &&
           (!corrects || formats::fhir::is_logical_id(opening.corrects_id()));
}

bool leads_to(const v1::ManifestLeaf& leaf, const v1::Record& manifest) {
    ledger::RecordId record;
    Hash32 commitment;
    if (!assign(record, leaf.record_id()) || !assign(commitment, leaf.commitment()) ||
        leaf.leaf_index() >= manifest.leaf_count())
        return false;
    std::vector<Hash32> path(static_cast<std::size_t>(leaf.path_size()));
    for (std::size_t i = 0; i < path.size(); ++i)
        if (!assign(path[i], leaf.path(static_cast<int>(i)))) return false;
    const Hash32 hash = ledger::manifest_leaf(record, commitment);
    const auto root = crypto::merkle_root_from_path(crypto::merkle_leaf_hash(hash.view()),
                                                    leaf.leaf_index(), manifest.leaf_count(), path);
    return root && root->view() == manifest.commitment();
}

// A leaf is always a version 1: later ones have a record of their own.
bool is_anchored(const v1::AcceptedRecord& record, const v1::Record& entry) {
    if (entry.leaf_count() == 0) return !record.has_leaf() && entry.version() >= record.version();
    return record.has_leaf() && record.version() == 1 &&
           record.leaf().manifest_sequence() == record.sequence() && leads_to(record.leaf(), entry);
}

}  // namespace

const char* to_string(OfferCheck check) {
    switch (check) {
        case OfferCheck::kGood:
            return "good";
        case OfferCheck::kNotYet:
            return "not_yet";
        case OfferCheck::kSender:
            return "sender";
        case OfferCheck::kCustodian:
            return "custodian";
        case OfferCheck::kCommitment:
            return "commitment";
        case OfferCheck::kClaims:
            return "claims";
        case OfferCheck::kDenied:
            return "denied";
        case OfferCheck::kDecided:
            return "decided";
        case OfferCheck::kLink:
            return "link";
        case OfferCheck::kWithdrawn:
            return "withdrawn";
    }
    return "unknown";
}

std::optional<OpenedOffer> open_offer(std::uint32_t number, BytesView salt, BytesView opening) {
    if (number == 0 || salt.size() != kSaltBytes) return std::nullopt;
    auto decoded = decode_row<v1::ContributionOpening>(opening);
    if (!decoded || !is_well_formed(*decoded)) return std::nullopt;
    auto document = decode_row<v1::DisclosedDocument>(decoded->document());
    if (!document || document->record_id().size() != ledger::RecordId::kSize ||
        document->version() == 0 || !is_resource_type(document->resource_type()))
        return std::nullopt;
    return OpenedOffer{number, contribution_commitment(salt, opening), std::move(*decoded),
                       std::move(*document)};
}

OfferCheck check_offer(const OfferFacts& facts) {
    const v1::ContributionOpening& opening = facts.offer.opening;
    if (opening.custodian() != facts.self) return OfferCheck::kCustodian;
    if (opening.contributor() != facts.sender) return OfferCheck::kSender;
    if (!facts.row || !facts.link) return OfferCheck::kNotYet;
    if (facts.link->custodian() != facts.self) return OfferCheck::kCustodian;
    if (facts.link->counterparty() != facts.sender) return OfferCheck::kSender;
    if (facts.row->commitment() != facts.offer.commitment.view()) return OfferCheck::kCommitment;
    switch (facts.row->status()) {
        case v1::CONTRIBUTION_STATUS_OFFERED:
            break;
        case v1::CONTRIBUTION_STATUS_ACCEPTED:
        case v1::CONTRIBUTION_STATUS_REJECTED:
            return OfferCheck::kDecided;
        default:
            return OfferCheck::kDenied;
    }
    if (facts.row->purpose() != opening.purpose()) return OfferCheck::kClaims;
    if (facts.link->closed()) return OfferCheck::kLink;
    return still_offered(*facts.row, facts.gate, facts.now) ? OfferCheck::kGood
                                                            : OfferCheck::kWithdrawn;
}

bool check_slot(const v1::ContributionOpening& opening, const ChartOpening& chart,
                std::span<const v1::LinkSlot> slots) {
    v1::RequestOpening card;
    card.set_id(opening.link_id());
    card.set_slot_salt(opening.slot_salt());
    return check_card(card, chart, slots);
}

std::optional<ledger::ChartId> chart_of(const v1::AcceptedRecord& record) {
    ledger::ChartId chart;
    const BytesView list = record.list();
    if (list.empty() || list.front() != 'c' || !assign(chart, list.substr(1))) return std::nullopt;
    return chart;
}

bool check_accepted(const v1::AcceptedRecord& record, const v1::Contribution& row,
                    const v1::Offering& offering, std::span<const v1::LinkSlot> slots,
                    const std::optional<v1::Record>& entry) {
    const auto chart = chart_of(record);
    ledger::LinkId link;
    if (!chart || record.salt().size() != kSaltBytes || record.version() == 0 ||
        !formats::fhir::is_logical_id(record.resource_id()) || !assign(link, offering.link_id()))
        return false;
    if (row.record_commitment() != ledger::shared_record_commitment(record.salt(), record.list(),
                                                                    record.sequence(),
                                                                    record.version())
                                       .view())
        return false;
    // A correction becomes the next version of what it corrects.
    if (!offering.corrects_id().empty() && (record.resource_id() != offering.corrects_id() ||
                                            record.version() != offering.corrects_version() + 1))
        return false;
    if (!entry || !is_anchored(record, *entry)) return false;
    const Hash32 slot = ledger::link_slot_commitment(offering.slot_salt(), *chart, link);
    return std::any_of(slots.begin(), slots.end(),
                       [&](const v1::LinkSlot& one) { return one.commitment() == slot.view(); });
}

}  // namespace consilium::services::ehr::exchange
