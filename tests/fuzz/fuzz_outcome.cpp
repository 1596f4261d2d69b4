// SPDX-License-Identifier: Apache-2.0
// An outcome that decodes has one encoding, and the rows of a node's store that decode do too.
#include <cstdint>

#include "base/assert.hpp"
#include "ledger/outcome.hpp"
#include "node/ledger_rows.hpp"

namespace {

using namespace consilium;

void check_rows(BytesView bytes) {
    if (const auto row = node::decode_block_row(bytes))
        CONSILIUM_ASSERT(node::encode_block_row(*row) == bytes);
    if (const auto row = node::decode_outcomes_row(bytes)) {
        CONSILIUM_ASSERT(node::encode_outcomes_row(row->bundle_id, row->member_id, row->outcomes) ==
                         bytes);
        for (std::uint32_t i = 0; i < row->outcomes.size(); ++i)
            CONSILIUM_ASSERT(node::outcome_in_row(bytes, i) == row->outcomes[i]);
    }
    if (const auto place = node::decode_place(bytes))
        CONSILIUM_ASSERT(node::encode_place(*place) == bytes);
    if (const auto updates = node::decode_validator_updates(bytes))
        CONSILIUM_ASSERT(node::encode_validator_updates(*updates) == bytes);
}

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(reinterpret_cast<const char*>(data), size);
    if (const auto outcome = ledger::decode_outcome(bytes)) {
        CONSILIUM_ASSERT(ledger::encode_outcome(*outcome) == bytes);
        CONSILIUM_ASSERT(outcome->applied() ? outcome->contract == 0 : outcome->assigned.empty());
    }
    check_rows(bytes);
    return 0;
}
