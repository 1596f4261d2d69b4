// SPDX-License-Identifier: Apache-2.0
// What decode_item takes is the canonical encoding of an Item, a Bundle and a BundleHeader by the
// generic check too, and its views say what the parsed messages say.
#include <cstdint>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "consilium/v1/ledger.pb.h"
#include "ledger/bundle.hpp"
#include "proto/canonical.hpp"

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace consilium;
    const BytesView bytes(reinterpret_cast<const char*>(data), size);
    const auto view = ledger::decode_item(bytes);
    if (!view) return 0;
    v1::Item item;
    v1::Bundle bundle;
    v1::BundleHeader header;
    CONSILIUM_ASSERT(proto::parse_canonical(bytes, item).ok());
    CONSILIUM_ASSERT(proto::parse_canonical(item.bundle(), bundle).ok());
    CONSILIUM_ASSERT(proto::parse_canonical(bundle.header(), header).ok());
    CONSILIUM_ASSERT(proto::encode(item) == bytes);
    CONSILIUM_ASSERT(ledger::make_item(item.bundle()) == bytes);
    CONSILIUM_ASSERT(ledger::decode_bundle(item.bundle()).ok());
    CONSILIUM_ASSERT(view->header == bundle.header() && view->signature == bundle.signature());
    CONSILIUM_ASSERT(view->signature.size() == 64);
    CONSILIUM_ASSERT(view->member_id == header.member_id());
    CONSILIUM_ASSERT(ledger::is_member_id(view->member_id));
    CONSILIUM_ASSERT(view->key_id == header.key_id() && view->key_id > 0);
    CONSILIUM_ASSERT(view->sequence == header.sequence() && view->sequence > 0);
    CONSILIUM_ASSERT(view->not_after.value == header.not_after_unix_ms());
    CONSILIUM_ASSERT(view->transactions_root.view() == header.transactions_root());
    CONSILIUM_ASSERT(view->transactions.size() == header.count());
    CONSILIUM_ASSERT(view->transactions.size() ==
                     static_cast<std::size_t>(bundle.transactions_size()));
    CONSILIUM_ASSERT(!view->transactions.empty() &&
                     view->transactions.size() <= limits::kTransactionsPerBundleMax);
    for (int i = 0; i < bundle.transactions_size(); ++i) {
        CONSILIUM_ASSERT(view->transactions[static_cast<std::size_t>(i)] == bundle.transactions(i));
    }
    return 0;
}
