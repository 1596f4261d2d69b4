// SPDX-License-Identifier: Apache-2.0
// Receipts, validator histories, checkpoints and their parts: bytes from outside never do worse
// than be refused, and what decodes encodes to the very same bytes.
#include <cstdint>

#include "ledger/validators.hpp"
#include "verify/receipt.hpp"

namespace {

using namespace consilium;

// A network of one validator; nothing that a fuzzer finds is signed by it.
const verify::Trust& trust() {
    static const verify::Trust instance = [] {
        auto validators = ledger::ValidatorSet::make({{Bytes(32, 'k'), 1}});
        verify::Genesis genesis{{}, "consilium-fuzz", {}, 1, std::move(*validators)};
        return std::move(verify::Trust::make(std::move(genesis), {}, {})).value();
    }();
    return instance;
}

void check_parts(BytesView bytes) {
    if (const auto header = ledger::decode_signed_header(bytes))
        CONSILIUM_ASSERT(ledger::encode_signed_header(*header) == bytes);
    if (const auto set = ledger::decode_validator_set(bytes))
        CONSILIUM_ASSERT(ledger::encode_validator_set(*set) == bytes);
}

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const BytesView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 4) {
        case 0:
            (void)verify::verify_receipt(bytes, trust(), {{1'700'000'000'000}, std::nullopt});
            break;
        case 1:
            (void)verify::Trust::make(trust().genesis(), {}, bytes);
            break;
        case 2:
            (void)verify::Trust::make(trust().genesis(), {Bytes(bytes)}, {});
            break;
        default:
            check_parts(bytes);
            break;
    }
    return 0;
}
