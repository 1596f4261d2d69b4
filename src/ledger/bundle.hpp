// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/sign.hpp"
#include "ledger/ids.hpp"

namespace consilium::ledger {

// Why bytes are not a bundle. All of these are final: no state can make the bytes right.
enum class BundleError {
    kTooLarge,              // over limits::kBundleBytesMax (an item: kItemBytesMax)
    kItemEncoding,          // not the canonical encoding of Item
    kNoBundle,              // an item without a bundle
    kEncoding,              // not the canonical encoding of Bundle
    kHeaderEncoding,        // its header is not the canonical encoding of BundleHeader
    kMemberId,              // not a member id
    kKeyId,                 // key_id is 0
    kSequence,              // sequence is 0
    kNotAfter,              // not_after_unix_ms is 0
    kCount,                 // count is not the number of transactions
    kNoTransaction,         // a bundle of none
    kTooManyTransactions,   // over limits::kTransactionsPerBundleMax
    kRootLength,            // transactions_root is not 32 bytes
    kSignatureLength,       // not 64 bytes
    kTransaction,           // a transaction that decode_transaction refuses
    kDuplicateTransaction,  // the same transaction twice
    kTooManySignatures,     // over limits::kPersonalSignaturesPerBundleMax in all its transactions
    kTransactionsRoot,      // not the root of these transactions in this network
};

[[nodiscard]] const char* to_string(BundleError error);

// The envelope of a bundle. The views point into the bytes that were decoded.
struct BundleView {
    BytesView header;  // as signed
    BytesView signature;
    BytesView member_id;
    std::uint32_t key_id = 0;
    std::uint64_t sequence = 0;
    UnixMs not_after;
    Hash32 transactions_root;
    std::vector<BytesView> transactions;  // 1..4096, not decoded
};

// Decodes the envelope: grammar, lengths, limits. The transactions are not looked into, so the last
// four errors do not come from here (execution/checked_bundle.hpp completes them). Copies nothing.
[[nodiscard]] Result<BundleView, BundleError> decode_bundle(BytesView bytes);

// The same for an Item, which is what consensus orders.
[[nodiscard]] Result<BundleView, BundleError> decode_item(BytesView bytes);

struct BundleFields {
    MemberId member_id;
    std::uint32_t key_id = 1;
    std::uint64_t sequence = 1;
    UnixMs not_after;
};

// Encodes and signs a bundle. Whoever builds one keeps within the limits of decode_bundle.
[[nodiscard]] Bytes make_bundle(const NetworkId& network, const BundleFields& fields,
                                std::span<const Bytes> transactions, const crypto::SigningKey& key);

// Wraps a bundle's bytes for consensus.
[[nodiscard]] Bytes make_item(BytesView bundle);

}  // namespace consilium::ledger
