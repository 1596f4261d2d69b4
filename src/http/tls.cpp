// SPDX-License-Identifier: Apache-2.0
#include "http/tls.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "http/pem.hpp"
#include "http/tls_peer.hpp"
#include "http/tls_socket.hpp"

namespace consilium::http {
namespace {

bool add_extension(X509* certificate, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Names go into OpenSSL's configuration syntax, so that nothing but the characters of host names
// and addresses may pass.
bool is_host(const std::string& name, bool address) {
    if (name.empty() || name.size() > 253) return false;
    return std::all_of(name.begin(), name.end(), [address](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '*' || (address && c == ':');
    });
}

std::optional<std::string> alternative_names(const CertificateRequest& request) {
    std::string out;
    for (const auto& name : request.dns_names) {
        if (!is_host(name, false)) return std::nullopt;
        out += (out.empty() ? "DNS:" : ",DNS:") + name;
    }
    for (const auto& address : request.addresses) {
        if (!is_host(address, true)) return std::nullopt;
        out += (out.empty() ? "IP:" : ",IP:") + address;
    }
    return out;
}

bool set_subject(X509* certificate, const CertificateRequest& request) {
    X509_NAME* name = X509_get_subject_name(certificate);
    const auto* text = reinterpret_cast<const unsigned char*>(request.common_name.data());
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text,
                                      static_cast<int>(request.common_name.size()), -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1;
}

bool set_serial_and_times(X509* certificate, unsigned days) {
    std::array<unsigned char, 16> serial{};
    if (RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) return false;
    serial[0] &= 0x7fU;
    const Owned<BIGNUM, BN_free> number(BN_bin2bn(serial.data(), serial.size(), nullptr));
    return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) &&
           // An hour back, for peers whose clocks are behind.
           X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), static_cast<long>(days) * 86'400);
}

Owned<X509, X509_free> read_certificate(const std::string& pem) {
    const Owned<BIO, BIO_free_all> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return Owned<X509, X509_free>(in ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)
                                     : nullptr);
}

std::optional<UnixMs> unix_ms(const ASN1_TIME* time) {
    const Owned<ASN1_TIME, ASN1_TIME_free> epoch(ASN1_TIME_set(nullptr, 0));
    int days = 0;
    int seconds = 0;
    if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1 || days < 0 ||
        seconds < 0)
        return std::nullopt;
    return UnixMs{
        (static_cast<std::uint64_t>(days) * 86'400 + static_cast<std::uint64_t>(seconds)) * 1000};
}

}  // namespace

std::optional<Certificate> make_self_signed(const CertificateRequest& request) {
    if (request.common_name.empty() || request.common_name.size() > 64 || request.days == 0 ||
        request.days > 3650) {
        return std::nullopt;
    }
    const auto names = alternative_names(request);
    const Owned<EVP_PKEY, EVP_PKEY_free> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    const Owned<X509, X509_free> certificate(X509_new());
    if (!names || !key || !certificate) return std::nullopt;
    X509* x = certificate.get();
    const bool made = X509_set_version(x, 2) == 1 && set_serial_and_times(x, request.days) &&
                      set_subject(x, request) && X509_set_pubkey(x, key.get()) == 1 &&
                      add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
                      add_extension(x, NID_key_usage, "critical,digitalSignature") &&
                      add_extension(x, NID_ext_key_usage, "serverAuth,clientAuth") &&
                      (names->empty() || add_extension(x, NID_subject_alt_name, *names)) &&
                      X509_sign(x, key.get(), EVP_sha256()) > 0;
    if (!made) return std::nullopt;
    const Owned<BIO, BIO_free_all> out(BIO_new(BIO_s_mem()));
    if (!out || PEM_write_bio_X509(out.get(), x) != 1) return std::nullopt;
    auto key_pem = private_key_to_pem(key.get());
    if (!key_pem) return std::nullopt;
    return Certificate{bio_text(out.get()), std::move(*key_pem)};
}

std::optional<Hash32> tls_key_sha256(const std::string& certificate_pem) {
    const auto certificate = read_certificate(certificate_pem);
    if (!certificate) return std::nullopt;
    return detail::key_sha256_of(certificate.get());
}

bool is_certificate_of(const std::string& certificate_pem, const std::string& private_key_pem) {
    return detail::make_server_context(certificate_pem, private_key_pem) != nullptr;
}

std::optional<CertificateTimes> certificate_times(const std::string& certificate_pem) {
    const auto certificate = read_certificate(certificate_pem);
    if (!certificate) return std::nullopt;
    const auto from = unix_ms(X509_get0_notBefore(certificate.get()));
    const auto until = unix_ms(X509_get0_notAfter(certificate.get()));
    if (!from || !until) return std::nullopt;
    return CertificateTimes{*from, *until};
}

}  // namespace consilium::http
