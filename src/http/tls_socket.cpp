// SPDX-License-Identifier: Apache-2.0
#include "http/tls_socket.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/assert.hpp"
#include "http/pem.hpp"

namespace consilium::http::detail {
namespace {

// How much one system call reads.
constexpr std::size_t kReadBufferBytes = 64U * 1024U;

int choose_http_1_1(SSL*, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* in, unsigned int in_length, void*) {
    static constexpr unsigned char kProtocols[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    const int found = SSL_select_next_proto(&chosen, out_length, kProtocols, sizeof kProtocols - 1,
                                            in, in_length);
    *out = chosen;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool use_certificate(SSL_CTX* context, const std::string& pem) {
    const Owned<BIO, BIO_free_all> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const Owned<X509, X509_free> first(in ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)
                                          : nullptr);
    if (!first || SSL_CTX_use_certificate(context, first.get()) != 1) return false;
    while (X509* next = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
        // The context owns it from here.
        if (SSL_CTX_add_extra_chain_cert(context, next) != 1) {
            X509_free(next);
            return false;
        }
    }
    ERR_clear_error();
    return true;
}

bool use_key(SSL_CTX* context, const std::string& pem) {
    const Owned<BIO, BIO_free_all> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const Owned<EVP_PKEY, EVP_PKEY_free> key(
        in ? PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr) : nullptr);
    return key && SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
           SSL_CTX_check_private_key(context) == 1;
}

}  // namespace

void FreeContext::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}
void FreeSession::operator()(ssl_st* session) const {
    SSL_free(session);
}

TlsContext make_server_context(const std::string& certificate_pem,
                               const std::string& private_key_pem, const NameOfKey* name_of) {
    TlsContext context(SSL_CTX_new(TLS_server_method()));
    if (!context) return nullptr;
    SSL_CTX* c = context.get();
    const bool made = SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) == 1 &&
                      SSL_CTX_set_max_proto_version(c, TLS1_3_VERSION) == 1 &&
                      // AES first: every server processor has instructions for it.
                      SSL_CTX_set_ciphersuites(c,
                                               "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                               "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
                      use_certificate(c, certificate_pem) && use_key(c, private_key_pem) &&
                      SSL_CTX_set_num_tickets(c, 1) == 1;
    if (!made) return nullptr;
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(c, 1);
    SSL_CTX_set_default_read_buffer_len(c, kReadBufferBytes);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(c, choose_http_1_1, nullptr);
    if (name_of != nullptr && !trust_known_keys(c, name_of)) return nullptr;
    return context;
}

TlsSocket::TlsSocket(SSL_CTX* context, int fd) : ssl_(SSL_new(context)), fd_(fd) {
    CONSILIUM_ASSERT(ssl_ != nullptr);
    BIO* in = BIO_new_socket(fd, BIO_NOCLOSE);
    out_ = BIO_new(BIO_s_mem());
    CONSILIUM_ASSERT(in != nullptr && out_ != nullptr);
    SSL_set_bio(ssl_.get(), in, out_);
}

TlsSocket::Result TlsSocket::accept() {
    ERR_clear_error();
    const int result = SSL_accept(ssl_.get());
    if (result == 1) return Result::kDone;
    return SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ ? Result::kWantRead
                                                                    : Result::kClosed;
}

TlsSocket::Result TlsSocket::read(char* to, std::size_t size, std::size_t& got) {
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), to, size, &got);
    if (result == 1) return Result::kDone;
    return SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ ? Result::kWantRead
                                                                    : Result::kClosed;
}

bool TlsSocket::write(std::string_view bytes) {
    while (!bytes.empty()) {
        ERR_clear_error();
        std::size_t written = 0;
        if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) != 1) return false;
        bytes.remove_prefix(written);
    }
    return true;
}

TlsSocket::Result TlsSocket::flush() {
    char* data = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(out_, &data));
    CONSILIUM_ASSERT(sent_ <= size);
    while (sent_ < size) {
        const auto n = ::send(fd_, data + sent_, size - sent_, MSG_NOSIGNAL);
        if (n > 0) {
            sent_ += static_cast<std::size_t>(n);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return Result::kWantWrite;
        } else if (errno != EINTR) {
            return Result::kClosed;
        }
    }
    if (size != 0) BIO_reset(out_);
    sent_ = 0;
    return Result::kDone;
}

std::size_t TlsSocket::waiting() const {
    return static_cast<std::size_t>(BIO_pending(out_)) - sent_;
}

const std::string& TlsSocket::peer() const {
    return name_of_peer(ssl_.get());
}

void TlsSocket::shutdown() {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
}

}  // namespace consilium::http::detail
