// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace consilium::verify {

// Why something was refused. Each enumerator names what is wrong, and where it can be told, what
// was altered. to_string gives the sentence that the tools print; it shows no value.
enum class VerifyError {
    // The file.
    kEncoding,              // not the canonical encoding of a Receipt, ValidatorHistory, ...
    kKind,                  // a receipt of another kind than was asked for, or of none
    kTooLarge,              // over a limit
    kSignedHeaderEncoding,  // header and commit are not in CometBFT's encoding
    kValidatorsEncoding,    // a validator set is not in CometBFT's encoding, or not a set
    kGenesisEncoding,       // not a canonical GenesisState, or without a valid validator set
    // Header and commit.
    kHeaderFields,   // a field of the header has an impossible value (types/block.go ValidateBasic)
    kNetwork,        // the header belongs to another chain
    kCommitHeight,   // the commit is for another height than the header
    kHeaderAltered,  // the commit signs another header: header or block id altered
    kCommitSize,     // not one place per validator
    kCommitAddress,  // a signature in another validator's place
    kCommitSignature,  // a signature is wrong: vote, signature or block id altered
    kCommitPower,      // signatures of no more than two thirds of the voting power
    kValidators,       // the header names another validator set than the history gives
    kNextValidators,   // the set shown is not the one that the header names as next
    // Trust.
    kHistoryOrder,        // changes not ascending in height and time
    kHistoryNoChange,     // a step at which the set stays the same
    kCheckpointConflict,  // another header is pinned, or stands in the history, at this height
    // Time.
    kHeaderTime,   // earlier than genesis or than a pinned header below it, or later than one above
    kFromFuture,   // more than 10 s after the verifier's clock
    kTooOld,       // older than the verifier accepts
    kAsOfMissing,  // an "as of" proof without the headers of its moment, or the reverse
    kAsOfHeight,   // the headers are not those of the proof's height and the next
    // Outcome receipts.
    kHeight,           // the header is not that of the block after
    kTransaction,      // transaction, member or transaction id altered
    kOutcomeEncoding,  // the outcome is not a canonical Outcome
    kOutcome,          // outcome, its place, its path or the outcome root altered
    kResult,           // bundle, its place in the block, its path or the outcome root altered
    // State receipts.
    kStateProof,  // the state proof does not lead to the app hash
};

[[nodiscard]] const char* to_string(VerifyError error);

// The verdict's stable name, such as "header-altered", as docs/formats/receipt.md gives it.
[[nodiscard]] const char* name_of(VerifyError error);

}  // namespace consilium::verify
