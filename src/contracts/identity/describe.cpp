// SPDX-License-Identifier: Apache-2.0
#include "contracts/identity/identity.hpp"

namespace consilium::contracts::identity {

ledger::RejectionText Identity::describe_rejection(Rejection rejection) const {
    using ledger::Retry;
    switch (rejection) {
        case Rejection::kNone:
            return {};
        case Rejection::kMalformed:
            return {"malformed", "The request is not an identity command.", Retry::kNever};
        case Rejection::kRole:
            return {"role", "The user's role may not do this.", Retry::kOtherActor};
        case Rejection::kId:
            return {"id", "An id is 16 random bytes.", Retry::kNever};
        case Rejection::kProvision:
            return {"provision", "A consent permits or denies: say which.", Retry::kNever};
        case Rejection::kPurposes:
            return {"purposes", "A consent names its purposes of use, ascending, none twice.",
                    Retry::kNever};
        case Rejection::kActions:
            return {"actions", "A consent names its actions, ascending, none twice.",
                    Retry::kNever};
        case Rejection::kPeriod:
            return {"period",
                    "A consent ends after it begins, not in the past, and at most ten years ahead.",
                    Retry::kNever};
        case Rejection::kCommitment:
            return {"commitment", "A commitment is 32 bytes.", Retry::kNever};
        case Rejection::kLinkUnknown:
            return {"link-unknown", "There is no such link.", Retry::kOtherState};
        case Rejection::kLinkClosed:
            return {"link-closed", "The link is closed.", Retry::kNever};
        case Rejection::kNotSigned:
            return {"not-signed", "The patient's key for this link has to sign this.",
                    Retry::kOtherActor};
        case Rejection::kNotCustodian:
            return {"not-custodian", "Only the link's custodian registers what is on paper.",
                    Retry::kOtherActor};
        case Rejection::kVersion:
            return {"version", "This has changed since: name the current version.",
                    Retry::kOtherState};
        case Rejection::kTooMany:
            return {"too-many", "The link has had as many consents as it may.", Retry::kNever};
        case Rejection::kTooManyLive:
            return {"too-many-live", "The link has as many consents in force as it may.",
                    Retry::kOtherState};
        case Rejection::kConsentUnknown:
            return {"consent-unknown", "The link has no consent of this number.",
                    Retry::kOtherState};
        case Rejection::kRevoked:
            return {"revoked", "The consent is revoked already.", Retry::kNever};
    }
    return {};
}

}  // namespace consilium::contracts::identity
