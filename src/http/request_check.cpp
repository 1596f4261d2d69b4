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

// Writes refusals as the request's path wants them.
struct Refuser {
    const Router& router;
    std::string_view path;

    [[nodiscard]] Response operator()(std::uint16_t status, std::string_view code,
                                      telemetry::Literal title) const {
        return router.problem(path, status, code, title);
    }
    [[nodiscard]] Response unauthorized(const char* challenge, std::string_view code,
                                        telemetry::Literal title) const {
        auto out = (*this)(401, code, title);
        out.headers += std::string("WWW-Authenticate: Bearer") + challenge + "\r\n";
        return out;
    }
};

// Fills in the principal, or says why not.
std::optional<Response> authenticate(const RequestHead& head, const Refuser& refuse, Tokens& tokens,
                                     UnixMs now, LastToken& last,
                                     std::shared_ptr<const Principal>& principal) {
    if (head.authorization.empty()) {
        return refuse.unauthorized("", "token-missing", "An access token is needed");
    }
    if (!has_prefix_ignoring_case(head.authorization, kBearer)) {
        return refuse.unauthorized("", "token-missing", "The access token must be a bearer token");
    }
    const auto token = head.authorization.substr(kBearer.size());
    if (last.principal != nullptr && token == last.text && now < last.principal->expires) {
        principal = last.principal;
        return std::nullopt;
    }
    auto verified = tokens.verify(token, now);
    if (!verified) {
        constexpr const char* kInvalid = " error=\"invalid_token\"";
        if (verified.error() == TokenError::kExpired) {
            return refuse.unauthorized(kInvalid, "token-expired", "The access token has expired");
        }
        return refuse.unauthorized(kInvalid, "token-invalid", "The access token is not valid here");
    }
    last.text = token;
    last.principal = *verified;
    principal = *verified;
    return std::nullopt;
}

bool has_body(const RequestHead& head) {
    return head.chunked || head.content_length.value_or(0) > 0;
}

std::optional<Response> check_body(const RequestHead& head, const RouteOptions& options,
                                   std::uint64_t bytes_max, const Refuser& refuse) {
    if (options.consumes.empty() && !options.consumes_any) {
        if (!has_body(head)) return std::nullopt;
        return refuse(413, "body-not-allowed", "This request takes no body");
    }
    if (!has_body(head) && options.body_optional) return std::nullopt;
    const auto known = [&](Media media) { return is_media(head.fields.content_type, media); };
    const bool taken = options.consumes_any
                           ? !head.fields.content_type.empty()
                           : std::any_of(options.consumes.begin(), options.consumes.end(), known);
    if (!taken) {
        return refuse(415, "unsupported-media-type", "The body's Content-Type is not taken here");
    }
    if (head.content_length.value_or(0) > bytes_max) {
        return refuse(413, "body-too-large", "The body is longer than this request may have");
    }
    return std::nullopt;
}

bool is_continue(std::string_view expectation) {
    constexpr std::string_view kContinue = "100-continue";
    return expectation.size() == kContinue.size() &&
           has_prefix_ignoring_case(expectation, kContinue);
}

}  // namespace

Admission admit(const RequestHead& head, const Router& router, Tokens& tokens, UnixMs now,
                LastToken& last) {
    Admission out;
    const auto path = head.target.substr(0, head.target.find('?'));
    const Refuser refuse{router, path};
    auto match = router.match(head.method, path);
    out.route = match.route;
    out.parameters = match.parameters;
    if (match.route == nullptr) {
        if (match.allowed.empty()) {
            out.refusal = refuse(404, "no-such-path", "There is nothing at this path");
        } else {
            out.refusal = refuse(405, "method-not-allowed", "This path takes other methods");
            out.refusal->headers += "Allow: " + match.allowed + "\r\n";
        }
        return out;
    }
    const auto& options = match.route->options;
    if (options.scope || options.authenticated) {
        out.refusal = authenticate(head, refuse, tokens, now, last, out.principal);
        if (out.refusal) return out;
        if (options.scope && !out.principal->scopes.grants(*options.scope)) {
            out.refusal =
                refuse(403, "scope-missing", "The access token's scope does not allow this");
            return out;
        }
    }
    const auto accept =
        negotiate(head.fields.accept, options.produces.data(), options.produces.size());
    if (!accept && !options.produces_any) {
        out.refusal = refuse(406, "not-acceptable", "None of the offered media types is accepted");
        return out;
    }
    out.accept = accept.value_or(Media::kNone);
    const auto& uploads = match.route->uploads;
    if (uploads && has_body(head) && uploads->takes(head.fields)) out.uploads = &*uploads;
    out.refusal =
        check_body(head, options,
                   out.uploads != nullptr ? uploads->bytes_max : options.body_bytes_max, refuse);
    if (!out.refusal && !head.expect.empty() && !is_continue(head.expect)) {
        out.refusal = refuse(417, "expectation-failed", "The expectation is not known");
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
