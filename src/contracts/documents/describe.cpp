// SPDX-License-Identifier: Apache-2.0
#include "contracts/documents/documents.hpp"

namespace consilium::contracts::documents {

ledger::RejectionText Documents::describe_rejection(Rejection rejection) const {
    using ledger::Retry;
    switch (rejection) {
        case Rejection::kNone:
            return {};
        case Rejection::kMalformed:
            return {"malformed", "The request is not a documents command.", Retry::kNever};
        case Rejection::kNoCommand:
            return {"no-command", "The documents command is empty or names no record.",
                    Retry::kNever};
        case Rejection::kRole:
            return {"role", "The user's role may not do this.", Retry::kOtherActor};
        case Rejection::kId:
            return {"id", "An id is 16 random bytes.", Retry::kNever};
        case Rejection::kCommitment:
            return {"commitment", "A commitment is 32 bytes.", Retry::kNever};
        case Rejection::kLeafCount:
            return {"leaf-count", "A manifest has a power of two of leaves, 2 to 1,048,576.",
                    Retry::kNever};
        case Rejection::kLeafPath:
            return {"leaf-path", "The path does not prove that the leaf is in the manifest.",
                    Retry::kNever};
        case Rejection::kReason:
            return {"reason", "Why a document is erased or kept must be said.", Retry::kNever};
        case Rejection::kChartUnknown:
            return {"chart-unknown", "There is no such chart.", Retry::kOtherState};
        case Rejection::kNotCustodian:
            return {"not-custodian", "Another member is the custodian of this chart.",
                    Retry::kOtherActor};
        case Rejection::kNumbersUsedUp:
            return {"numbers-used-up", "No number is left for another entry.", Retry::kNever};
        case Rejection::kRecordUnknown:
            return {"record-unknown", "The list has no record of this sequence.",
                    Retry::kOtherState};
        case Rejection::kIsManifest:
            return {"is-manifest", "This entry is a manifest: name one of its leaves.",
                    Retry::kNever};
        case Rejection::kNotManifest:
            return {"not-manifest", "This entry is not a manifest: name it by its sequence.",
                    Retry::kNever};
        case Rejection::kLeafTouched:
            return {"leaf-touched", "The leaf has a record of its own: name that.",
                    Retry::kOtherState};
        case Rejection::kVersion:
            return {"version", "The record has changed since: name its current version.",
                    Retry::kOtherState};
        case Rejection::kShredded:
            return {"shredded", "The document has been erased.", Retry::kNever};
        case Rejection::kRetained:
            return {"retained", "The document is kept for this reason already.", Retry::kNever};
        case Rejection::kLinkUnknown:
            return {"link-unknown", "There is no such link.", Retry::kOtherState};
        case Rejection::kLinkClosed:
            return {"link-closed", "The link is closed.", Retry::kNever};
        case Rejection::kNotLinkCustodian:
            return {"not-link-custodian", "Only the link's custodian shares over it.",
                    Retry::kOtherActor};
        case Rejection::kNotCounterparty:
            return {"not-counterparty", "Only the link's counterparty may do this.",
                    Retry::kOtherActor};
        case Rejection::kShareUnknown:
            return {"share-unknown", "The link has no share of this number.", Retry::kOtherState};
        case Rejection::kAcknowledged:
            return {"acknowledged", "The share has been acknowledged already.", Retry::kNever};
        case Rejection::kNotAcknowledged:
            return {"not-acknowledged", "The share has not been acknowledged.", Retry::kOtherState};
    }
    return {};
}

}  // namespace consilium::contracts::documents
