// SPDX-License-Identifier: Apache-2.0
#include "http/tls.hpp"

#include <gtest/gtest.h>

#include "http/tls_socket.hpp"

namespace consilium::http {
namespace {

TEST(Tls, makes_certificates_that_a_server_takes) {
    const auto one = make_self_signed({"node one", {"localhost"}, {"127.0.0.1", "::1"}, 30});
    const auto two = make_self_signed({"node two", {}, {}, 1});
    ASSERT_TRUE(one && two);
    EXPECT_NE(detail::make_server_context(one->certificate_pem, one->private_key_pem), nullptr);
    EXPECT_EQ(detail::make_server_context(one->certificate_pem, two->private_key_pem), nullptr);
    EXPECT_EQ(detail::make_server_context("", ""), nullptr);
    EXPECT_EQ(detail::make_server_context(one->certificate_pem, "nonsense"), nullptr);
    EXPECT_TRUE(is_certificate_of(one->certificate_pem, one->private_key_pem));
    EXPECT_FALSE(is_certificate_of(two->certificate_pem, one->private_key_pem));
    EXPECT_FALSE(is_certificate_of(one->certificate_pem, "nonsense"));
    EXPECT_FALSE(is_certificate_of("nonsense", one->private_key_pem));
    const auto pin = tls_key_sha256(one->certificate_pem);
    ASSERT_TRUE(pin);
    EXPECT_NE(*pin, *tls_key_sha256(two->certificate_pem));
    EXPECT_EQ(*pin, *tls_key_sha256(one->certificate_pem));
    EXPECT_FALSE(tls_key_sha256("nonsense"));
}

// Made by another program: valid from 2020-01-01T00:00:00Z until 2030-06-15T12:34:56Z.
constexpr const char* kKnownCertificate = R"(-----BEGIN CERTIFICATE-----
MIIBBzCBrgIBATAKBggqhkjOPQQDAjAQMQ4wDAYDVQQDDAVrbm93bjAeFw0yMDAx
MDEwMDAwMDBaFw0zMDA2MTUxMjM0NTZaMBAxDjAMBgNVBAMMBWtub3duMFkwEwYH
KoZIzj0CAQYIKoZIzj0DAQcDQgAEW64LG1tKUVmbtijX4CKBTLkLT7kWxbSJAF2L
s3SzNmg5L0i51d6WqhgNtoc103hUIhebxyuF89yUj2qLXdBT4TAKBggqhkjOPQQD
AgNIADBFAiEA7fW48KRRj0vCAN+pg1kUomMPaTQObj9PPuRMTBFHnV4CIG/KenCe
fPb1/vOkoovO8boSIFWVM594j9wGvpZIiRS5
-----END CERTIFICATE-----
)";

TEST(Tls, tells_when_a_certificate_is_valid) {
    const auto known = certificate_times(kKnownCertificate);
    ASSERT_TRUE(known);
    EXPECT_EQ(known->not_before.value, 1'577'836'800'000U);
    EXPECT_EQ(known->not_after.value, 1'907'757'296'000U);
    const auto own = certificate_times(make_self_signed({"a", {}, {}, 30})->certificate_pem);
    ASSERT_TRUE(own);
    // An hour and 30 days; made within the second or across two.
    EXPECT_NEAR(static_cast<double>(own->not_after.value - own->not_before.value),
                (30 * 86'400.0 + 3600) * 1000, 1000);
    EXPECT_FALSE(certificate_times("nonsense"));
    EXPECT_FALSE(certificate_times(""));
}

TEST(Tls, refuses_names_that_are_not_names) {
    EXPECT_FALSE(make_self_signed({"", {}, {}, 1}));
    EXPECT_FALSE(make_self_signed({std::string(65, 'a'), {}, {}, 1}));
    EXPECT_TRUE(make_self_signed({std::string(64, 'a'), {}, {}, 1}));
    EXPECT_FALSE(make_self_signed({"a", {}, {}, 0}));
    EXPECT_FALSE(make_self_signed({"a", {}, {}, 3651}));
    EXPECT_FALSE(make_self_signed({"a", {"x,URI:http://other"}, {}, 1}));
    EXPECT_FALSE(make_self_signed({"a", {}, {"not an address"}, 1}));
    EXPECT_FALSE(make_self_signed({"a", {}, {"1.2.3.4.5"}, 1}));
}

}  // namespace
}  // namespace consilium::http
