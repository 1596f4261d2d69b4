// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace consilium::contracts::identity {

// Why identity rejects a command. Each names its rule and whether a retry can help. The values
// stand in outcomes for ever.
enum class Rejection : std::uint32_t {
    kNone = 0,
    // Not the canonical encoding of IdentityCommand, or no kind chosen: docs/formats/wire.md. No
    // retry.
    kMalformed = 1,
    // 45 CFR 164.308(a)(4)(ii)(B): the user's role does not register paper. By another user.
    kRole = 2,
    // An id is 16 random bytes, not all zero (45 CFR 164.514(c)). With a right one.
    kId = 3,
    // FHIR R4 Consent.provision.type: permit or deny. With one of them.
    kProvision = 4,
    // FHIR R4 Consent.provision.purpose: ascending, distinct, at least one. With such.
    kPurposes = 5,
    // FHIR R4 Consent.provision.action: ascending, distinct, at least one. With such.
    kActions = 6,
    // 45 CFR 164.508(c)(1)(v): an end that is named, after the beginning and after now, at most
    // limits::kConsentAheadMsMax ahead. With such a period.
    kPeriod = 7,
    // A commitment is 32 bytes of SHA-256 (docs/formats/hashes.md). With a right one.
    kCommitment = 8,
    // No such link. When it has been opened.
    kLinkUnknown = 9,
    // The key of a closed link signs nothing, and nothing is registered for it. No retry.
    kLinkClosed = 10,
    // 45 CFR 164.508(c)(1)(vi): without paper it takes the signature of the patient's key for this
    // link. With that signature.
    kNotSigned = 11,
    // 45 CFR 164.508(b)(6): the custodian documents and keeps what is on paper. By the custodian.
    kNotCustodian = 12,
    // The gate's or the consent's version is another by now (compare and set): a signature withheld
    // and used late cannot undo a later decision. With the current version.
    kVersion = 13,
    // limits::kConsentsPerLinkMax. On a new link.
    kTooMany = 14,
    // limits::kLiveConsentsPerLinkMax. After revoking one.
    kTooManyLive = 15,
    // The link has no consent of that number. When it has.
    kConsentUnknown = 16,
    // 45 CFR 164.508(b)(5): revoked already, which is for ever. No retry.
    kRevoked = 17,
};

}  // namespace consilium::contracts::identity
