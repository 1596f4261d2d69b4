// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "consilium/v1/ledger.pb.h"
#include "crypto/sign.hpp"
#include "ledger/ids.hpp"

namespace consilium::ledger {

// Why bytes are not a transaction. All of these are final: no state can make the bytes right.
enum class TransactionError {
    kTooLarge,            // over limits::kTransactionBytesMax
    kEncoding,            // not the canonical encoding of Transaction
    kBodyEncoding,        // its body is not the canonical encoding of Body
    kNoActor,             // actor absent
    kUserLength,          // Actor.user is not 16 bytes
    kRole,                // Actor.role is unspecified
    kNonceLength,         // nonce is not 16 bytes
    kNoNotAfter,          // not_after_unix_ms is 0
    kNoCommand,           // no command
    kTooManyCommands,     // over limits::kCommandsPerTransactionMax
    kContract,            // Command.contract is 0
    kNoPayload,           // Command.payload is empty
    kTooManySignatures,   // over limits::kPersonalSignaturesMax
    kSignatureAlgorithm,  // unspecified
    kPublicKeyLength,     // not the length of a key of that algorithm
    kSignatureLength,     // not 64 bytes
    kSignatureOrder,      // not strictly ascending by (algorithm, public key)
};

[[nodiscard]] const char* to_string(TransactionError error);

struct PersonalSignatureView {
    crypto::Algorithm algorithm = crypto::Algorithm::kEd25519;
    BytesView public_key;
    BytesView signature;
};

struct CommandView {
    std::uint32_t contract = 0;
    BytesView payload;
};

// A decoded transaction. The views point into the bytes that were decoded and live as long as they.
struct TransactionView {
    BytesView bytes;  // all of it
    BytesView body;   // as a person signs it
    BytesView user;   // 16 bytes
    v1::Role role = v1::ROLE_UNSPECIFIED;
    BytesView nonce;  // 16 bytes
    UnixMs not_after;
    std::vector<CommandView> commands;                       // 1..64
    std::vector<PersonalSignatureView> personal_signatures;  // 0..8
};

// Decodes and checks everything that the bytes alone can tell: the strict grammar of
// docs/formats/wire.md in Transaction, Body and their parts, lengths and limits. Signatures are not
// verified here and payloads are their contracts' business. Copies nothing. Pure; thread-safe.
[[nodiscard]] Result<TransactionView, TransactionError> decode_transaction(BytesView bytes);

// Encodes a transaction for `member_id`, signed personally with `signers` (any order, may be none).
// The body is taken as it is: decode_transaction tells whether it is a good one.
[[nodiscard]] Bytes make_transaction(const NetworkId& network, BytesView member_id,
                                     const v1::Body& body,
                                     std::span<const crypto::SigningKey* const> signers = {});

}  // namespace consilium::ledger
