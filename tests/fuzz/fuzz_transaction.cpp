// SPDX-License-Identifier: Apache-2.0
// What decode_transaction takes is the canonical encoding of a Transaction and of a Body by the
// generic check too, within every limit, and its views say what the parsed messages say.
#include <cstdint>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "consilium/v1/ledger.pb.h"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace consilium;
    const BytesView bytes(reinterpret_cast<const char*>(data), size);
    const auto view = ledger::decode_transaction(bytes);
    if (!view) return 0;
    v1::Transaction transaction;
    v1::Body body;
    CONSILIUM_ASSERT(proto::parse_canonical(bytes, transaction).ok());
    CONSILIUM_ASSERT(proto::parse_canonical(transaction.body(), body).ok());
    CONSILIUM_ASSERT(proto::encode(transaction) == bytes && view->bytes == bytes);
    CONSILIUM_ASSERT(view->body == transaction.body());
    CONSILIUM_ASSERT(view->user == body.actor().user() && view->user.size() == 16);
    CONSILIUM_ASSERT(view->role == body.actor().role() && view->role != v1::ROLE_UNSPECIFIED);
    CONSILIUM_ASSERT(view->nonce == body.nonce() && view->nonce.size() == 16);
    CONSILIUM_ASSERT(view->not_after.value == body.not_after_unix_ms());
    CONSILIUM_ASSERT(size <= limits::kTransactionBytesMax);
    CONSILIUM_ASSERT(view->commands.size() == static_cast<std::size_t>(body.commands_size()));
    CONSILIUM_ASSERT(!view->commands.empty() &&
                     view->commands.size() <= limits::kCommandsPerTransactionMax);
    for (int i = 0; i < body.commands_size(); ++i) {
        const auto& command = view->commands[static_cast<std::size_t>(i)];
        CONSILIUM_ASSERT(command.contract == body.commands(i).contract());
        CONSILIUM_ASSERT(command.payload == body.commands(i).payload());
    }
    const int signatures = transaction.personal_signatures_size();
    CONSILIUM_ASSERT(view->personal_signatures.size() == static_cast<std::size_t>(signatures));
    CONSILIUM_ASSERT(view->personal_signatures.size() <= limits::kPersonalSignaturesMax);
    for (int i = 0; i < signatures; ++i) {
        const auto& signature = view->personal_signatures[static_cast<std::size_t>(i)];
        CONSILIUM_ASSERT(signature.public_key == transaction.personal_signatures(i).public_key());
        CONSILIUM_ASSERT(signature.signature == transaction.personal_signatures(i).signature());
    }
    return 0;
}
