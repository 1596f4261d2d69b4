// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace consilium::contracts::documents {

// Why documents rejects a command. Each names its rule and whether a retry can help. The values
// stand in outcomes for ever.
enum class Rejection : std::uint32_t {
    kNone = 0,
    // Not the canonical encoding of DocumentsCommand: docs/formats/wire.md. No retry.
    kMalformed = 1,
    // No kind chosen, or a record named by neither sequence nor leaf. No retry.
    kNoCommand = 2,
    // 45 CFR 164.308(a)(4)(ii)(B): the user's role does not do this. By another user.
    kRole = 3,
    // An id is 16 random bytes, not all zero (45 CFR 164.514(c)). With a right one.
    kId = 4,
    // A commitment is 32 bytes of SHA-256 (docs/formats/hashes.md). With a right one.
    kCommitment = 5,
    // A manifest has a power of two of leaves, 2 to limits::kManifestLeafCountMax, so that it tells
    // little of how many documents a patient has. With padding.
    kLeafCount = 6,
    // RFC 6962 section 2.1.1: the path does not have the length of the tree, or does not lead to
    // the manifest's root. With the right path.
    kLeafPath = 7,
    // Why a document is erased or kept must be said: 45 CFR 164.530(j), FHIR R4 Provenance.reason.
    // With a reason.
    kReason = 8,
    // No such chart. When it has been opened.
    kChartUnknown = 9,
    // A record has one custodian (45 CFR 164.526): who keeps the chart. By the custodian.
    kNotCustodian = 10,
    // No sequence or version numbers are left in this list. No retry.
    kNumbersUsedUp = 11,
    // The list has no entry of that sequence. When it has.
    kRecordUnknown = 12,
    // The sequence is a manifest's: name one of its leaves. With a leaf.
    kIsManifest = 13,
    // The sequence is not a manifest's, so it has no leaves. With the record's own sequence.
    kNotManifest = 14,
    // The leaf has a record of its own already, so that no version chain forks (21 CFR 11.10(e)).
    // With that record's sequence.
    kLeafTouched = 15,
    // 21 CFR 11.10(e), FHIR R4 If-Match: not the record's current version (compare and set). With
    // the current version.
    kVersion = 16,
    // Erased: key and salt are gone, nothing follows (NIST SP 800-88 section 2.5). No retry.
    kShredded = 17,
    // Kept already for that reason. With another reason.
    kRetained = 18,
    // No such link. When it has been opened.
    kLinkUnknown = 19,
    // A closed link serves no new share and takes no acknowledgement (45 CFR 164.508(b)(5)). No
    // retry.
    kLinkClosed = 20,
    // Only the link's custodian shares over it (45 CFR 164.502(a)). By the custodian.
    kNotLinkCustodian = 21,
    // Only the link's counterparty received it, so only it acknowledges or erases that copy (45 CFR
    // 164.528(b)(2)). By the counterparty.
    kNotCounterparty = 22,
    // The link has no share of that number. When it has.
    kShareUnknown = 23,
    // Acknowledged already. No retry.
    kAcknowledged = 24,
    // Not acknowledged: there is no copy to erase or keep. After the acknowledgement.
    kNotAcknowledged = 25,
};

}  // namespace consilium::contracts::documents
