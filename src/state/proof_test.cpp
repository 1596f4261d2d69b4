// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "state/proof_cases.hpp"

namespace consilium::state {
namespace {

using verify::StateProofError;

void expect_verdict(const ProofCase& of) {
    const auto checked = verify::check_state_proof(of.proof, of.root, of.state_height);
    if (of.error) {
        ASSERT_FALSE(checked.ok()) << of.name;
        EXPECT_STREQ(name_of(checked.error()), name_of(*of.error)) << of.name;
    } else {
        EXPECT_TRUE(checked.ok()) << of.name << ": " << name_of(checked.error());
    }
}

TEST(StateProof, HonestProofsHold) {
    for (const ProofCase& of : honest_cases())
        expect_verdict(of);
}

TEST(StateProof, EveryForgeryIsRefusedByTheCheckItBreaks) {
    std::set<StateProofError> met;
    for (const ProofCase& of : forged_cases()) {
        expect_verdict(of);
        if (of.error) met.insert(*of.error);
    }
    EXPECT_EQ(met.size(), static_cast<std::size_t>(StateProofError::kChainEnd) + 1);
}

TEST(StateProof, EverySingleBitCounts) {
    for (const ProofCase& of : forged_cases()) {
        if (of.error || of.proof.size() > 2000) continue;
        for (std::size_t bit = 0; bit < of.proof.size() * 8; ++bit) {
            Bytes proof = of.proof;
            proof[bit / 8] =
                static_cast<char>(static_cast<unsigned char>(proof[bit / 8]) ^ (1U << (bit % 8)));
            EXPECT_FALSE(verify::check_state_proof(proof, of.root, of.state_height).ok())
                << of.name << ", bit " << bit;
        }
        for (std::size_t size = 0; size < of.proof.size(); ++size)
            EXPECT_FALSE(
                verify::check_state_proof(of.proof.substr(0, size), of.root, of.state_height).ok())
                << of.name << ", cut at " << size;
    }
}

TEST(StateProof, EveryErrorHasItsWords) {
    std::set<std::string> words;
    for (int e = 0; e <= static_cast<int>(StateProofError::kChainEnd); ++e)
        words.insert(to_string(static_cast<StateProofError>(e)));
    EXPECT_EQ(words.size(), static_cast<std::size_t>(StateProofError::kChainEnd) + 1);
}

}  // namespace
}  // namespace consilium::state
