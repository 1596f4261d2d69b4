// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "http/token.hpp"
#include "telemetry/literal.hpp"

// What handlers see of HTTP (RFC 9110).
namespace consilium::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };

[[nodiscard]] const char* to_string(Method method);

enum class Media : std::uint8_t {
    kNone,         // no body
    kJson,         // application/json
    kProblem,      // application/problem+json (RFC 9457)
    kProtobuf,     // application/x-protobuf
    kEventStream,  // text/event-stream
    kMetrics,      // text/plain; version=0.0.4; charset=utf-8
    kFhirJson,     // application/fhir+json
    kJsonPatch,    // application/json-patch+json (RFC 6902)
    kForm,         // application/x-www-form-urlencoded
    kNdjson,       // application/x-ndjson
    kOther,        // of an answer: what Response::content_type says
};

// The value of Content-Type; empty for kNone and kOther.
[[nodiscard]] std::string_view content_type(Media media);

inline constexpr std::size_t kPathParametersMax = 4;

// Header fields that handlers may want, as sent; empty when they were not.
struct RequestFields {
    std::string_view content_type;
    std::string_view accept;
    std::string_view last_event_id;
    std::string_view if_match;
    std::string_view if_none_match;
    std::string_view if_modified_since;
    std::string_view if_none_exist;     // FHIR R4, conditional create
    std::string_view prefer;            // RFC 7240
    std::string_view emergency_access;  // docs/exchange.md, "Emergencies"
    std::string_view security_context;  // X-Security-Context: FHIR R4, Binary
};

// A request with its whole body, or before its body (Uploads). The views live until the handler
// returns; the body and the principal may be moved out.
struct Request {
    Method method = Method::kGet;
    std::string_view path;                                        // without the query, as sent
    std::string_view query;                                       // after '?', as sent
    std::array<std::string_view, kPathParametersMax> parameters;  // of the route's {...} segments
    RequestFields fields;
    std::string_view peer;        // whose certificate the client showed, where it was asked for one
    Media accept = Media::kNone;  // the one of the route's media that the client likes best
    std::shared_ptr<const Principal> principal;  // nothing on a public route
    Bytes body;
};

struct Response {
    std::uint16_t status = 200;
    Media media = Media::kNone;
    bool close = false;  // the connection ends after this answer
    Bytes body;
    Bytes headers;               // more header lines, each with its CRLF
    std::string content_type{};  // with Media::kOther
};

[[nodiscard]] inline Response json(Bytes body, std::uint16_t status = 200) {
    return {status, Media::kJson, false, std::move(body), {}, {}};
}

// An error as RFC 9457 has it: {"type":"urn:consilium:error:CODE","title","status","code"}. `code`
// is stable: clients may switch on it. Nothing of the input is ever in it.
[[nodiscard]] Response problem(std::uint16_t status, std::string_view code,
                               telemetry::Literal title);
// The same with "Retry-After": the request may succeed later, unchanged.
[[nodiscard]] Response problem_retry(std::uint16_t status, std::string_view code,
                                     telemetry::Literal title, std::uint32_t retry_after_s);

// Without its percent escapes, a segment of a path say; nothing when one is broken.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

inline constexpr std::size_t kFormParametersMax = 256;

// Names and values of a query or of a body of application/x-www-form-urlencoded, decoded, in their
// order. Nothing when an escape is broken or there are more than kFormParametersMax.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(
    std::string_view text);

// Percent-decoded value of a query parameter; nothing when it is absent. `malformed` is set when a
// parameter appears twice or an escape is broken.
[[nodiscard]] std::optional<std::string> query_parameter(std::string_view query,
                                                         std::string_view name, bool& malformed);

// True when every parameter of the query is one of `names`, with at most 16 of them.
[[nodiscard]] bool query_has_only(std::string_view query,
                                  std::initializer_list<std::string_view> names);

// The best of `offered` for an Accept value (RFC 9110 section 12.5.1: ranges and weights, the more
// specific range first); the first one when `accept` is empty; nothing when none is acceptable.
[[nodiscard]] std::optional<Media> negotiate(std::string_view accept, const Media* offered,
                                             std::size_t count);

// True when a Content-Type value names this media (parameters are ignored).
[[nodiscard]] bool is_media(std::string_view value, Media media);

}  // namespace consilium::http
