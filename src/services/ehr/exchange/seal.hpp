// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "base/result.hpp"
#include "consilium/v1/exchange.pb.h"
#include "crypto/hpke.hpp"
#include "services/ehr/exchange/checks.hpp"
#include "vault/document.hpp"

// The documents of one delivery, sealed to the reply key of the request that they answer: one HPKE
// context for all of them (RFC 9180: X25519, HKDF-SHA256, AES-256-GCM, mode base), because the
// ledger's commitments already say who sends what to whom. Each document goes sealed under its own
// key, as it is at rest. Pure but for fresh randomness.
namespace consilium::services::ehr::exchange {

// What a delivery may weigh as a message.
inline constexpr std::uint64_t kDeliveryBytesMax = 48ULL * 1024 * 1024;

struct DocumentToSend {
    Bytes entry;  // v1.DisclosedDocument
    vault::DocumentName name;
    Bytes plaintext;
    vault::DocumentSecret secret;
};

// Adds documents to `delivery`, whose header is set. Nothing when the key is none.
class DeliverySealer {
 public:
    [[nodiscard]] static std::optional<DeliverySealer> start(const ledger::NetworkId& network,
                                                             BytesView reply_key,
                                                             v1::RecordDelivery& delivery);
    void add(const DocumentToSend& document);

 private:
    DeliverySealer(const ledger::NetworkId& network, crypto::hpke::Context context,
                   v1::RecordDelivery& delivery)
        : network_(network), context_(std::move(context)), delivery_(&delivery) {}

    ledger::NetworkId network_;
    crypto::hpke::Context context_;
    v1::RecordDelivery* delivery_;
};

struct OpenedDocument {
    v1::DisclosedDocument entry;
    Bytes salt;
    Bytes plaintext;
};

// Every document, checked against its entry: commitment, size, resource type and id, none twice.
// kSealed, kDocument or kResource otherwise.
[[nodiscard]] Result<std::vector<OpenedDocument>, DeliveryCheck> open_documents(
    const ledger::NetworkId& network, const crypto::hpke::KeyPair& reply_key,
    const v1::RecordDelivery& delivery);

}  // namespace consilium::services::ehr::exchange
