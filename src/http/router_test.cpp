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

TEST(Router, prefers_the_pattern_that_names_more) {
    const auto nothing = [](Request&, Responder) {};
    std::vector<std::string> patterns = {"/fhir/{type}",
                                         "/fhir/{type}/{id}",
                                         "/fhir/{type}/$validate",
                                         "/fhir/$export",
                                         "/fhir/{type}/{id}/$everything",
                                         "/fhir/{type}/{id}/_history",
                                         "/fhir/{type}/{id}/_history/{version}",
                                         "/fhir/Binary/{id}",
                                         "/fhir/Binary/{id}/$everything"};
    std::sort(patterns.begin(), patterns.end());
    do {
        Router router;
        for (const auto& pattern : patterns)
            router.add(Method::kGet, pattern, anything(), nothing);
        const auto found = [&](std::string_view path) {
            return router.match(Method::kGet, path).route->pattern;
        };
        EXPECT_EQ(found("/fhir/Patient"), "/fhir/{type}");
        EXPECT_EQ(found("/fhir/$export"), "/fhir/$export");
        EXPECT_EQ(found("/fhir/Patient/1"), "/fhir/{type}/{id}");
        EXPECT_EQ(found("/fhir/Patient/$validate"), "/fhir/{type}/$validate");
        EXPECT_EQ(found("/fhir/Patient/%24validate"), "/fhir/{type}/$validate");
        EXPECT_EQ(found("/fhir/Patient/%2validate"), "/fhir/{type}/{id}");
        EXPECT_EQ(found("/fhir/Binary/1"), "/fhir/Binary/{id}");
        EXPECT_EQ(found("/fhir/Patient/1/$everything"), "/fhir/{type}/{id}/$everything");
        EXPECT_EQ(found("/fhir/Binary/1/$everything"), "/fhir/Binary/{id}/$everything");
        EXPECT_EQ(found("/fhir/Patient/1/_history/2"), "/fhir/{type}/{id}/_history/{version}");
    } while (std::next_permutation(patterns.begin(), patterns.begin() + 5) && !HasFailure());
}

TEST(Router, writes_problems_as_the_path_wants_them) {
    Router router;
    router.write_problems(
        "/fhir", [](std::uint16_t status, std::string_view code, telemetry::Literal title) {
            return json(Bytes(code) + "|" + Bytes(title.view()), status);
        });
    EXPECT_EQ(router.problem("/fhir", 404, "a", "b").body, "a|b");
    EXPECT_EQ(router.problem("/fhir/Patient", 404, "a", "b").body, "a|b");
    EXPECT_EQ(router.problem("/fhirs", 404, "a", "b").media, Media::kProblem);
    EXPECT_EQ(router.problem("/", 404, "a", "b").media, Media::kProblem);
}

}  // namespace
}  // namespace consilium::http
