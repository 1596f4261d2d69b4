// SPDX-License-Identifier: Apache-2.0
#include "contracts/membership/membership.hpp"

namespace consilium::contracts::membership {

ledger::RejectionText Membership::describe_rejection(Rejection rejection) const {
    using ledger::Retry;
    switch (rejection) {
        case Rejection::kNone:
            return {};
        case Rejection::kMalformed:
            return {"malformed", "The request is not a membership command.", Retry::kNever};
        case Rejection::kRole:
            return {"role", "Only an administrator may do this.", Retry::kOtherActor};
        case Rejection::kPublicKey:
            return {"public-key", "The public key is not one, or is weak.", Retry::kNever};
        case Rejection::kPossession:
            return {"possession", "The new key did not sign its own registration.", Retry::kNever};
        case Rejection::kKeyExpiry:
            return {"key-expiry", "A key must expire in the future, within five years.",
                    Retry::kNever};
        case Rejection::kKeyInUse:
            return {"key-in-use", "The public key is registered already.", Retry::kNever};
        case Rejection::kTooManyKeys:
            return {"too-many-keys", "The member has registered as many keys as it may.",
                    Retry::kNever};
        case Rejection::kKeyUnknown:
            return {"key-unknown", "The member has no key of this number.", Retry::kOtherState};
        case Rejection::kKeyRetired:
            return {"key-retired", "The key is retired already.", Retry::kNever};
        case Rejection::kKeyInHand:
            return {"key-in-hand", "A key cannot retire itself: use another key of the member.",
                    Retry::kOtherActor};
        case Rejection::kUserBatch:
            return {"user-batch", "A batch holds 1 to 256 distinct user ids.", Retry::kNever};
        case Rejection::kUserRole:
            return {"user-role", "A user needs a role.", Retry::kNever};
        case Rejection::kUserPeriod:
            return {
                "user-period",
                "A user id is valid for at most 48 hours, not in the past, and at most 400 days "
                "ahead.",
                Retry::kNever};
        case Rejection::kUserExists:
            return {"user-exists", "The user id is taken.", Retry::kNever};
        case Rejection::kUserUnknown:
            return {"user-unknown", "The member has no such user.", Retry::kOtherState};
        case Rejection::kEndpoint:
            return {"endpoint", "The endpoint must read https://host:port.", Retry::kNever};
        case Rejection::kTlsKey:
            return {"tls-key", "A TLS key is named by 32 bytes of SHA-256.", Retry::kNever};
        case Rejection::kName:
            return {"name", "The name is too long or has characters that are not allowed.",
                    Retry::kNever};
        case Rejection::kAddress:
            return {"address", "The address is too long or has characters that are not allowed.",
                    Retry::kNever};
    }
    return {};
}

}  // namespace consilium::contracts::membership
