// SPDX-License-Identifier: Apache-2.0
#include "ledger/transaction.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "ledger/hashes.hpp"
#include "ledger/wire_fields.hpp"
#include "proto/canonical.hpp"

namespace consilium::ledger {
namespace {

constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kSignatureBytes = 64;

using Decoded = Result<TransactionView, TransactionError>;

constexpr std::size_t public_key_bytes(crypto::Algorithm algorithm) {
    return algorithm == crypto::Algorithm::kEd25519 ? 32 : 33;
}

// A signature as it stands on the wire; the algorithm is not an enumerator's value yet.
struct RawSignature {
    std::uint32_t algorithm = 0;
    BytesView public_key;
    BytesView signature;
};

bool read_signature(BytesView bytes, RawSignature& out) {
    WireFields fields(bytes);
    while (fields.next()) {
        switch (fields.number()) {
            case 1:
                if (fields.u32(out.algorithm) &&
                    (out.algorithm > 0x7fffffffU ||
                     !v1::Algorithm_IsValid(static_cast<int>(out.algorithm))))
                    fields.refuse();
                break;
            case 2:
                fields.bytes(out.public_key);
                break;
            case 3:
                fields.bytes(out.signature);
                break;
            default:
                fields.refuse();
        }
    }
    return fields.ok();
}

bool read_transaction(BytesView bytes, TransactionView& out, std::vector<RawSignature>& raw) {
    WireFields fields(bytes);
    while (fields.next()) {
        BytesView nested;
        switch (fields.number()) {
            case 1:
                fields.bytes(out.body);
                break;
            case 2:
                raw.emplace_back();
                if (fields.repeated(nested) && !read_signature(nested, raw.back())) fields.refuse();
                break;
            default:
                fields.refuse();
        }
    }
    return fields.ok();
}

bool read_actor(BytesView bytes, TransactionView& out) {
    WireFields fields(bytes);
    while (fields.next()) {
        std::uint32_t role = 0;
        switch (fields.number()) {
            case 1:
                fields.bytes(out.user);
                break;
            case 2:
                if (!fields.u32(role)) break;
                if (role > 0x7fffffffU || !v1::Role_IsValid(static_cast<int>(role))) {
                    fields.refuse();
                    break;
                }
                out.role = static_cast<v1::Role>(role);
                break;
            default:
                fields.refuse();
        }
    }
    return fields.ok();
}

bool read_command(BytesView bytes, CommandView& out) {
    WireFields fields(bytes);
    while (fields.next()) {
        switch (fields.number()) {
            case 1:
                fields.u32(out.contract);
                break;
            case 2:
                fields.bytes(out.payload);
                break;
            default:
                fields.refuse();
        }
    }
    return fields.ok();
}

bool read_body(BytesView bytes, TransactionView& out, bool& has_actor) {
    WireFields fields(bytes);
    while (fields.next()) {
        BytesView nested;
        switch (fields.number()) {
            case 1:
                has_actor = true;
                if (fields.message(nested) && !read_actor(nested, out)) fields.refuse();
                break;
            case 2:
                fields.bytes(out.nonce);
                break;
            case 3:
                fields.u64(out.not_after.value);
                break;
            case 4:
                out.commands.emplace_back();
                if (fields.repeated(nested) && !read_command(nested, out.commands.back()))
                    fields.refuse();
                break;
            default:
                fields.refuse();
        }
    }
    return fields.ok();
}

Status<TransactionError> check_body(const TransactionView& transaction, bool has_actor) {
    if (!has_actor) return fail(TransactionError::kNoActor);
    if (transaction.user.size() != kIdBytes) return fail(TransactionError::kUserLength);
    if (transaction.role == v1::ROLE_UNSPECIFIED) return fail(TransactionError::kRole);
    if (transaction.nonce.size() != kIdBytes) return fail(TransactionError::kNonceLength);
    if (transaction.not_after.value == 0) return fail(TransactionError::kNoNotAfter);
    if (transaction.commands.empty()) return fail(TransactionError::kNoCommand);
    if (transaction.commands.size() > limits::kCommandsPerTransactionMax)
        return fail(TransactionError::kTooManyCommands);
    for (const CommandView& command : transaction.commands) {
        if (command.contract == 0) return fail(TransactionError::kContract);
        if (command.payload.empty()) return fail(TransactionError::kNoPayload);
    }
    return Done{};
}

Status<TransactionError> take_signatures(const std::vector<RawSignature>& raw,
                                         std::vector<PersonalSignatureView>& out) {
    if (raw.size() > limits::kPersonalSignaturesMax)
        return fail(TransactionError::kTooManySignatures);
    for (const RawSignature& from : raw) {
        const auto algorithm = crypto::algorithm_from_id(from.algorithm);
        if (!algorithm) return fail(TransactionError::kSignatureAlgorithm);
        if (from.public_key.size() != public_key_bytes(*algorithm))
            return fail(TransactionError::kPublicKeyLength);
        if (from.signature.size() != kSignatureBytes)
            return fail(TransactionError::kSignatureLength);
        if (!out.empty() && std::pair(out.back().algorithm, out.back().public_key) >=
                                std::pair(*algorithm, from.public_key))
            return fail(TransactionError::kSignatureOrder);
        out.push_back({*algorithm, from.public_key, from.signature});
    }
    return Done{};
}

}  // namespace

Decoded decode_transaction(BytesView bytes) {
    if (bytes.size() > limits::kTransactionBytesMax) return fail(TransactionError::kTooLarge);
    TransactionView out;
    std::vector<RawSignature> raw;
    out.bytes = bytes;
    if (!read_transaction(bytes, out, raw)) return fail(TransactionError::kEncoding);
    bool has_actor = false;
    if (!read_body(out.body, out, has_actor)) return fail(TransactionError::kBodyEncoding);
    if (const auto good = check_body(out, has_actor); !good) return fail(good.error());
    if (!raw.empty()) {
        if (const auto good = take_signatures(raw, out.personal_signatures); !good)
            return fail(good.error());
    }
    return out;
}

Bytes make_transaction(const NetworkId& network, BytesView member_id, const v1::Body& body,
                       std::span<const crypto::SigningKey* const> signers) {
    v1::Transaction transaction;
    transaction.set_body(proto::encode(body));
    std::vector<const crypto::SigningKey*> sorted(signers.begin(), signers.end());
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
        return std::pair(a->algorithm(), BytesView(a->public_key())) <
               std::pair(b->algorithm(), BytesView(b->public_key()));
    });
    const Hash32 digest = personal_digest(network, member_id, transaction.body());
    for (const crypto::SigningKey* key : sorted) {
        auto& signature = *transaction.add_personal_signatures();
        signature.set_algorithm(static_cast<v1::Algorithm>(key->algorithm()));
        signature.set_public_key(key->public_key());
        signature.set_signature(key->sign(digest.view()));
    }
    return proto::encode(transaction);
}

const char* to_string(TransactionError error) {
    switch (error) {
        case TransactionError::kTooLarge:
            return "transaction over 64 KiB";
        case TransactionError::kEncoding:
            return "not the canonical encoding of a transaction";
        case TransactionError::kBodyEncoding:
            return "body is not the canonical encoding of a body";
        case TransactionError::kNoActor:
            return "no actor";
        case TransactionError::kUserLength:
            return "user id is not 16 bytes";
        case TransactionError::kRole:
            return "no role";
        case TransactionError::kNonceLength:
            return "nonce is not 16 bytes";
        case TransactionError::kNoNotAfter:
            return "no not_after";
        case TransactionError::kNoCommand:
            return "no command";
        case TransactionError::kTooManyCommands:
            return "more than 64 commands";
        case TransactionError::kContract:
            return "a command names no contract";
        case TransactionError::kNoPayload:
            return "a command has no payload";
        case TransactionError::kTooManySignatures:
            return "more than 8 personal signatures";
        case TransactionError::kSignatureAlgorithm:
            return "a personal signature names no algorithm";
        case TransactionError::kPublicKeyLength:
            return "a personal signature's key has the wrong length";
        case TransactionError::kSignatureLength:
            return "a personal signature is not 64 bytes";
        case TransactionError::kSignatureOrder:
            return "personal signatures are not ascending by key";
    }
    return "unknown";
}

}  // namespace consilium::ledger
