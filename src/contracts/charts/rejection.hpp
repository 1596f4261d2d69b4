// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace consilium::contracts::charts {

// Why charts rejects a command. Each names its rule and whether a retry can help. The values stand
// in outcomes for ever.
enum class Rejection : std::uint32_t {
    kNone = 0,
    // Not the canonical encoding of ChartsCommand: docs/formats/wire.md. No retry.
    kMalformed = 1,
    // 45 CFR 164.308(a)(4)(ii)(B): the user's role does not do this. By another user.
    kRole = 2,
    // An id is 16 random bytes, not all zero (45 CFR 164.514(c)). With a right one.
    kId = 3,
    // Slots are laid down limits::kLinkSlotsPerCommand distinct commitments of 32 bytes at a time
    // and not on use, so that they do not tell how many links a chart has. With eight.
    kSlots = 4,
    // docs/glossary.md, "chart": only members that treat or insure (provider, payer, dispenser,
    // site) keep charts. By another member.
    kMemberKind = 5,
    // The id is taken: draw another. No retry with this one.
    kChartExists = 6,
    // No such chart, or not opened yet. When it has been opened.
    kChartUnknown = 7,
    // 45 CFR 164.526: a chart has one custodian, who alone lays down its slots. By the custodian.
    kNotCustodian = 8,
    // limits::kLinkSlotsPerChartMax. No retry.
    kTooManySlots = 9,
    // The id is taken: draw another. No retry with this one.
    kLinkExists = 10,
    // No such link. When it has been opened.
    kLinkUnknown = 11,
    // A link leads to another member (docs/glossary.md, "link"). With another counterparty.
    kOwnLink = 12,
    // The counterparty is no active member. When it is.
    kCounterparty = 13,
    // RFC 8032 and FIPS 186-5: not a key of that algorithm, or a weak one. With a good key.
    kPublicKey = 14,
    // A key on two links would tell that they belong to one patient. With a fresh key.
    kPublicKeyUsed = 15,
    // The command names a version that is not the link's (compare and set,
    // docs/formats/contracts.md): a signature withheld and used late cannot undo a later decision.
    // With the current version.
    kLinkVersion = 16,
    // Closed already; a closed link stays so (45 CFR 164.508(b)(5), revocation). No retry.
    kLinkClosed = 17,
    // 45 CFR 164.508(b)(5): a link is closed by its custodian or with the patient's own signature.
    // By one of them.
    kNotAllowed = 18,
};

}  // namespace consilium::contracts::charts
