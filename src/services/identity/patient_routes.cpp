// SPDX-License-Identifier: Apache-2.0
#include "services/identity/patient_routes.hpp"

#include "base/hex.hpp"
#include "formats/json/parse.hpp"

namespace consilium::services::identity {
namespace {

constexpr std::size_t kBodyBytesMax = 2048;
constexpr unsigned kThreads = 2;  // a signature check each
constexpr std::size_t kWaitingMax = 256;

// A member of the body, which is an object of `members` texts in hexadecimal.
std::optional<Bytes> read_hex(const Bytes& body, std::string_view name, std::size_t members) {
    const auto parsed = formats::json::parse(body, kBodyBytesMax);
    if (!parsed || !parsed->root().is_object() || parsed->root().object().size() != members)
        return std::nullopt;
    const auto* value = parsed->root().find(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return from_hex(value->string());
}

http::Response problem_of(PatientError error) {
    switch (error) {
        case PatientError::kMalformed:
            return http::problem(400, "patient-request", "The body is not what it should be");
        case PatientError::kChallenge:
            return http::problem(403, "patient-challenge", "This node gave out no such challenge");
        case PatientError::kExpired:
            return http::problem(403, "patient-expired", "The challenge's time is over");
        case PatientError::kUsed:
            return http::problem(403, "patient-used", "The challenge was used before");
        case PatientError::kRefused:
            return http::problem(403, "patient-refused", "The key does not open that link here");
        case PatientError::kBusy:
            return http::problem_retry(503, "overloaded", "Try again in a moment", 1);
        case PatientError::kToken:
            break;
    }
    return http::problem(500, "internal", "The token could not be made");
}

http::Response challenge_answer(const PatientTokens& tokens, const Bytes& body) {
    const auto bytes = read_hex(body, "link", 1);
    ledger::LinkId link;
    if (!bytes || !assign(link, *bytes)) return problem_of(PatientError::kMalformed);
    return http::json(R"({"challenge":")" + to_hex(tokens.challenge(link)) + "\"}");
}

http::Response token_answer(PatientTokens& tokens, const Bytes& body) {
    const auto challenge = read_hex(body, "challenge", 2);
    const auto signature = read_hex(body, "signature", 2);
    if (!challenge || !signature) return problem_of(PatientError::kMalformed);
    const auto token = tokens.token(*challenge, *signature);
    if (!token) return problem_of(token.error());
    auto out = http::json(R"({"access_token":")" + token->token +
                          R"(","token_type":"Bearer","expires_in":)" +
                          std::to_string(token->life_ms / 1000) + R"(,"scope":")" +
                          std::string(kPatientScope) + R"(","link":")" + token->link + "\"}");
    out.headers = "Cache-Control: no-store\r\n";  // RFC 6749, section 5.1
    return out;
}

}  // namespace

PatientRoutes::PatientRoutes(PatientTokens::Ports ports, std::function<UnixMs()> now)
    : tokens_(ports, std::move(now)), work_(std::make_unique<WorkQueue>(kThreads, kWaitingMax)) {}

PatientRoutes::~PatientRoutes() = default;

void PatientRoutes::add_routes(http::Router& router) {
    http::RouteOptions options;
    options.consumes = options.produces = {http::Media::kJson};
    options.body_bytes_max = kBodyBytesMax;
    const auto add = [&](const char* path, http::Response (*answer)(PatientTokens&, const Bytes&)) {
        router.add(http::Method::kPost, path, options,
                   [this, answer](http::Request& request, http::Responder responder) {
                       auto to = std::make_shared<http::Responder>(std::move(responder));
                       const bool taken =
                           work_->run([this, to, answer, body = std::move(request.body)] {
                               to->send(answer(tokens_, body));
                           });
                       if (!taken) to->send(problem_of(PatientError::kBusy));
                   });
    };
    add("/v1/patient/challenge",
        [](PatientTokens& tokens, const Bytes& body) { return challenge_answer(tokens, body); });
    add("/v1/patient/token", token_answer);
}

}  // namespace consilium::services::identity
