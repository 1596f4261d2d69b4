// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

// Every limit of the ledger plane, each tested at its value and one above.
namespace consilium::limits {

inline constexpr std::size_t kTransactionBytesMax = 64U * 1024U;
inline constexpr std::size_t kCommandsPerTransactionMax = 64;
inline constexpr std::size_t kPersonalSignaturesMax = 8;
// In all transactions of a bundle: each costs a signature check that the bundle's own key does not
// amortise.
inline constexpr std::size_t kPersonalSignaturesPerBundleMax = 512;
inline constexpr std::size_t kBundleBytesMax = 1024U * 1024U;
inline constexpr std::size_t kTransactionsPerBundleMax = 4096;
// One bundle and the envelope of an item.
inline constexpr std::size_t kItemBytesMax = kBundleBytesMax + 16;
inline constexpr std::size_t kStateKeyBytesMax = 256;
inline constexpr std::size_t kStateValueBytesMax = 64U * 1024U;
inline constexpr std::size_t kIdentifierBytesMax = 64;
inline constexpr std::size_t kMembersMax = 1000;
inline constexpr std::size_t kValidatorsMax = 100;
inline constexpr std::uint32_t kManifestLeavesMax = 1'000'000;
// The same with padding to a power of two, which is what the ledger sees.
inline constexpr std::uint32_t kManifestLeafCountMax = 1U << 20U;
// Keys that a member may ever register: records of keys are never deleted.
inline constexpr std::uint32_t kKeysPerMemberMax = 1024;
// A key registered now may be good for at most five years (NIST SP 800-57 part 1, section 5.3.6,
// advises one to three), so that rotation is practised.
inline constexpr std::uint64_t kKeyValidMsMax = 5ULL * 366 * 24 * 3600 * 1000;
inline constexpr std::size_t kUsersPerCommandMax = 256;
inline constexpr std::uint64_t kUserValidMsMax = 48ULL * 3600 * 1000;
// How far ahead a user's day may begin.
inline constexpr std::uint64_t kUserAheadMsMax = 400ULL * 24 * 3600 * 1000;
inline constexpr std::size_t kNameBytesMax = 128;
inline constexpr std::size_t kAddressBytesMax = 256;
inline constexpr std::size_t kEndpointBytesMax = 256;
// Link slots are laid down eight at a time.
inline constexpr std::uint32_t kLinkSlotsPerCommand = 8;
inline constexpr std::uint32_t kLinkSlotsPerChartMax = 1024;
// Consents and objections that a link may ever have, and those of them that are neither revoked nor
// over: what one decision reads.
inline constexpr std::uint32_t kConsentsPerLinkMax = 1024;
inline constexpr std::size_t kLiveConsentsPerLinkMax = 64;
// How far ahead a consent may end: 45 CFR 164.508(c)(1)(v) wants an end that is named.
inline constexpr std::uint64_t kConsentAheadMsMax = 10ULL * 366 * 24 * 3600 * 1000;
// How long a granted request may wait to be served. The least is for networks that try things out.
inline constexpr std::uint64_t kGrantLifeMsMin = 1000;
inline constexpr std::uint64_t kGrantLifeMsMax = 7ULL * 24 * 3600 * 1000;
inline constexpr std::uint64_t kGrantLifeMsDefault = 3600ULL * 1000;
// Within what time emergency access is reviewed; the least as above.
inline constexpr std::uint64_t kReviewMsMin = 1000;
inline constexpr std::uint64_t kReviewMsMax = 30ULL * 24 * 3600 * 1000;
inline constexpr std::uint64_t kReviewMsDefault = 72ULL * 3600 * 1000;
// How often one user id, and all of one member, may break the glass in a day of block time (UTC).
inline constexpr std::uint32_t kBreakGlassPerUserDayMax = 64;
inline constexpr std::uint32_t kBreakGlassPerUserDayDefault = 5;
inline constexpr std::uint32_t kBreakGlassPerMemberDayMax = 10'000;
inline constexpr std::uint32_t kBreakGlassPerMemberDayDefault = 100;
// Sequence numbers that a member key's replay window spans (RFC 4303 section 3.4.3).
inline constexpr std::uint64_t kReplayWindow = 1024;
// A personally signed body may be valid for at most this long.
inline constexpr std::uint64_t kPersonalNotAfterMsMax = 24ULL * 3600 * 1000;
// Expired digests of personally signed bodies that one block removes from state, and twice as many
// as it adds on top.
inline constexpr std::size_t kReplayDigestsRemovedPerBlock = 256;
inline constexpr std::size_t kBlockBytesMax = 4U * 1024U * 1024U;
// How many nested messages the wire grammar follows.
inline constexpr std::size_t kWireDepthMax = 16;

}  // namespace consilium::limits
