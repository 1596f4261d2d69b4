// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ledger/ids.hpp"

namespace consilium::ledger {

// What became of a transaction: applied, or rejected with the rule that rejected it.
struct Outcome {
    std::uint32_t code = 0;  // 0: applied
    std::uint32_t contract = 0;
    std::uint32_t command_index = 0;
    std::vector<std::uint64_t> assigned;

    [[nodiscard]] bool applied() const { return code == 0; }
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

// The canonical v1.Outcome. An applied outcome names no contract; a rejected one assigns nothing.
[[nodiscard]] Bytes encode_outcome(const Outcome& outcome);

enum class OutcomeError {
    kEncoding,      // not the canonical encoding of Outcome
    kInconsistent,  // applied with a contract, or rejected without one or with numbers assigned
};
[[nodiscard]] const char* to_string(OutcomeError error);
[[nodiscard]] Result<Outcome, OutcomeError> decode_outcome(BytesView bytes);

// What it takes for the same intent to succeed. Always a new transaction: the outcome of these
// bytes stands for ever.
enum class Retry {
    kNever,           // nothing: the command itself is wrong, or its effect is there already
    kOtherState,      // the state that it speaks of must change first
    kOtherActor,      // another user, role or member must ask
    kNewTransaction,  // nothing else: the same actor makes and signs the transaction anew
};
// As the API and the tools write it: "never", "other-state", "other-actor", "new-transaction".
[[nodiscard]] const char* to_string(Retry retry);

// How a rejection is shown to a user.
struct RejectionText {
    std::string_view name;  // stable, lower-case words with '-'
    std::string_view text;  // one sentence
    Retry retry = Retry::kNever;
};

// Rejections by the ledger itself (contract 1), which precede every contract's own.
enum class Rejection : std::uint32_t {
    // The transaction's not_after is before block time: docs/formats/transaction.md. With a later
    // one.
    kExpired = 1,
    // Actor.user is no user id of this member: 45 CFR 164.312(a)(2)(i), unique user identification.
    // By a registered user.
    kUserUnknown = 2,
    // The id is for another day: 45 CFR 164.312(a)(1). With the id of today.
    kUserNotValidNow = 3,
    // The id was revoked: 45 CFR 164.308(a)(3)(ii)(C), termination procedures. By another user.
    kUserRevoked = 4,
    // The role claimed is not the one registered: 45 CFR 164.308(a)(4)(ii)(B). In the right role.
    kUserRole = 5,
    // A personal signature is wrong: 21 CFR 11.70, 45 CFR 164.312(d). After signing again.
    kPersonalSignature = 6,
    // A personally signed body that is valid for more than 24 h from block time, so that its digest
    // need not be kept for ever: limits::kPersonalNotAfterMsMax. After signing a shorter one.
    kPersonalNotAfter = 7,
    // A body signed by a person that has been applied before: docs/formats/transaction.md. No
    // retry.
    kPersonalReplayed = 8,
    // No such contract in this protocol version. No retry.
    kUnknownContract = 9,
    // A contract's invariant would not hold afterwards: a fault of ours, counted on a metric.
    // No retry.
    kInvariant = 10,
    // The bundle's key has expired; it only registers keys now: 45 CFR 164.312(d). With a new key.
    kKeyExpired = 11,
    // A personal signature that no command asks for, so that its digest would be kept for nothing:
    // docs/formats/transaction.md. Without it.
    kPersonalUnasked = 12,
};

// Null name when the code is none of these.
[[nodiscard]] RejectionText describe_rejection(Rejection rejection);

}  // namespace consilium::ledger
