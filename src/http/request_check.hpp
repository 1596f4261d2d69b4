// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "http/request_parser.hpp"
#include "http/router.hpp"

// For the .cpp files of this room only.
namespace consilium::http::detail {

// The token that a connection used last: comparing bytes is cheaper than hashing them.
struct LastToken {
    std::string text;
    std::shared_ptr<const Principal> principal;
};

struct Admission {
    const Route* route = nullptr;
    std::array<std::string_view, kPathParametersMax> parameters;
    Media accept = Media::kNone;
    std::shared_ptr<const Principal> principal;
    const Uploads* uploads = nullptr;  // its body is handed over as it comes
    std::optional<Response> refusal;   // the answer, when no handler is to run
};

// Everything that can be said about a request before its body is read, in this order: path (404),
// method (405), token (401), scope (403), Accept (406), Content-Type (415), Content-Length (413),
// Expect (417). Nobody without a token makes us hold a body.
[[nodiscard]] Admission admit(const RequestHead& head, const Router& router, Tokens& tokens,
                              UnixMs now, LastToken& last);

// The answer to bytes that are not a request.
[[nodiscard]] Response refusal_of(ParseError error);

}  // namespace consilium::http::detail
