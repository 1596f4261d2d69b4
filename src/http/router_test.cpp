// SPDX-License-Identifier: Apache-2.0
#include "http/router.hpp"

#include <gtest/gtest.h>

namespace consilium::http {
namespace {

RouteOptions anything() {
    RouteOptions options;
    options.produces = {Media::kJson};
    return options;
}

TEST(Router, matches_paths_and_methods) {
    Router router;
    const auto nothing = [](Request&, Responder) {};
    router.add(Method::kGet, "/v1/state/{key}", anything(), nothing);
    router.add(Method::kGet, "/v1/outcomes/{id}/receipt", anything(), nothing);
    router.add(Method::kPost, "/v1/state", anything(), nothing);
    router.add(Method::kGet, "/v1/state", anything(), nothing);
    router.add(Method::kGet, "/v1/state/fixed", anything(), nothing);

    EXPECT_EQ(router.match(Method::kGet, "/v1/state").route->pattern, "/v1/state");
    EXPECT_EQ(router.match(Method::kHead, "/v1/state").route->method, Method::kGet);
    EXPECT_EQ(router.match(Method::kPost, "/v1/state").route->method, Method::kPost);
    EXPECT_EQ(router.match(Method::kGet, "/v1/state/fixed").route->pattern, "/v1/state/fixed");
    const auto key = router.match(Method::kGet, "/v1/state/00ff");
    EXPECT_EQ(key.route->pattern, "/v1/state/{key}");
    EXPECT_EQ(key.parameters[0], "00ff");
    EXPECT_EQ(router.match(Method::kGet, "/v1/outcomes/aa/receipt").parameters[0], "aa");

    for (const auto* path :
         {"", "/", "/v1", "/v1/state/", "/v1/state/a/b", "/v1/outcomes/aa", "//v1/state",
          "v1/state", "/v1/state/a/", "*", "/v1/outcomes//receipt"}) {
        const auto match = router.match(Method::kGet, path);
        EXPECT_EQ(match.route, nullptr) << path;
        EXPECT_EQ(match.allowed, "") << path;
    }
    const auto put = router.match(Method::kPut, "/v1/state");
    EXPECT_EQ(put.route, nullptr);
    EXPECT_EQ(put.allowed, "POST, GET, HEAD");
}

}  // namespace
}  // namespace consilium::http
