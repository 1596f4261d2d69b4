// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace consilium::verify {

// What can be asked of the state: a key (is it there, with what value?) or a prefix (all keys that
// begin with it, possibly none), as the state stands or as it stood after block `as_of`.
struct StateQuestion {
    enum class Kind { kKey, kPrefix };
    Kind kind = Kind::kKey;
    Bytes subject;
    std::optional<Height> as_of;
    friend bool operator==(const StateQuestion&, const StateQuestion&) = default;
};

// Why a state proof proves nothing. docs/formats/state.md, "Verification", numbers the same checks.
enum class StateProofError {
    kMalformed,       // not the canonical encoding of a v1::StateProof
    kKind,            // no such kind of proof, or a subject that this kind does not have
    kQuestion,        // kind, subject or as_of were damaged
    kKeyLength,       // a key or value over its limit, or an empty key
    kEntryShape,      // a field that entries of that kind do not have, or lack
    kEntryOrder,      // serials not ascending, 0, or above the count
    kHeightOrder,     // an entry younger than the state, or a value younger than its entry
    kPages,           // not one page of bits per page touched, or a bit beyond the count
    kSiblings,        // too few or too many sibling hashes
    kRoot,            // what is shown does not lead to the trusted root
    kStateHeight,     // the root's height is above the height of the state shown
    kAsOfAboveState,  // as_of is above the height of the state shown
    kNotAlive,        // an entry used was not alive at that height: too young, or ended
    kEnds,            // an entry shown as the end of another does not end it
    kUnused,          // an entry that no step of the answer needs
    kNotAbsent,       // no single entry spans the absent key
    kChainStart,      // the chain begins above the prefix
    kChainBroken,     // a link does not lead to the entry that follows
    kChainEnd,        // the chain ends within the prefix
};

[[nodiscard]] const char* to_string(StateProofError error);

struct ProvenState {
    StateQuestion question;
    std::uint64_t count = 0;  // entries in the log of the state shown
    Height height = 0;        // last block that appended to it
    // Of a key: one row when it is present, none when absent. Of a prefix: all rows, ascending.
    std::vector<std::pair<Bytes, Bytes>> rows;
};

// Checks a v1::StateProof against a trusted root: the state after block `state_height`, whose root
// is the app hash in header state_height + 1. The caller compares `question` with what was asked.
// Pure; thread-safe. Time and memory are linear in the proof.
[[nodiscard]] Result<ProvenState, StateProofError> check_state_proof(BytesView proof,
                                                                     const Hash32& root,
                                                                     Height state_height);

}  // namespace consilium::verify
