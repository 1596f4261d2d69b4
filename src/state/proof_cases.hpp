// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "verify/state_proof.hpp"

// For tests and vectors: proofs with the verdict that a verifier must come to, one for every check.
namespace consilium::state {

struct ProofCase {
    std::string name;
    Hash32 root;
    Height state_height = 0;
    Bytes proof;
    // Nothing: the proof holds.
    std::optional<verify::StateProofError> error;
};

// Honest proofs, from the fast implementation, at the boundaries of the log and of the key space.
[[nodiscard]] std::vector<ProofCase> honest_cases();
// Each passes every check but one.
[[nodiscard]] std::vector<ProofCase> forged_cases();

// The enumerator as it is written in the format page.
[[nodiscard]] const char* name_of(verify::StateProofError error);

}  // namespace consilium::state
