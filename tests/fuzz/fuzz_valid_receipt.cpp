// SPDX-License-Identifier: Apache-2.0
// Good receipts, edited: a receipt is accepted only as it was made, byte for byte, so no change of
// its meaning can be.
#include <cstdint>

#include "base/assert.hpp"
#include "edits.hpp"
#include "ledger/outcome.hpp"
#include "small_state.hpp"
#include "verify/receipt.hpp"
#include "verify/testing/chain.hpp"

namespace {

using namespace consilium;

struct World {
    fuzz::SmallState small;
    verify::testing::TestChain chain{{10, 10, 10, 10}};
    std::vector<Bytes> receipts;
    std::optional<verify::Trust> trust;

    World() {
        const auto block = verify::testing::add_block_of_bundles(chain, {3, 1});
        receipts.push_back(verify::testing::outcome_receipt(chain, block, 0, 2));
        receipts.push_back(verify::testing::outcome_receipt(chain, block, 1, 0));
        while (chain.height() < fuzz::SmallState::kHeight)
            chain.add_block();
        const auto header = chain.add_block(small.state().root(), Hash32{});
        const auto proof = small.state().prove(
            {verify::StateQuestion::Kind::kKey, fuzz::SmallState::key_of(3), std::nullopt});
        CONSILIUM_ASSERT(proof.ok());
        receipts.push_back(verify::make_state_receipt(header, *proof, std::nullopt));
        const auto list =
            small.state().prove({verify::StateQuestion::Kind::kPrefix, Bytes("\x04\x01", 2), 3});
        CONSILIUM_ASSERT(list.ok());
        receipts.push_back(verify::make_state_receipt(
            header, *list, verify::AsOfHeaders{chain.block(3), chain.block(4)}));
        auto made = verify::Trust::make(chain.genesis(), {}, {});
        CONSILIUM_ASSERT(made.ok());
        trust.emplace(std::move(*made));
        for (const Bytes& receipt : receipts)
            CONSILIUM_ASSERT(accepts(receipt));
    }

    [[nodiscard]] bool accepts(BytesView receipt) const {
        const verify::Freshness freshness{{1'700'001'000'000}, std::nullopt};
        return verify::verify_receipt(receipt, *trust, freshness).ok();
    }
};

const World& world() {
    static const World instance;
    return instance;
}

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const BytesView rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto& receipts = world().receipts;
    const Bytes& good = receipts[data[0] % receipts.size()];
    const Bytes receipt = fuzz::edited(good, rest);
    CONSILIUM_ASSERT(world().accepts(receipt) == (receipt == good));
    return 0;
}
