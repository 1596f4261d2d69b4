// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/ehr.hpp"

namespace consilium::contracts::ehr {
namespace {

using ledger::RejectionText;
using ledger::Retry;

// What can be wrong with a command, with who gives it or with the link.
RejectionText describe_command(Rejection rejection) {
    switch (rejection) {
        case Rejection::kMalformed:
            return {"malformed", "The request is not an ehr command.", Retry::kNever};
        case Rejection::kRole:
            return {"role", "The user's role may not do this.", Retry::kOtherActor};
        case Rejection::kId:
            return {"id", "An id is 16 random bytes.", Retry::kNever};
        case Rejection::kCommitment:
            return {"commitment", "A commitment is 32 bytes.", Retry::kNever};
        case Rejection::kPurpose:
            return {"purpose", "State a purpose of use that fits.", Retry::kNever};
        case Rejection::kAction:
            return {"action", "A request asks to read.", Retry::kNever};
        case Rejection::kEmergency:
            return {"emergency", "Purpose BTG says why it cannot wait, and no other does.",
                    Retry::kNever};
        case Rejection::kPolicy:
            return {"policy", "Policy entries stand in order, none twice, each with a rule.",
                    Retry::kNever};
        case Rejection::kGrantLife:
            return {"grant-life", "A grant lives from one second to seven days.", Retry::kNever};
        case Rejection::kVersion:
            return {"version", "The policy has changed since: name its current version.",
                    Retry::kOtherState};
        case Rejection::kCustodian:
            return {"custodian", "There is no active member of that id.", Retry::kOtherState};
        case Rejection::kOwnChart:
            return {"own-chart", "A custodian needs no grant for its own charts.", Retry::kNever};
        case Rejection::kLinkUnknown:
            return {"link-unknown", "There is no such link.", Retry::kOtherState};
        case Rejection::kLinkClosed:
            return {"link-closed", "The link is closed.", Retry::kNever};
        case Rejection::kNotCustodian:
            return {"not-custodian", "Only the custodian may do this.", Retry::kOtherActor};
        case Rejection::kNotCounterparty:
            return {"not-counterparty", "The link leads to another member.", Retry::kOtherActor};
        default:
            return {};
    }
}

// What can be wrong with the request, the disclosure or the contribution that it names.
RejectionText describe_subject(Rejection rejection) {
    switch (rejection) {
        case Rejection::kIdTaken:
            return {"id-taken", "The id is in use: draw another.", Retry::kNever};
        case Rejection::kNumbersUsedUp:
            return {"numbers-used-up", "No number is left for another entry.", Retry::kNever};
        case Rejection::kRequestUnknown:
            return {"request-unknown", "There is no such request.", Retry::kOtherState};
        case Rejection::kBound:
            return {"bound", "The request goes on under its link: name that.", Retry::kOtherState};
        case Rejection::kRefusal:
            return {"refusal",
                    "A refusal says why, without a link only that the patient is "
                    "unknown.",
                    Retry::kNever};
        case Rejection::kNotGranted:
            return {"not-granted", "The request is not granted.", Retry::kNever};
        case Rejection::kDisclosed:
            return {"disclosed", "The grant has been used.", Retry::kNever};
        case Rejection::kGrantExpired:
            return {"grant-expired", "The grant has expired.", Retry::kNever};
        case Rejection::kGrantEnded:
            return {"grant-ended", "What the grant rested on does not hold any more.",
                    Retry::kNever};
        case Rejection::kUnjustified:
            return {"unjustified", "A review found the emergency unjustified.", Retry::kNever};
        case Rejection::kBasis:
            return {"basis", "A disclosure without consent names the law it rests on.",
                    Retry::kNever};
        case Rejection::kDisclosureUnknown:
            return {"disclosure-unknown", "The link has no disclosure of this number.",
                    Retry::kOtherState};
        case Rejection::kAcknowledged:
            return {"acknowledged", "The disclosure has been acknowledged already.", Retry::kNever};
        case Rejection::kContributionUnknown:
            return {"contribution-unknown", "The link has no contribution of this number.",
                    Retry::kOtherState};
        case Rejection::kDecided:
            return {"decided", "This has been decided already.", Retry::kNever};
        case Rejection::kReason:
            return {"reason", "Why a contribution is rejected must be said.", Retry::kNever};
        default:
            return {};
    }
}

RejectionText describe_emergency(Rejection rejection) {
    switch (rejection) {
        case Rejection::kUserBatch:
            return {"user-batch", "A batch holds 1 to 256 distinct user ids.", Retry::kNever};
        case Rejection::kUser:
            return {"user", "This is no user id of a clinician of this member.",
                    Retry::kOtherState};
        case Rejection::kReviewsOverdue:
            return {"reviews-overdue", "The member owes a review that is overdue.",
                    Retry::kOtherState};
        case Rejection::kVerdict:
            return {"verdict", "A review ends with a verdict.", Retry::kNever};
        case Rejection::kNotBreakGlass:
            return {"not-break-glass", "The request is no emergency access that was let through.",
                    Retry::kNever};
        case Rejection::kNotReviewer:
            return {"not-reviewer", "Requester and custodian review this, nobody else.",
                    Retry::kOtherActor};
        case Rejection::kReviewed:
            return {"reviewed", "This member has reviewed it already.", Retry::kNever};
        default:
            return {};
    }
}

}  // namespace

RejectionText Ehr::describe_rejection(Rejection rejection) const {
    for (const auto describe : {describe_command, describe_subject, describe_emergency}) {
        if (const RejectionText text = describe(rejection); !text.name.empty()) return text;
    }
    return {};
}

}  // namespace consilium::contracts::ehr
