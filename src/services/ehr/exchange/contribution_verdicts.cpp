// SPDX-License-Identifier: Apache-2.0
#include "formats/json/parse.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/contribution_desk.hpp"
#include "services/ehr/exchange/contribution_resources.hpp"
#include "services/ehr/exchange/vault_rows.hpp"
#include "services/ehr/names.hpp"

// What staff decide about contributions.
namespace consilium::services::ehr::exchange {
namespace {

VerdictError verdict_error(const Problem& problem) {
    switch (problem.status) {
        case 409:
            return VerdictError::kNotNow;
        case 412:
            return VerdictError::kOutdated;
        default:
            return problem.status >= 500 ? VerdictError::kDisk : VerdictError::kInvalid;
    }
}

bool was_accepted(const v1::Offered& offered) {
    switch (offered.state()) {
        case v1::OFFERED_STATE_STORED:
        case v1::OFFERED_STATE_ACCEPTING:
        case v1::OFFERED_STATE_ACCEPTED:
            return true;
        default:
            return false;
    }
}

bool was_rejected(const v1::Offered& offered) {
    return offered.state() == v1::OFFERED_STATE_REJECTING ||
           offered.state() == v1::OFFERED_STATE_REJECTED;
}

}  // namespace

const char* to_string(VerdictError error) {
    switch (error) {
        case VerdictError::kNone:
            return "none";
        case VerdictError::kNotHere:
            return "not_here";
        case VerdictError::kDecided:
            return "decided";
        case VerdictError::kOutdated:
            return "outdated";
        case VerdictError::kWithdrawn:
            return "withdrawn";
        case VerdictError::kInvalid:
            return "invalid";
        case VerdictError::kNotNow:
            return "not_now";
        case VerdictError::kDisk:
            return "disk";
    }
    return "disk";
}

Result<ContributionDesk::Item, VerdictError> ContributionDesk::find_named(
    const ledger::LinkId& link, std::uint32_t number) const {
    auto item = find(offered_key(link.view(), number));
    if (!item) return fail(VerdictError::kDisk);
    if (!*item) return fail(VerdictError::kNone);
    return std::move(**item);
}

Result<Bytes, VerdictError> ContributionDesk::document(const v1::Offered& offered) const {
    vault::DocumentName copy{{}, 1};
    if (!assign(copy.record, offered.copy())) return fail(VerdictError::kNotHere);
    auto payload = ports_.vault.read(copy, kContributionBytesMax + kSaltBytes);
    if (!payload && payload.error() == vault::VaultError::kErased)
        return fail(VerdictError::kNotHere);
    if (!payload || payload->size() < kSaltBytes) return fail(VerdictError::kDisk);
    return payload->substr(kSaltBytes);
}

Result<v1::Offered, VerdictError> ContributionDesk::accept(const ledger::LinkId& link,
                                                           std::uint32_t number,
                                                           const std::string& subject) {
    auto found = find_named(link, number);
    if (!found) return fail(found.error());
    Item& item = *found;
    if (was_accepted(item.offered)) return item.offered;
    if (item.offered.state() == v1::OFFERED_STATE_ANNOUNCED) return fail(VerdictError::kNotHere);
    if (item.offered.state() != v1::OFFERED_STATE_WAITING) return fail(VerdictError::kDecided);
    switch (check(item.offered.contributor(), item.offer)) {
        case OfferCheck::kGood:
            break;
        case OfferCheck::kNotYet:
            return fail(VerdictError::kNotNow);
        case OfferCheck::kDecided:
            return fail(VerdictError::kDecided);
        default:
            return fail(VerdictError::kWithdrawn);
    }
    const auto text = document(item.offered);
    if (!text) return fail(text.error());
    const v1::ContributionOpening& opening = item.offer.opening;
    const std::string& type = item.offer.document.resource_type();
    // Once more: what it refers to may have gone since it came.
    const auto judged = judge_document(opening, type, *text);
    if (!judged) return fail(VerdictError::kDisk);
    if (*judged != v1::CONTRIBUTION_REJECTION_UNSPECIFIED) return fail(VerdictError::kInvalid);
    const auto resource = formats::json::parse(*text, text->size());
    if (!resource) return fail(VerdictError::kInvalid);

    const bool corrects = !opening.corrects_id().empty();
    item.offered.set_state(v1::OFFERED_STATE_STORED);
    item.offered.set_decided_by(subject);
    item.offered.set_resource_id(corrects ? opening.corrects_id() : new_fhir_id());
    item.offered.set_version(opening.corrects_version() + 1);
    item.offered.set_provenance(new_fhir_id());
    Bytes provenance = provenance_of(item.offered, ports_.member, ports_.now());
    const std::size_t size = provenance.size();
    const auto told = formats::json::parse(std::move(provenance), size);
    CONSILIUM_ASSERT(told.ok());
    AgentEntry entry{type, item.offered.resource_id(), &resource->root(), {}, false};
    if (corrects) entry.replaces = opening.corrects_version();
    Extra extra;
    extra.rows = {todo(item.key), no_row(waiting_key(link.view(), number))};
    const auto stored =
        put_told(item, {entry, {"Provenance", item.offered.provenance(), &told->root(), {}, false}},
                 std::move(extra));
    if (!stored) return fail(verdict_error(stored.error()));
    poke_(item.key);
    return item.offered;
}

Result<v1::Offered, VerdictError> ContributionDesk::reject(const ledger::LinkId& link,
                                                           std::uint32_t number,
                                                           v1::ContributionRejection reason,
                                                           const std::string& subject) {
    auto found = find_named(link, number);
    if (!found) return fail(found.error());
    Item& item = *found;
    if (was_rejected(item.offered) && item.offered.rejection() == reason) return item.offered;
    if (item.offered.state() != v1::OFFERED_STATE_WAITING &&
        item.offered.state() != v1::OFFERED_STATE_ANNOUNCED)
        return fail(VerdictError::kDecided);
    item.offered.set_decided_by(subject);
    if (!file_rejection(item, reason)) return fail(VerdictError::kNotNow);
    poke_(item.key);
    return item.offered;
}

}  // namespace consilium::services::ehr::exchange
