// SPDX-License-Identifier: Apache-2.0
#include "http/tls_peer.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

#include "base/assert.hpp"
#include "crypto/hash.hpp"

namespace consilium::http::detail {
namespace {

// Called when a connection goes; what it holds goes with it.
void free_name(void*, void* name, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<std::string*>(name);
}

int name_index() {
    static const int kIndex = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_name);
    CONSILIUM_ASSERT(kIndex >= 0);
    return kIndex;
}

bool is_in_its_time(const X509* certificate) {
    return X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
           X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

// In place of OpenSSL's building of chains.
int check_key(X509_STORE_CTX* store, void* argument) {
    const auto& name_of = *static_cast<const NameOfKey*>(argument);
    X509* certificate = X509_STORE_CTX_get0_cert(store);
    auto* ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    if (certificate == nullptr || ssl == nullptr) return 0;
    if (!is_in_its_time(certificate)) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_HAS_EXPIRED);
        return 0;
    }
    const auto key = key_sha256_of(certificate);
    auto name = key ? name_of(*key) : std::nullopt;
    if (!name) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
        return 0;
    }
    auto kept = std::make_unique<std::string>(std::move(*name));
    delete static_cast<std::string*>(SSL_get_ex_data(ssl, name_index()));
    const bool stored = SSL_set_ex_data(ssl, name_index(), kept.get()) == 1;
    if (stored) (void)kept.release();
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return stored ? 1 : 0;
}

}  // namespace

std::optional<Hash32> key_sha256_of(x509_st* certificate) {
    unsigned char* der = nullptr;
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (length <= 0) return std::nullopt;
    const auto out =
        crypto::sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(length)});
    OPENSSL_free(der);
    return out;
}

bool trust_known_keys(SSL_CTX* context, const NameOfKey* name_of) {
    CONSILIUM_ASSERT(name_of != nullptr && *name_of != nullptr);
    (void)name_index();
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // OpenSSL takes a pointer to what is not const and hands it back to us alone.
    SSL_CTX_set_cert_verify_callback(context, check_key, const_cast<NameOfKey*>(name_of));
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    return SSL_CTX_set_num_tickets(context, 0) == 1;
}

const std::string& name_of_peer(const SSL* ssl) {
    static const std::string kNobody;
    const auto* name = static_cast<const std::string*>(SSL_get_ex_data(ssl, name_index()));
    return name == nullptr ? kNobody : *name;
}

}  // namespace consilium::http::detail
