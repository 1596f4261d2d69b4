// SPDX-License-Identifier: Apache-2.0
// Whatever passes the canonical check parses, and serialises to the very same bytes.
#include <cstdint>

#include "consilium/v1/documents.pb.h"
#include "consilium/v1/ehr.pb.h"
#include "consilium/v1/genesis.pb.h"
#include "consilium/v1/identity.pb.h"
#include "consilium/v1/ledger.pb.h"
#include "proto/canonical.hpp"

namespace {

template <typename Message>
void check(consilium::BytesView bytes) {
    Message message;
    if (!consilium::proto::parse_canonical(bytes, message)) return;
    CONSILIUM_ASSERT(consilium::proto::encode(message) == bytes);
}

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const consilium::BytesView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 6) {
        case 0:
            check<consilium::v1::Body>(bytes);
            break;
        case 1:
            check<consilium::v1::Bundle>(bytes);
            break;
        case 2:
            check<consilium::v1::DocumentsCommand>(bytes);
            break;
        case 4:
            check<consilium::v1::IdentityCommand>(bytes);
            break;
        case 5:
            check<consilium::v1::EhrCommand>(bytes);
            break;
        default:
            check<consilium::v1::GenesisState>(bytes);
            break;
    }
    return 0;
}
