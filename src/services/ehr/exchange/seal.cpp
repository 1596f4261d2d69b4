// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/seal.hpp"

#include <set>

#include "formats/json/parse.hpp"
#include "ledger/commitment.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/rows.hpp"
#include "vault/sealed.hpp"

namespace consilium::services::ehr::exchange {
namespace {

Bytes seal_all(const ledger::NetworkId& network, const DocumentToSend& document) {
    Bytes out;
    out.reserve(vault::sealed_size(document.plaintext.size()));
    vault::SealStream stream(network, document.name, document.secret.key.view(),
                             [&out](BytesView bytes) {
                                 out += bytes;
                                 return true;
                             });
    CONSILIUM_ASSERT(stream.update(document.plaintext).ok());
    CONSILIUM_ASSERT(stream.finish().ok());
    return out;
}

std::optional<Bytes> open_all(const ledger::NetworkId& network, const vault::DocumentName& name,
                              BytesView key, BytesView sealed) {
    Bytes out;
    vault::OpenStream stream(network, name, key, [&out](BytesView bytes) {
        out += bytes;
        return true;
    });
    if (!stream.update(sealed) || !stream.finish()) return std::nullopt;
    return out;
}

// What a reader would go by is what the entry says.
bool is_resource(const Bytes& plaintext, const v1::DisclosedDocument& entry) {
    const auto parsed = formats::json::parse(plaintext, vault::kDocumentBytesMax);
    if (!parsed) return false;
    const auto* type = parsed->root().find("resourceType");
    const auto* id = parsed->root().find("id");
    return type != nullptr && id != nullptr && type->is_string() && id->is_string() &&
           type->string() == entry.resource_type() && id->string() == entry.resource_id();
}

Result<OpenedDocument, DeliveryCheck> open_document(const ledger::NetworkId& network,
                                                    crypto::hpke::Context& context,
                                                    const v1::DeliveredDocument& document) {
    OpenedDocument out;
    auto entry = decode_row<v1::DisclosedDocument>(document.entry());
    vault::DocumentName name;
    if (!entry || !assign(name.record, entry->record_id()) || entry->version() == 0)
        return fail(DeliveryCheck::kEntries);
    name.version = entry->version();
    const auto secret = context.open(document.entry(), document.secret());
    if (!secret || secret->size() != vault::kDocumentKeyBytes + vault::kSaltBytes)
        return fail(DeliveryCheck::kSealed);
    const BytesView key = secret->view().substr(0, vault::kDocumentKeyBytes);
    auto plaintext = open_all(network, name, key, document.sealed());
    if (!plaintext) return fail(DeliveryCheck::kSealed);
    out.entry = std::move(*entry);
    out.salt = Bytes(secret->view().substr(vault::kDocumentKeyBytes));
    out.plaintext = std::move(*plaintext);
    if (out.entry.size() != out.plaintext.size() ||
        out.entry.commitment() != ledger::document_commitment(out.salt, out.plaintext).view())
        return fail(DeliveryCheck::kDocument);
    if (!is_resource(out.plaintext, out.entry)) return fail(DeliveryCheck::kResource);
    return out;
}

}  // namespace

std::optional<DeliverySealer> DeliverySealer::start(const ledger::NetworkId& network,
                                                    BytesView reply_key,
                                                    v1::RecordDelivery& delivery) {
    const Hash32 info = delivery_info(network, delivery.header());
    auto sender =
        crypto::hpke::start_sender(crypto::Aead::kAes256Gcm, reply_key, {info.view(), {}});
    if (!sender) return std::nullopt;
    delivery.set_encapsulated(sender->encapsulated);
    return DeliverySealer(network, std::move(sender->context), delivery);
}

void DeliverySealer::add(const DocumentToSend& document) {
    crypto::SecretBytes secret(Bytes(document.secret.key.view()) +
                               Bytes(document.secret.salt.view()));
    v1::DeliveredDocument& out = *delivery_->add_documents();
    out.set_entry(document.entry);
    out.set_secret(context_.seal(document.entry, secret.view()));
    out.set_sealed(seal_all(network_, document));
}

Result<std::vector<OpenedDocument>, DeliveryCheck> open_documents(
    const ledger::NetworkId& network, const crypto::hpke::KeyPair& reply_key,
    const v1::RecordDelivery& delivery) {
    const Hash32 info = delivery_info(network, delivery.header());
    auto context = crypto::hpke::start_recipient(crypto::Aead::kAes256Gcm, reply_key,
                                                 delivery.encapsulated(), {info.view(), {}});
    if (!context) return fail(DeliveryCheck::kSealed);
    std::vector<OpenedDocument> out;
    std::set<std::pair<std::string, std::string>> seen;
    for (const v1::DeliveredDocument& document : delivery.documents()) {
        auto opened = open_document(network, *context, document);
        if (!opened) return fail(opened.error());
        if (!seen.emplace(opened->entry.resource_type(), opened->entry.resource_id()).second)
            return fail(DeliveryCheck::kEntries);
        out.push_back(std::move(opened).value());
    }
    return out;
}

}  // namespace consilium::services::ehr::exchange
