// SPDX-License-Identifier: Apache-2.0
#include "http/request_check.hpp"

#include <algorithm>

namespace consilium::http::detail {
namespace {

constexpr std::string_view kBearer = "Bearer ";

bool has_prefix_ignoring_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), text.begin(),
                      [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

Response unauthorized(const char* challenge, telemetry::Literal title, const char* code) {
    auto out = problem(401, code, title);
    out.headers = std::string("WWW-Authenticate: Bearer") + challenge + "\r\n";
    return out;
}

// Fills in the principal, or says why not.
std::optional<Response> authenticate(const RequestHead& head, Tokens& tokens, UnixMs now,
                                     LastToken& last, std::shared_ptr<const Principal>& principal) {
    if (head.authorization.empty()) {
        return unauthorized("", "An access token is needed", "token-missing");
    }
    if (!has_prefix_ignoring_case(head.authorization, kBearer)) {
        return unauthorized("", "The access token must be a bearer token", "token-missing");
    }
    const auto token = head.authorization.substr(kBearer.size());
    if (last.principal != nullptr && token == last.text && now < last.principal->expires) {
        principal = last.principal;
        return std::nullopt;
    }
    auto verified = tokens.verify(token, now);
    if (!verified) {
        const bool expired = verified.error() == TokenError::kExpired;
        return unauthorized(" error=\"invalid_token\"",
                            expired ? telemetry::Literal("The access token has expired")
                                    : telemetry::Literal("The access token is not valid here"),
                            expired ? "token-expired" : "token-invalid");
    }
    last.text = token;
    last.principal = *verified;
    principal = *verified;
    return std::nullopt;
}

std::optional<Response> check_body(const RequestHead& head, const RouteOptions& options) {
    const bool has_body = head.chunked || head.content_length.value_or(0) > 0;
    if (options.consumes.empty()) {
        if (!has_body) return std::nullopt;
        return problem(413, "body-not-allowed", "This request takes no body");
    }
    const auto known = [&](Media media) { return is_media(head.content_type, media); };
    if (std::none_of(options.consumes.begin(), options.consumes.end(), known)) {
        return problem(415, "unsupported-media-type", "The body's Content-Type is not taken here");
    }
    if (head.content_length.value_or(0) > options.body_bytes_max) {
        return problem(413, "body-too-large", "The body is longer than this request may have");
    }
    return std::nullopt;
}

}  // namespace

Admission admit(const RequestHead& head, const Router& router, Tokens& tokens, UnixMs now,
                LastToken& last) {
    Admission out;
    const auto path = head.target.substr(0, head.target.find('?'));
    auto match = router.match(head.method, path);
    out.route = match.route;
    out.parameters = match.parameters;
    if (match.route == nullptr) {
        if (match.allowed.empty()) {
            out.refusal = problem(404, "no-such-path", "There is nothing at this path");
        } else {
            out.refusal = problem(405, "method-not-allowed", "This path takes other methods");
            out.refusal->headers = "Allow: " + match.allowed + "\r\n";
        }
        return out;
    }
    const auto& options = match.route->options;
    if (options.scope) {
        out.refusal = authenticate(head, tokens, now, last, out.principal);
        if (out.refusal) return out;
        if (!out.principal->scopes.grants(*options.scope)) {
            out.refusal =
                problem(403, "scope-missing", "The access token's scope does not allow this");
            return out;
        }
    }
    const auto accept = negotiate(head.accept, options.produces.data(), options.produces.size());
    if (!accept) {
        out.refusal = problem(406, "not-acceptable", "None of the offered media types is accepted");
        return out;
    }
    out.accept = *accept;
    out.refusal = check_body(head, options);
    if (!out.refusal && !head.expect.empty() &&
        !(head.expect.size() == 12 && has_prefix_ignoring_case(head.expect, "100-continue"))) {
        out.refusal = problem(417, "expectation-failed", "The expectation is not known");
    }
    return out;
}

Response refusal_of(ParseError error) {
    Response out = [error] {
        switch (error) {
            case ParseError::kHeaderTooLarge:
                return problem(431, "header-too-large", "The request's header is too long");
            case ParseError::kVersion:
                return problem(505, "http-version", "Only HTTP/1.1 is spoken here");
            case ParseError::kBodyTooLarge:
                return problem(413, "body-too-large",
                               "The body is longer than this request may have");
            case ParseError::kTransferEncoding:
                return problem(501, "transfer-encoding", "Only chunked transfer is known");
            case ParseError::kMalformed:
            case ParseError::kHost:
            case ParseError::kLength:
            case ParseError::kDuplicateField:
                break;
        }
        return problem(400, "malformed-request", "The bytes received are not an HTTP request");
    }();
    out.close = true;
    return out;
}

}  // namespace consilium::http::detail
