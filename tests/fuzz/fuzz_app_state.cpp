// SPDX-License-Identifier: Apache-2.0
// Genesis states: what decodes encodes to the same bytes, and who verifies takes every genesis that
// who executes takes, with as many validators.
#include <cstdint>

#include "base/assert.hpp"
#include "contracts/registry/registry.hpp"
#include "execution/apply_genesis.hpp"
#include "ledger/genesis.hpp"
#include "proto/canonical.hpp"
#include "verify/trust.hpp"

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace consilium;
    const BytesView bytes(reinterpret_cast<const char*>(data), size);
    if (const auto state = ledger::decode_genesis(bytes)) {
        CONSILIUM_ASSERT(proto::encode(*state) == bytes);
        // Who verifies and who executes must agree on what a genesis is.
        const auto applied = execution::apply_genesis(bytes, contracts::registry());
        const auto trusted = verify::read_genesis(bytes);
        if (applied) {
            CONSILIUM_ASSERT(trusted.ok());
            CONSILIUM_ASSERT(trusted->validators.size() == applied->validators.size());
        }
    }
    return 0;
}
