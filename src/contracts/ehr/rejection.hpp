// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace consilium::contracts::ehr {

// Why ehr rejects a command: it leaves no row. (A request that is denied is no such case: it is
// applied, and its row names the DecisionRule.) Each names its rule and whether a retry can help.
// The values stand in outcomes for ever.
enum class Rejection : std::uint32_t {
    kNone = 0,
    // Not the canonical encoding of EhrCommand, or no kind chosen: docs/formats/wire.md. No retry.
    kMalformed = 1,
    // 45 CFR 164.308(a)(4)(ii)(B): the user's role does not do this. By another user.
    kRole = 2,
    // An id is 16 random bytes, not all zero (45 CFR 164.514(c)). With a right one.
    kId = 3,
    // A commitment is 32 bytes of SHA-256 (docs/formats/hashes.md). With a right one.
    kCommitment = 4,
    // 45 CFR 164.514(d)(4): a request states its purpose of use; a contribution does not break the
    // glass. With a right one.
    kPurpose = 5,
    // FHIR R4 Consent.provision.action: documents are asked for with read, and offered by
    // OfferContribution. With read.
    kAction = 6,
    // 45 CFR 164.312(a)(2)(ii): emergency access says why, and nothing else does. With a reason, or
    // without.
    kEmergency = 7,
    // docs/formats/contracts.md, "Policy": entries ascending by parameter, none twice, each with a
    // rule. With such.
    kPolicy = 8,
    // limits::kGrantLifeMsMin to kGrantLifeMsMax, or absent. With such.
    kGrantLife = 9,
    // The policy's version is another by now (compare and set). With the current version.
    kVersion = 10,
    // No active member of that id. When there is.
    kCustodian = 11,
    // A custodian needs no grant for its own charts (45 CFR 164.506(c)(1)). No retry.
    kOwnChart = 12,
    // No such link. When it has been opened.
    kLinkUnknown = 13,
    // 45 CFR 164.508(b)(5): over a closed link nothing goes any more. Over another link.
    kLinkClosed = 14,
    // A fresh id is neither a link's nor of another request. With another one.
    kIdTaken = 15,
    // No number is left in this list. No retry.
    kNumbersUsedUp = 16,
    // 45 CFR 164.502(a): only the custodian serves, refuses and takes contributions. By it.
    kNotCustodian = 17,
    // Only the link's counterparty receives and contributes over it. By it.
    kNotCounterparty = 18,
    // No request of that name. When there is.
    kRequestUnknown = 19,
    // The request filed under this fresh id goes on under its link. With the link and its number.
    kBound = 20,
    // 45 CFR 171.103(a): a refusal says why, and without a link only that the patient is unknown.
    // With a right reason.
    kRefusal = 21,
    // The request is not granted (any more). No retry.
    kNotGranted = 22,
    // Exactly one disclosure per grant. With a new request.
    kDisclosed = 23,
    // The grant's life is over. With a new request.
    kGrantExpired = 24,
    // 45 CFR 164.508(b)(5): what the grant rested on does not hold any more: a consent was revoked
    // or has ended, the patient objected, or the policy changed. With a new request.
    kGrantEnded = 25,
    // 45 CFR 164.530(f): a review found the emergency unjustified, so nothing more is disclosed
    // under it. No retry.
    kUnjustified = 26,
    // 45 CFR 164.512: a disclosure without consent names the paragraph it rests on. With one.
    kBasis = 27,
    // No disclosure of that number. When there is.
    kDisclosureUnknown = 28,
    // Acknowledged already. No retry.
    kAcknowledged = 29,
    // No contribution of that number. When there is.
    kContributionUnknown = 30,
    // Decided already. No retry.
    kDecided = 31,
    // FHIR R4 Task.statusReason: a rejected contribution is told why. With a reason.
    kReason = 32,
    // 1 to limits::kUsersPerCommandMax distinct ids of 16 bytes. With such.
    kUserBatch = 33,
    // 45 CFR 164.308(a)(3)(ii)(B): a user id of this member, not revoked, of a clinician. When it
    // is registered.
    kUser = 34,
    // A member that owes an overdue review clears nobody. After the review.
    kReviewsOverdue = 35,
    // A review ends with a verdict. With one.
    kVerdict = 36,
    // Only emergency access that the ledger let through is reviewed. No retry.
    kNotBreakGlass = 37,
    // 45 CFR 164.530(a)(1)(i): reviewed by the privacy officers of requester and custodian. By one
    // of them.
    kNotReviewer = 38,
    // This side has made its review. No retry.
    kReviewed = 39,
};

}  // namespace consilium::contracts::ehr
