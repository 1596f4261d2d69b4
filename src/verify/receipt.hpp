// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ledger/commit.hpp"
#include "ledger/ids.hpp"
#include "ledger/outcome.hpp"
#include "verify/state_proof.hpp"
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
    TrustAnchor anchor;
};
using HeaderRef = std::shared_ptr<const VerifiedHeader>;

// Remembers checked headers by the hash of their bytes, so that receipts that share a header pay
// for its commit once. Holds for one Trust only. Not thread-safe: one per thread.
class HeaderCache {
 public:
    static constexpr std::size_t kHeadersMax = 1024;

    [[nodiscard]] HeaderRef find(const Hash32& key) const;
    void insert(const Hash32& key, HeaderRef header);

 private:
    std::map<Hash32, HeaderRef> headers_;
};

// Decodes and checks a signed header of this network against the set of its height, and its time
// against the clock. `cache` may be null.
[[nodiscard]] Result<HeaderRef, VerifyError> verify_header(BytesView signed_header,
                                                           const Trust& trust,
                                                           const Freshness& freshness,
                                                           HeaderCache* cache = nullptr);

struct VerifiedOutcome {
    ledger::TransactionId transaction_id;
    ledger::MemberId member_id;
    Bytes transaction;
    ledger::Outcome outcome;
    Height height = 0;
    ledger::BundleId bundle_id;
    std::uint32_t index = 0;  // in its bundle
    std::uint32_t count = 0;  // transactions of that bundle
    HeaderRef header;         // of block height + 1
};

// That this transaction, submitted by this member, had this outcome in block `height`.
[[nodiscard]] Result<VerifiedOutcome, VerifyError> verify_outcome_receipt(
    BytesView receipt, const Trust& trust, const Freshness& freshness,
    HeaderCache* cache = nullptr);

// Block h, of which an "as of" proof speaks, covers the moments from <= T < until.
struct AsOfMoment {
    Height height = 0;
    UnixMs from;
    UnixMs until;
    [[nodiscard]] bool covers(UnixMs time) const { return from <= time && time < until; }
};

struct VerifiedState {
    ProvenState proven;               // the caller compares its question with what it asked
    Height height = 0;                // of the state shown
    std::optional<AsOfMoment> as_of;  // when the question names a height
    HeaderRef header;                 // of block height + 1; its time is "now" without as_of
    // Where trust in all of its headers begins: the oldest of their anchors. A moment rests on
    // headers of its own, which a recent checkpoint below the state shown says nothing of.
    TrustAnchor anchor;
};

// What was wrong, and with a state proof, where in it.
struct Refusal {
    VerifyError error = VerifyError::kEncoding;
    std::optional<StateProofError> state_proof;
    friend bool operator==(const Refusal&, const Refusal&) = default;
};
[[nodiscard]] std::string to_string(const Refusal& refusal);

// That the answer shown is what the state held.
[[nodiscard]] Result<VerifiedState, Refusal> verify_state_receipt(BytesView receipt,
                                                                  const Trust& trust,
                                                                  const Freshness& freshness,
                                                                  HeaderCache* cache = nullptr);

// Either kind.
using VerifiedReceipt = std::variant<VerifiedOutcome, VerifiedState>;
[[nodiscard]] Result<VerifiedReceipt, Refusal> verify_receipt(BytesView receipt, const Trust& trust,
                                                              const Freshness& freshness,
                                                              HeaderCache* cache = nullptr);

}  // namespace consilium::verify
