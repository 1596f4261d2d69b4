// SPDX-License-Identifier: Apache-2.0
// What another member's node sends: nothing of it crashes, an opening that is taken is the one that
// was sent, nothing from outside opens under a key of ours, and no document that the rules cannot
// read leaves.
#include <cstdint>

#include "base/assert.hpp"
#include "proto/canonical.hpp"
#include "services/ehr/exchange/rows.hpp"
#include "services/ehr/exchange/rules.hpp"
#include "services/ehr/exchange/seal.hpp"

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace consilium;
    namespace ex = services::ehr::exchange;
    const BytesView bytes(reinterpret_cast<const char*>(data), size);
    static const crypto::hpke::KeyPair own = crypto::hpke::derive_key_pair(Bytes(32, 'r'));
    if (const auto message = ex::decode_row<v1::ExchangeMessage>(bytes)) {
        CONSILIUM_ASSERT(proto::encode(*message) == bytes);
        if (message->has_request()) {
            if (const auto request = ex::open_request(message->request()))
                CONSILIUM_ASSERT(proto::encode(request->opening) == message->request().opening());
        }
        if (message->has_delivery()) {
            const auto opened = ex::open_documents({}, own, message->delivery());
            CONSILIUM_ASSERT(!opened || opened->empty());
        }
    }
    const std::vector<std::string> patients{"p"};
    const auto verdict = ex::judge({"Condition", "c", patients, bytes}, "p");
    CONSILIUM_ASSERT(verdict != v1::VERDICT_SEND || bytes.find("Condition") != BytesView::npos);
    return 0;
}
