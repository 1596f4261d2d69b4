// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <variant>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "consilium/v1/ledger.pb.h"
#include "ledger/commit.hpp"
#include "ledger/ids.hpp"
#include "verify/trust.hpp"

// Offline verification of receipts (docs/formats/receipt.md): bytes in, facts out. No clock, disk
// or network. Every single-bit change of a receipt is refused.
namespace consilium::verify {

// The largest receipt that is read: a completeness proof of a long list.
inline constexpr std::size_t kReceiptBytesMax = 64U * 1024U * 1024U;
// CometBFT's light client allows this much between clocks.
inline constexpr std::uint64_t kClockDriftMs = 10'000;

// The verifier's clock and patience, handed in.
struct Freshness {
    UnixMs now;
    std::optional<std::uint64_t> age_ms_max;  // of the receipt's header; nothing: any age
};

// A header whose commit has been checked.
struct VerifiedHeader {
    ledger::Header header;
    Hash32 hash;
    UnixMs time;
    Anchor anchor;
};

// Remembers the last checked headers by the hash of their bytes, so that receipts that share a
// header pay for its commit once. Holds for one Trust only. Not thread-safe: one per thread.
class HeaderCache {
 public:
    static constexpr std::size_t kHeadersMax = 256;

 private:
    friend class HeaderCheck;
    std::map<Hash32, std::shared_ptr<const VerifiedHeader>> headers_;
};

// Decodes and checks a signed header of this network against the epoch of its height, and its time
// against the clock. `cache` may be null.
[[nodiscard]] Result<std::shared_ptr<const VerifiedHeader>, VerifyError> verify_header(
    BytesView signed_header, const Trust& trust, const Freshness& freshness, HeaderCache* cache);

struct VerifiedOutcome {
    ledger::TransactionId transaction_id;
    ledger::MemberId member_id;
    Bytes transaction;
    v1::Outcome outcome;
    Height height = 0;
    std::uint32_t item_index = 0;
    std::uint32_t index = 0;
    std::shared_ptr<const VerifiedHeader> header;  // of block height + 1
};

[[nodiscard]] Result<VerifiedOutcome, VerifyError> verify_outcome_receipt(
    BytesView receipt, const Trust& trust, const Freshness& freshness,
    HeaderCache* cache = nullptr);

}  // namespace consilium::verify
