// SPDX-License-Identifier: Apache-2.0
#include "ledger/bundle.hpp"

#include "base/limits.hpp"
#include "consilium/v1/ledger.pb.h"
#include "ledger/hashes.hpp"
#include "ledger/wire_fields.hpp"
#include "proto/canonical.hpp"

namespace consilium::ledger {
namespace {

constexpr std::size_t kSignatureBytes = 64;

struct RawHeader {
    std::uint32_t count = 0;
    BytesView root;
};

// Protocol Buffers strings are UTF-8; a member id is ASCII, which is_member_id sees to, but the
// grammar comes first so that both decoders agree on which rule was broken.
bool read_header(BytesView bytes, BundleView& out, RawHeader& raw) {
    WireFields fields(bytes);
    while (fields.next()) {
        switch (fields.number()) {
            case 1:
                fields.bytes(out.member_id);
                break;
            case 2:
                fields.u32(out.key_id);
                break;
            case 3:
                fields.u64(out.sequence);
                break;
            case 4:
                fields.u64(out.not_after.value);
                break;
            case 5:
                fields.u32(raw.count);
                break;
            case 6:
                fields.bytes(raw.root);
                break;
            default:
                fields.refuse();
        }
    }
    return fields.ok();
}

// Stops at the first transaction over the limit, so that a hostile bundle costs no memory.
bool read_bundle(BytesView bytes, BundleView& out) {
    WireFields fields(bytes);
    while (fields.next()) {
        switch (fields.number()) {
            case 1:
                fields.bytes(out.header);
                break;
            case 2:
                fields.bytes(out.signature);
                break;
            case 3:
                if (out.transactions.size() > limits::kTransactionsPerBundleMax) return true;
                out.transactions.emplace_back();
                fields.repeated(out.transactions.back());
                break;
            default:
                fields.refuse();
        }
    }
    return fields.ok();
}

Status<BundleError> check_header(BundleView& bundle, const RawHeader& raw) {
    if (!is_member_id(bundle.member_id)) return fail(BundleError::kMemberId);
    if (bundle.key_id == 0) return fail(BundleError::kKeyId);
    if (bundle.sequence == 0) return fail(BundleError::kSequence);
    if (bundle.not_after.value == 0) return fail(BundleError::kNotAfter);
    if (raw.count != bundle.transactions.size()) return fail(BundleError::kCount);
    if (!assign(bundle.transactions_root, raw.root)) return fail(BundleError::kRootLength);
    return Done{};
}

}  // namespace

Result<BundleView, BundleError> decode_bundle(BytesView bytes) {
    if (bytes.size() > limits::kBundleBytesMax) return fail(BundleError::kTooLarge);
    BundleView out;
    if (!read_bundle(bytes, out)) return fail(BundleError::kEncoding);
    if (out.transactions.empty()) return fail(BundleError::kNoTransaction);
    if (out.transactions.size() > limits::kTransactionsPerBundleMax)
        return fail(BundleError::kTooManyTransactions);
    RawHeader raw;
    if (!read_header(out.header, out, raw)) return fail(BundleError::kHeaderEncoding);
    if (const auto good = check_header(out, raw); !good) return fail(good.error());
    if (out.signature.size() != kSignatureBytes) return fail(BundleError::kSignatureLength);
    return out;
}

Result<BundleView, BundleError> decode_item(BytesView bytes) {
    if (bytes.size() > limits::kItemBytesMax) return fail(BundleError::kTooLarge);
    BytesView bundle;
    bool found = false;
    WireFields fields(bytes);
    while (fields.next()) {
        if (fields.number() == 1) {
            found = fields.message(bundle);  // a oneof may hold its default, so it may be empty
        } else {
            fields.refuse();
        }
    }
    if (!fields.ok()) return fail(BundleError::kItemEncoding);
    if (!found) return fail(BundleError::kNoBundle);
    return decode_bundle(bundle);
}

Bytes make_bundle(const NetworkId& network, const BundleFields& fields,
                  std::span<const Bytes> transactions, const crypto::SigningKey& key) {
    std::vector<TransactionId> ids;
    ids.reserve(transactions.size());
    v1::Bundle bundle;
    for (const Bytes& transaction : transactions) {
        ids.push_back(transaction_id(network, fields.member_id, transaction));
        bundle.add_transactions(transaction);
    }
    v1::BundleHeader header;
    header.set_member_id(fields.member_id);
    header.set_key_id(fields.key_id);
    header.set_sequence(fields.sequence);
    header.set_not_after_unix_ms(fields.not_after.value);
    header.set_count(static_cast<std::uint32_t>(transactions.size()));
    header.set_transactions_root(transactions_root(ids).bytes());
    bundle.set_header(proto::encode(header));
    bundle.set_signature(key.sign(bundle_digest(network, bundle.header()).view()));
    return proto::encode(bundle);
}

Bytes make_item(BytesView bundle) {
    Bytes out;
    out.reserve(bundle.size() + 8);
    out.push_back('\x0a');
    std::size_t length = bundle.size();
    for (; length >= 0x80; length >>= 7U)
        out.push_back(static_cast<char>((length & 0x7fU) | 0x80U));
    out.push_back(static_cast<char>(length));
    out.append(bundle);
    return out;
}

const char* to_string(BundleError error) {
    switch (error) {
        case BundleError::kTooLarge:
            return "bundle over 1 MiB";
        case BundleError::kItemEncoding:
            return "not the canonical encoding of an item";
        case BundleError::kNoBundle:
            return "item without a bundle";
        case BundleError::kEncoding:
            return "not the canonical encoding of a bundle";
        case BundleError::kHeaderEncoding:
            return "header is not the canonical encoding of a bundle header";
        case BundleError::kMemberId:
            return "not a member id";
        case BundleError::kKeyId:
            return "no key id";
        case BundleError::kSequence:
            return "no sequence number";
        case BundleError::kNotAfter:
            return "no not_after";
        case BundleError::kCount:
            return "count is not the number of transactions";
        case BundleError::kNoTransaction:
            return "no transaction";
        case BundleError::kTooManyTransactions:
            return "more than 4,096 transactions";
        case BundleError::kRootLength:
            return "transactions root is not 32 bytes";
        case BundleError::kSignatureLength:
            return "signature is not 64 bytes";
        case BundleError::kTransaction:
            return "a transaction cannot be decoded";
        case BundleError::kDuplicateTransaction:
            return "a transaction stands twice";
        case BundleError::kTooManySignatures:
            return "more than 512 personal signatures";
        case BundleError::kTransactionsRoot:
            return "not the root of these transactions in this network";
    }
    return "unknown";
}

}  // namespace consilium::ledger
