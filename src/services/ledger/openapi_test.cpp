// SPDX-License-Identifier: Apache-2.0
#include "services/ledger/openapi.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "services/ledger/delimited.hpp"
#include "services/ledger/ledger_fixture.hpp"
#include "services/ledger/schema_testing.hpp"

namespace consilium::services::ledger_api {
namespace {

namespace json = boost::json;

constexpr const char* kProtobuf = "Accept: application/x-protobuf\r\n";
constexpr const char* kJson = "Accept: application/json\r\n";

// The document against the answers of a real server: every answer is described, and everything
// that is described is answered so at least once.
class OpenApiTest : public LedgerServiceTest {
 protected:
    json::value document_ = json::parse(openapi_document());
    SchemaChecker checker_{document_};
    std::map<const json::value*, std::set<std::string>> reasons_;  // of each 503
    std::set<std::string> seen_;  // "GET /v1/status 200 application/json"

    // The document's name of a path: "/v1/state/{key}".
    std::string pattern_of(const std::string& method, const std::string& target) {
        const auto path = target.substr(0, target.find('?'));
        const auto match =
            router_->match(method == "GET" ? http::Method::kGet : http::Method::kPost, path);
        return match.route == nullptr ? "" : match.route->pattern;
    }

    // Asks, checks the answer against the document and notes that it was seen.
    void expect(int status, const std::string& method, const std::string& target,
                const std::string& fields = "", const std::string& body = "") {
        SCOPED_TRACE(method + " " + target + " " + fields);
        auto c = client();
        c.send(request(method, target, fields, body));
        const auto reply = c.read();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->status, status) << reply->body;
        check(method, pattern_of(method, target), *reply);
    }

    void check(const std::string& method, const std::string& pattern,
               const http::TestReply& reply) {
        auto lower = method;
        std::transform(lower.begin(), lower.end(), lower.begin(),
                       [](char c) { return static_cast<char>(std::tolower(c)); });
        const auto* path = document_.at("paths").as_object().if_contains(pattern);
        ASSERT_NE(path, nullptr);
        const auto& responses = path->at(lower).at("responses").as_object();
        const auto* response = responses.if_contains(std::to_string(reply.status));
        ASSERT_NE(response, nullptr) << "status " << reply.status << " is not in the document";
        const auto& type = reply.headers.at("content-type");
        const auto* media = response->at("content").as_object().if_contains(type);
        ASSERT_NE(media, nullptr) << type << " is not in the document";
        if (type.find("json") != std::string::npos) {
            EXPECT_EQ(checker_.check(media->at("schema"), json::parse(reply.body)), "")
                << reply.body;
        }
        if (reply.status == 503) {
            EXPECT_TRUE(reply.headers.contains("retry-after"));
            const auto problem = json::parse(reply.body);
            reasons_[response].emplace(problem.at("code").as_string());
        }
        seen_.insert(method + " " + pattern + " " + std::to_string(reply.status) + " " + type);
    }

    [[nodiscard]] std::set<std::string> described() const {
        std::set<std::string> out;
        for (const auto& path : document_.at("paths").as_object()) {
            for (const auto& operation : path.value().as_object()) {
                std::string method(operation.key());
                std::transform(method.begin(), method.end(), method.begin(),
                               [](char c) { return static_cast<char>(std::toupper(c)); });
                for (const auto& response : operation.value().at("responses").as_object()) {
                    for (const auto& media : response.value().at("content").as_object()) {
                        out.insert(method + " " + std::string(path.key()) + " " +
                                   std::string(response.key()) + " " + std::string(media.key()));
                    }
                }
            }
        }
        return out;
    }

    // A 503 that is described as more than overload or a stop has had another reason.
    void expect_true_reasons() {
        for (const auto& [response, codes] : reasons_) {
            const std::string text(response->at("description").as_string());
            if (text.starts_with("Overloaded or stopping") ||
                text.find("streams") != std::string::npos) {
                continue;
            }
            EXPECT_TRUE(codes.contains("not-yet") || codes.contains("catching-up")) << text;
        }
    }

    void expect_submissions() {
        Bytes batch;
        for (const auto* one : {"a", "rejected", "disk"})
            append_delimited(batch, one);
        expect(200, "POST", "/v1/transactions", "", "a");
        expect(200, "POST", "/v1/transactions", "", "assigned");
        expect(200, "POST", "/v1/transactions", "", "rejected");
        expect(200, "POST", "/v1/transactions", kProtobuf, "a");
        expect(400, "POST", "/v1/transactions", "", "malformed");
        expect(413, "POST", "/v1/transactions", "", "large");
        expect(422, "POST", "/v1/transactions", "", "expired");
        expect(507, "POST", "/v1/transactions", "", "disk");
        expect(200, "POST", "/v1/transactions/batch", "", batch);
        expect(200, "POST", "/v1/transactions/batch", kProtobuf, batch);
        expect(400, "POST", "/v1/transactions/batch", "", "\x05");
    }

    void expect_reads() {
        // Reads: the first byte of an id, prefix or height says which error the node answers.
        const std::vector<std::pair<std::string, int>> errors{
            {"e0", 404}, {"e1", 503}, {"e2", 410}, {"e3", 400}, {"e4", 500}};
        int number = 0;
        for (const auto& [first, status] : errors) {
            const auto id = first + std::string(62, '0');
            expect(status, "GET", "/v1/outcomes/" + id);
            expect(status, "GET", "/v1/outcomes/" + id + "/receipt");
            expect(status, "GET", "/v1/state/" + first);
            expect(status, "GET", "/v1/state?prefix=" + first);
            expect(status, "GET", "/v1/blocks/" + std::to_string(0xe0 + number));
            expect(status, "GET", "/v1/height?time_unix_ms=" + std::to_string(number));
            node_.list_error = static_cast<ReadError>(number);
            if (first != "e3") expect(status, "GET", "/v1/members");
            if (first != "e3") expect(status, "GET", "/v1/validators/history");
            node_.list_error = std::nullopt;
            node_.newest = static_cast<Height>(0xe0 + number);
            expect(status, "GET", "/v1/blocks?limit=1");
            node_.newest = 7;
            ++number;
        }
        expect(400, "GET", "/v1/validators/history?x=1");
        expect(400, "GET", "/v1/events?from=x");
        expect(200, "GET", "/v1/outcomes/01" + std::string(62, '0'));
        const std::string id(64, 'a');
        for (const auto& target :
             {"/v1/outcomes/" + id, std::string("/v1/state/00?prove=1"),
              std::string("/v1/state?prove=1&limit=2"), std::string("/v1/blocks/7")}) {
            expect(200, "GET", target, kProtobuf);
            expect(200, "GET", target, kJson);
        }
        expect(200, "GET", "/v1/outcomes/" + id + "/receipt", kJson);
        expect(200, "GET", "/v1/validators/history", kJson);
        node_.retained = 5;
        expect(410, "GET", "/v1/events?from=4.0");
        node_.retained = 0;
    }

    // What every route answers alike.
    void expect_common(const std::string& method, const std::string& target, bool has_scope) {
        const std::string body = method == "POST" ? "x" : "";
        expect(406, method, target, "Accept: text/html\r\n", body);
        if (method == "GET") {
            expect(413, method, target, "", "x");
        } else {
            expect(415, method, target, "Content-Type: application/json\r\n", body);
        }
        if (!has_scope) return;
        expect(401, method, target, "Authorization: Basic x\r\n", body);
        expect(403, method, target, "Authorization: Bearer " + token("system/Other.cruds") + "\r\n",
               body);
    }
};

struct Example {
    const char* method;
    std::string target;
    bool has_scope;
};

std::vector<Example> examples() {
    const std::string id(64, 'a');
    return {
        {"POST", "/v1/transactions", true},
        {"POST", "/v1/transactions/batch", true},
        {"GET", "/v1/outcomes/" + id, true},
        {"GET", "/v1/outcomes/" + id + "/receipt", true},
        {"GET", "/v1/state/01", true},
        {"GET", "/v1/state", true},
        {"GET", "/v1/blocks", true},
        {"GET", "/v1/blocks/7", true},
        {"GET", "/v1/height?time_unix_ms=7000", true},
        {"GET", "/v1/validators/history", true},
        {"GET", "/v1/members", true},
        {"GET", "/v1/status", true},
        {"GET", "/v1/genesis", true},
        {"GET", "/v1/events", true},
        {"GET", "/healthz", false},
        {"GET", "/metrics", false},
        {"GET", "/openapi.json", false},
        {"GET", "/.well-known/jwks.json", false},
    };
}

TEST_F(OpenApiTest, describes_every_answer_and_nothing_else) {
    start();
    for (const auto& example : examples()) {
        expect_common(example.method, example.target, example.has_scope);
        if (std::string(example.method) == "GET") expect(200, "GET", example.target);
    }
    expect_submissions();
    expect_reads();
    node_.catching_up = true;
    expect(503, "GET", "/healthz");
    node_.catching_up = false;
    // 503 of every route: a server that takes nothing.
    stop();
    http::ServerLimits none;
    none.in_flight_max = 0;
    start(none);
    for (const auto& example : examples()) {
        expect(503, example.method, example.target, "",
               std::string(example.method) == "POST" ? "x" : "");
    }
    // Bodies over the limit.
    stop();
    start();
    expect(413, "POST", "/v1/transactions", "", Bytes(65'537, 'x'));
    auto c = client();
    c.send("POST /v1/transactions/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token_ +
           "\r\nContent-Type: application/x-protobuf\r\nContent-Length: 67108865\r\n\r\n");
    check("POST", "/v1/transactions/batch", c.read().value());

    EXPECT_THAT(seen_, ::testing::ContainerEq(described()));
    expect_true_reasons();
}

TEST_F(OpenApiTest, describes_every_route_with_its_scope_and_body) {
    start();
    const auto& paths = document_.at("paths").as_object();
    std::size_t operations = 0;
    for (const auto& path : paths)
        operations += path.value().as_object().size();
    EXPECT_EQ(operations, router_->routes().size());
    for (const auto& route : router_->routes()) {
        SCOPED_TRACE(route->pattern);
        const auto* path = paths.if_contains(route->pattern);
        ASSERT_NE(path, nullptr);
        const auto& operation = path->at(route->method == http::Method::kGet ? "get" : "post");
        const auto& security = operation.at("security").as_array();
        if (route->options.scope) {
            const auto scope = "system/" + std::string(route->options.scope->resource) + "." +
                               route->options.scope->permission;
            EXPECT_EQ(security.at(0).at("token").at(0).as_string(), scope);
        } else {
            EXPECT_TRUE(security.empty());
        }
        EXPECT_EQ(operation.as_object().contains("requestBody"), !route->options.consumes.empty());
    }
}

TEST_F(OpenApiTest, is_served_as_it_is_checked_in) {
    start();
    std::ifstream file(std::string(CONSILIUM_SOURCE_DIR) + "/src/services/ledger/openapi.json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(get("/openapi.json").body, text);
}

TEST(SchemaChecker, finds_what_does_not_fit) {
    const auto document = json::parse(openapi_document());
    const SchemaChecker checker(document);
    const auto check = [&](const std::string& schema, const std::string& value) {
        return checker.check(json::parse(schema), json::parse(value));
    };
    EXPECT_EQ(check(R"({"type":"integer","minimum":1})", "1"), "");
    EXPECT_NE(check(R"({"type":"integer","minimum":1})", "0"), "");
    EXPECT_NE(check(R"({"type":"integer"})", "\"1\""), "");
    EXPECT_NE(check(R"({"type":"string","pattern":"^a$"})", "\"b\""), "");
    EXPECT_NE(check(R"({"enum":["a"]})", "\"b\""), "");
    EXPECT_NE(check(R"({"required":["a"]})", "{}"), "");
    EXPECT_NE(check(R"({"properties":{},"additionalProperties":false})", R"({"a":1})"), "");
    EXPECT_NE(check(R"({"items":{"type":"string"}})", "[1]"), "");
    EXPECT_NE(check(R"({"oneOf":[{"type":"string"},{"enum":["a"]}]})", "\"a\""), "");
    EXPECT_NE(check(R"({"$ref":"#/components/schemas/Health"})", R"({"status":"bad"})"), "");
    EXPECT_NE(check(R"({"unknownKeyword":1})", "1"), "");
}

}  // namespace
}  // namespace consilium::services::ledger_api
