// SPDX-License-Identifier: Apache-2.0
#include "contracts/charts/charts.hpp"

namespace consilium::contracts::charts {

ledger::RejectionText Charts::describe_rejection(Rejection rejection) const {
    using ledger::Retry;
    switch (rejection) {
        case Rejection::kNone:
            return {};
        case Rejection::kMalformed:
            return {"malformed", "The request is not a charts command.", Retry::kNever};
        case Rejection::kRole:
            return {"role", "The user's role may not do this.", Retry::kOtherActor};
        case Rejection::kId:
            return {"id", "An id is 16 random bytes.", Retry::kNever};
        case Rejection::kSlots:
            return {"slots", "Link slots are laid down as exactly eight distinct commitments.",
                    Retry::kNever};
        case Rejection::kMemberKind:
            return {"member-kind", "Only members that treat or insure patients keep charts.",
                    Retry::kOtherActor};
        case Rejection::kChartExists:
            return {"chart-exists", "The chart id is taken.", Retry::kNever};
        case Rejection::kChartUnknown:
            return {"chart-unknown", "There is no such chart.", Retry::kOtherState};
        case Rejection::kNotCustodian:
            return {"not-custodian", "Another member is the custodian of this chart.",
                    Retry::kOtherActor};
        case Rejection::kTooManySlots:
            return {"too-many-slots", "The chart has as many link slots as it may.", Retry::kNever};
        case Rejection::kLinkExists:
            return {"link-exists", "The link id is taken.", Retry::kNever};
        case Rejection::kLinkUnknown:
            return {"link-unknown", "There is no such link.", Retry::kOtherState};
        case Rejection::kOwnLink:
            return {"own-link", "A link leads to another member.", Retry::kNever};
        case Rejection::kCounterparty:
            return {"counterparty", "The counterparty is not an active member.",
                    Retry::kOtherState};
        case Rejection::kPublicKey:
            return {"public-key", "The public key is not one, or is weak.", Retry::kNever};
        case Rejection::kPublicKeyUsed:
            return {"public-key-used", "The public key is in use on another link.", Retry::kNever};
        case Rejection::kLinkVersion:
            return {"link-version", "The link has changed since: name its current version.",
                    Retry::kOtherState};
        case Rejection::kLinkClosed:
            return {"link-closed", "The link is closed.", Retry::kNever};
        case Rejection::kNotAllowed:
            return {"not-allowed", "Only the custodian or the patient may close a link.",
                    Retry::kOtherActor};
    }
    return {};
}

}  // namespace consilium::contracts::charts
