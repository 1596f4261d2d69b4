// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"

namespace consilium::http {

struct Certificate {
    std::string certificate_pem;
    std::string private_key_pem;  // PKCS #8
};

struct CertificateRequest {
    std::string common_name;
    std::vector<std::string> dns_names;
    std::vector<std::string> addresses;  // IPv4 or IPv6
    unsigned days = 365;
};

// A self-signed certificate with a fresh P-256 key, for development and for networks that pin keys
// on the ledger. Nothing when a name or address is not one.
[[nodiscard]] std::optional<Certificate> make_self_signed(const CertificateRequest& request);

// SHA-256 of the certificate's SubjectPublicKeyInfo, which is what the ledger pins
// (v1::Node.tls_key_sha256). Nothing when the PEM is not a certificate.
[[nodiscard]] std::optional<Hash32> tls_key_sha256(const std::string& certificate_pem);

// Whether a server can show the certificate and prove that it holds its key: both are PEM, and they
// belong together.
[[nodiscard]] bool is_certificate_of(const std::string& certificate_pem,
                                     const std::string& private_key_pem);

// From when until when the certificate is valid, in whole seconds. Nothing when the PEM is not a
// certificate, or says a time before 1970.
struct CertificateTimes {
    UnixMs not_before;
    UnixMs not_after;
};
[[nodiscard]] std::optional<CertificateTimes> certificate_times(const std::string& certificate_pem);

}  // namespace consilium::http
