// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace consilium::contracts::membership {

// Why membership rejects a command. Each names its rule and whether a retry can help. The values
// stand in outcomes for ever.
enum class Rejection : std::uint32_t {
    kNone = 0,
    // Not the canonical encoding of MembershipCommand: docs/formats/wire.md. No retry.
    kMalformed = 1,
    // 45 CFR 164.308(a)(4)(ii)(B): only administrators change keys, users and nodes. By one.
    kRole = 2,
    // RFC 8032 and FIPS 186-5: not a key of that algorithm, or a weak one. With a good key.
    kPublicKey = 3,
    // RFC 4211 section 4: the new key did not sign for this network and member. With a right proof.
    kPossession = 4,
    // NIST SP 800-57 part 1, section 5.3.6: expires before now, or after more than five years. With
    // another expiry.
    kKeyExpiry = 5,
    // 45 CFR 164.312(d), person or entity authentication: a public key names one holder. With a
    // fresh key.
    kKeyInUse = 6,
    // limits::kKeysPerMemberMax: key records are never deleted. No retry.
    kTooManyKeys = 7,
    // The member has no key of that number. With a number that it has.
    kKeyUnknown = 8,
    // Retired already: retirement acts once (docs/formats/contracts.md). No retry.
    kKeyRetired = 9,
    // A key cannot retire itself, so no member locks itself out: by a bundle of another key.
    kKeyInHand = 10,
    // 1..256 ids of 16 bytes, none twice: docs/formats/contracts.md. With a right batch.
    kUserBatch = 11,
    // A user id without a role: 45 CFR 164.308(a)(4)(ii)(B). With a role.
    kUserRole = 12,
    // An id is for one day (at most limits::kUserValidMsMax), not past, and begins at most
    // limits::kUserAheadMsMax ahead, so that the ledger does not tell what one person does over
    // time. With another day.
    kUserPeriod = 13,
    // 45 CFR 164.312(a)(2)(i), unique user identification: the id is taken. With a fresh id.
    kUserExists = 14,
    // The member has no such user. With one that it has.
    kUserUnknown = 15,
    // Not https://host:port in the allowed alphabet: docs/formats/contracts.md. With another.
    kEndpoint = 16,
    // A TLS key is named by 32 bytes of SHA-256, or not at all. With another.
    kTlsKey = 17,
    // A name is 1..limits::kNameBytesMax bytes of an allow-listed alphabet, so that it is no place
    // for free text: docs/formats/contracts.md. With another.
    kName = 18,
    // The same for an address, 1..256 bytes (45 CFR 164.528(b)(2)(ii) wants one). With another.
    kAddress = 19,
};

}  // namespace consilium::contracts::membership
