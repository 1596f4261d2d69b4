// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "http/message.hpp"

namespace consilium::http {

// Why bytes are not a request that we take. Each closes the connection: what follows cannot be told
// apart from the broken request (RFC 9112 section 11.2).
enum class ParseError {
    kMalformed,  // the grammar of RFC 9112, a bare LF, a folded line, a bad chunk
    kHeaderTooLarge,
    kVersion,           // not HTTP/1.1
    kHost,              // not exactly one Host (RFC 9112 section 3.2)
    kLength,            // Content-Length twice, a list, or beside Transfer-Encoding
    kTransferEncoding,  // anything but one "chunked"
    kDuplicateField,    // a field that RequestHead holds twice, but for Accept and Prefer
    kBodyTooLarge,      // a chunked body passed the limit
};

[[nodiscard]] const char* to_string(ParseError error);

// The header of a request. The views point into the bytes that were parsed.
struct RequestHead {
    Method method = Method::kOther;
    std::string_view target;
    std::string_view authorization;
    std::string_view expect;
    RequestFields fields;
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool keep_alive = true;
};

// Splits a byte stream into requests. It wraps Boost.Beast's parser and refuses what that lets
// through for the sake of old clients. Not thread-safe. Never throws.
class RequestParser {
 public:
    explicit RequestParser(std::size_t header_bytes_max);
    ~RequestParser();
    RequestParser(const RequestParser&) = delete;
    RequestParser& operator=(const RequestParser&) = delete;

    enum class Event {
        kNeedMore,  // `consumed` bytes may be dropped; go on when there are more
        kHead,      // head() is valid while the bytes are; set body_limit(), then go on
        kMessage,   // the request is complete: take body(); the next call starts a new one
        kError,     // error() says why; the parser is of no further use
    };
    // Call again after dropping `consumed` bytes from the front of `bytes`.
    [[nodiscard]] Event next(std::string_view bytes, std::size_t& consumed);

    [[nodiscard]] const RequestHead& head() const;
    [[nodiscard]] ParseError error() const;
    // After kHead. Above the limit a chunked body is an error; a Content-Length is for the caller
    // to compare. With `keep` false the body is read and dropped.
    void body_limit(std::size_t bytes_max, bool keep);
    [[nodiscard]] Bytes& body();
    // What has come of the body since the last call, instead of body(), after any event but kHead.
    [[nodiscard]] Bytes take_part();
    // True between kHead and kMessage.
    [[nodiscard]] bool in_body() const;
    // True when part of a header has been seen.
    [[nodiscard]] bool in_head() const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace consilium::http
