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
    const auto pin = tls_key_sha256(one->certificate_pem);
    ASSERT_TRUE(pin);
    EXPECT_NE(*pin, *tls_key_sha256(two->certificate_pem));
    EXPECT_EQ(*pin, *tls_key_sha256(one->certificate_pem));
    EXPECT_FALSE(tls_key_sha256("nonsense"));
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
