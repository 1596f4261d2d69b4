// SPDX-License-Identifier: Apache-2.0
#include "vault/key_wrap.hpp"

#include "base/assert.hpp"
#include "crypto/x25519.hpp"

namespace consilium::vault {
namespace {

constexpr BytesView kTag = "consilium/document-key/1";

void append_short(Bytes& out, BytesView part) {
    out.push_back(static_cast<char>(part.size()));
    out += part;
}

Bytes info_of(const Route& route) {
    CONSILIUM_ASSERT(ledger::is_member_id(route.sender) && ledger::is_member_id(route.recipient));
    Bytes out;
    append_short(out, kTag);
    out += route.network.view();
    append_short(out, route.sender);
    append_short(out, route.recipient);
    out += route.document.record.view();
    append_be32(out, route.document.version);
    return out;
}

}  // namespace

std::optional<Bytes> wrap_document_key(const Route& route, const DocumentSecret& secret,
                                       BytesView sender_secret_key, BytesView recipient) {
    const Bytes info = info_of(route);
    auto sender =
        crypto::hpke::start_sender(crypto::Aead::kAes256Gcm, recipient, {info, sender_secret_key});
    if (!sender) return std::nullopt;
    Bytes plaintext(secret.key.view());
    plaintext.append(secret.salt.view());
    const Bytes sealed = sender->context.seal({}, plaintext);
    crypto::wipe(plaintext);
    CONSILIUM_ASSERT(sender->encapsulated.size() + sealed.size() == kWrappedKeyBytes);
    return sender->encapsulated + sealed;
}

std::optional<DocumentSecret> unwrap_document_key(const Route& route, BytesView wrapped,
                                                  const crypto::hpke::KeyPair& own,
                                                  BytesView sender) {
    if (wrapped.size() != kWrappedKeyBytes || sender.size() != crypto::x25519::kKeyBytes)
        return std::nullopt;
    const Bytes info = info_of(route);
    auto context =
        crypto::hpke::start_recipient(crypto::Aead::kAes256Gcm, own,
                                      wrapped.substr(0, crypto::x25519::kKeyBytes), {info, sender});
    if (!context) return std::nullopt;
    const auto opened = context->open({}, wrapped.substr(crypto::x25519::kKeyBytes));
    if (!opened) return std::nullopt;
    return DocumentSecret{crypto::SecretBytes(opened->view().substr(0, kDocumentKeyBytes)),
                          crypto::SecretBytes(opened->view().substr(kDocumentKeyBytes))};
}

}  // namespace consilium::vault
