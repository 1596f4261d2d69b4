// SPDX-License-Identifier: Apache-2.0
// CometBFT's headers, commits, signed headers and validator sets: each value has one encoding.
#include <cstdint>

#include "base/assert.hpp"
#include "ledger/validators.hpp"

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace consilium;
    const BytesView bytes(reinterpret_cast<const char*>(data), size);
    if (const auto header = ledger::decode_header(bytes)) {
        CONSILIUM_ASSERT(ledger::encode_header(*header) == bytes);
        (void)ledger::header_hash(*header);
    }
    if (const auto commit = ledger::decode_commit(bytes)) {
        CONSILIUM_ASSERT(ledger::encode_commit(*commit) == bytes);
        (void)ledger::commit_hash(*commit);
        for (std::size_t i = 0; i < commit->signatures.size(); ++i) {
            if (commit->signatures[i].flag != ledger::BlockIdFlag::kAbsent)
                (void)ledger::vote_sign_bytes("consilium-fuzz", *commit, i);
        }
    }
    if (const auto signed_header = ledger::decode_signed_header(bytes))
        CONSILIUM_ASSERT(ledger::encode_signed_header(*signed_header) == bytes);
    if (const auto set = ledger::decode_validator_set(bytes)) {
        CONSILIUM_ASSERT(ledger::encode_validator_set(*set) == bytes);
        const auto same = ledger::ValidatorSet::make(set->validators());
        CONSILIUM_ASSERT(same && same->hash() == set->hash());
    }
    return 0;
}
