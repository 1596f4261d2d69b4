// SPDX-License-Identifier: Apache-2.0
#include "http/request_parser.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <limits>

#include "base/assert.hpp"

namespace consilium::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;

std::string_view to_view(beast::string_view text) {
    return {text.data(), text.size()};
}

Method to_method(beast::http::verb verb) {
    switch (verb) {
        case beast::http::verb::get:
            return Method::kGet;
        case beast::http::verb::head:
            return Method::kHead;
        case beast::http::verb::post:
            return Method::kPost;
        case beast::http::verb::put:
            return Method::kPut;
        case beast::http::verb::patch:
            return Method::kPatch;
        case beast::http::verb::delete_:
            return Method::kDelete;
        case beast::http::verb::options:
            return Method::kOptions;
        default:
            return Method::kOther;
    }
}

// Bodies grow as they arrive: a client that announces 64 MiB and sends none must not cost 64 MiB.
constexpr std::size_t kBodyReserveMax = 256U * 1024U;

// "0", CRLF, CRLF: every chunked message has as much to come until it is whole. Beast, given less
// of a last chunk twice, asserts.
constexpr std::size_t kLastChunkBytes = 5;

// Keeps what we use of a request. Errors are kept beside Beast's error_code, which only has to be
// set to something for Beast to stop.
class MessageParser final : public beast::http::basic_parser<true> {
 public:
    MessageParser() {
        eager(false);
        header_limit(std::numeric_limits<std::uint32_t>::max());  // ours is checked before
        body_limit(boost::none);
    }

    RequestHead head;
    Bytes body;
    std::optional<ParseError> error;
    std::size_t body_bytes_max = 0;
    std::size_t body_bytes = 0;
    bool keep_body = true;

    void check_head(beast::error_code& ec) {
        if (hosts_ != 1) return refuse(ParseError::kHost, ec);
        if (lengths_ > 1 || (lengths_ == 1 && encodings_ > 0)) {
            return refuse(ParseError::kLength, ec);
        }
    }

 private:
    void refuse(ParseError reason, beast::error_code& ec) {
        if (!error) error = reason;
        ec = beast::http::error::bad_value;
    }

    void on_request_impl(beast::http::verb method, beast::string_view, beast::string_view target,
                         int version, beast::error_code& ec) override {
        head.method = to_method(method);
        head.target = to_view(target);
        if (version != 11) refuse(ParseError::kVersion, ec);
    }
    void on_response_impl(int, beast::string_view, int, beast::error_code& ec) override {
        refuse(ParseError::kMalformed, ec);
    }

    void once(std::string_view& place, std::string_view value, beast::error_code& ec) {
        if (place.data() != nullptr) return refuse(ParseError::kDuplicateField, ec);
        place = value;
    }

    void on_field_impl(field name, beast::string_view name_text, beast::string_view value_text,
                       beast::error_code& ec) override {
        if (in_trailer_) return;  // trailers mean nothing to us
        const auto value = to_view(value_text);
        switch (name) {
            case field::host:
                ++hosts_;
                return;
            case field::authorization:
                return once(head.authorization, value, ec);
            case field::content_type:
                return once(head.fields.content_type, value, ec);
            case field::if_match:
                // A condition that names nothing is no wish to have none (RFC 9110 section 13.1.1).
                if (value.empty()) return refuse(ParseError::kMalformed, ec);
                return once(head.fields.if_match, value, ec);
            case field::if_none_match:
                return once(head.fields.if_none_match, value, ec);
            case field::if_modified_since:
                return once(head.fields.if_modified_since, value, ec);
            case field::expect:
                return once(head.expect, value, ec);
            case field::accept:
                // A second one is rare; the first one decides.
                if (head.fields.accept.data() == nullptr) head.fields.accept = value;
                return;
            case field::prefer:
                if (head.fields.prefer.data() == nullptr) head.fields.prefer = value;
                return;
            case field::content_length: {
                ++lengths_;
                std::uint64_t length = 0;
                const auto* end = value.data() + value.size();
                const auto parsed = std::from_chars(value.data(), end, length);
                if (parsed.ec != std::errc{} || parsed.ptr != end) {
                    return refuse(ParseError::kLength, ec);
                }
                head.content_length = length;
                return;
            }
            case field::transfer_encoding:
                ++encodings_;
                if (encodings_ > 1 || !beast::iequals(value_text, "chunked")) {
                    return refuse(ParseError::kTransferEncoding, ec);
                }
                head.chunked = true;
                return;
            case field::unknown:
                if (beast::iequals(name_text, "Last-Event-ID")) {
                    return once(head.fields.last_event_id, value, ec);
                }
                if (beast::iequals(name_text, "If-None-Exist")) {
                    return once(head.fields.if_none_exist, value, ec);
                }
                if (beast::iequals(name_text, "Emergency-Access")) {
                    return once(head.fields.emergency_access, value, ec);
                }
                if (beast::iequals(name_text, "X-Security-Context")) {
                    return once(head.fields.security_context, value, ec);
                }
                return;
            default:
                return;
        }
    }

    void on_header_impl(beast::error_code&) override { in_trailer_ = true; }
    void on_body_init_impl(boost::optional<std::uint64_t> const& length,
                           beast::error_code&) override {
        if (length && keep_body) {
            body.reserve(
                static_cast<std::size_t>(std::min<std::uint64_t>(*length, kBodyReserveMax)));
        }
    }
    std::size_t take(beast::string_view bytes, beast::error_code& ec) {
        if (bytes.size() > body_bytes_max - body_bytes) {
            refuse(ParseError::kBodyTooLarge, ec);
            return 0;
        }
        body_bytes += bytes.size();
        if (keep_body) body.append(bytes.data(), bytes.size());
        return bytes.size();
    }
    std::size_t on_body_impl(beast::string_view bytes, beast::error_code& ec) override {
        return take(bytes, ec);
    }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes,
                                   beast::error_code& ec) override {
        return take(bytes, ec);
    }
    void on_finish_impl(beast::error_code&) override {}

    unsigned hosts_ = 0;
    unsigned lengths_ = 0;
    unsigned encodings_ = 0;
    bool in_trailer_ = false;
};

enum class HeaderEnd { kFound, kNotYet, kBad };

// Looks for the empty line that ends a header, from `scanned` on. Beast would join folded lines and
// other servers take a bare LF for a line end; where two servers disagree, requests are smuggled.
HeaderEnd find_header_end(std::string_view bytes, std::size_t& scanned, std::size_t& length) {
    while (true) {
        const auto lf = bytes.find('\n', scanned);
        // What follows a line end decides about it: two more bytes must be there.
        if (lf == std::string_view::npos || lf + 2 >= bytes.size()) return HeaderEnd::kNotYet;
        if (lf == 0 || bytes[lf - 1] != '\r') return HeaderEnd::kBad;
        if (bytes[lf + 1] == ' ' || bytes[lf + 1] == '\t') return HeaderEnd::kBad;
        if (bytes[lf + 1] == '\r' && bytes[lf + 2] == '\n') {
            length = lf + 3;
            return HeaderEnd::kFound;
        }
        scanned = lf + 1;
    }
}

}  // namespace

const char* to_string(ParseError error) {
    switch (error) {
        case ParseError::kMalformed:
            return "malformed";
        case ParseError::kHeaderTooLarge:
            return "header-too-large";
        case ParseError::kVersion:
            return "version";
        case ParseError::kHost:
            return "host";
        case ParseError::kLength:
            return "length";
        case ParseError::kTransferEncoding:
            return "transfer-encoding";
        case ParseError::kDuplicateField:
            return "duplicate-field";
        case ParseError::kBodyTooLarge:
            return "body-too-large";
    }
    return "unknown";
}

struct RequestParser::State {
    std::size_t header_bytes_max = 0;
    std::size_t scanned = 0;
    bool head_seen = false;  // of the request that `message` is parsing
    bool empty_line_seen = false;
    bool partial_head = false;
    std::optional<MessageParser> message;
    Bytes body;
    ParseError error = ParseError::kMalformed;
};

RequestParser::RequestParser(std::size_t header_bytes_max) : state_(std::make_unique<State>()) {
    state_->header_bytes_max = header_bytes_max;
}
RequestParser::~RequestParser() = default;

RequestParser::Event RequestParser::next(std::string_view bytes, std::size_t& consumed) {
    auto& s = *state_;
    consumed = 0;
    const auto refuse = [&s](ParseError error) {
        s.error = error;
        return Event::kError;
    };
    if (!s.head_seen) {
        // An empty line before a request is ignored (RFC 9112 section 2.2), one of them, also when
        // it arrives alone.
        if (!s.empty_line_seen && s.scanned == 0 && bytes.substr(0, 2) == "\r\n") {
            s.empty_line_seen = true;
            consumed = 2;
        }
        const auto header = bytes.substr(consumed);
        s.partial_head = !header.empty();
        std::size_t length = 0;
        const auto end = find_header_end(header, s.scanned, length);
        if (end == HeaderEnd::kBad) return refuse(ParseError::kMalformed);
        if (end == HeaderEnd::kNotYet) {
            if (header.size() > s.header_bytes_max) return refuse(ParseError::kHeaderTooLarge);
            return Event::kNeedMore;
        }
        if (length > s.header_bytes_max) return refuse(ParseError::kHeaderTooLarge);
        s.message.emplace();
        beast::error_code ec;
        const auto n = s.message->put(boost::asio::const_buffer(header.data(), length), ec);
        if (!ec && s.message->is_header_done()) s.message->check_head(ec);
        if (ec || !s.message->is_header_done() || n != length) {
            return refuse(s.message->error.value_or(ParseError::kMalformed));
        }
        s.message->head.keep_alive = s.message->keep_alive();
        s.head_seen = true;
        s.empty_line_seen = false;
        s.partial_head = false;
        s.scanned = 0;
        consumed += n;
        return Event::kHead;
    }
    auto& message = *s.message;
    while (!message.is_done()) {
        const auto rest = bytes.substr(consumed);
        beast::error_code ec;
        const auto body_before = message.body_bytes;
        const bool some =
            !rest.empty() && (!message.head.chunked || rest.size() >= kLastChunkBytes);
        const auto n =
            some ? message.put(boost::asio::const_buffer(rest.data(), rest.size()), ec) : 0;
        consumed += n;
        if (ec && ec != beast::http::error::need_more) {
            return refuse(message.error.value_or(ParseError::kMalformed));
        }
        // A chunk's header or the trailer is limited as a header is, whether it came whole or not.
        const bool waits = n == 0 && !message.is_done();
        const auto framing = waits ? rest.size() : message.body_bytes == body_before ? n : 0;
        if (framing > s.header_bytes_max) return refuse(ParseError::kHeaderTooLarge);
        if (waits) return Event::kNeedMore;
    }
    s.body = std::move(message.body);
    s.head_seen = false;
    return Event::kMessage;
}

const RequestHead& RequestParser::head() const {
    CONSILIUM_ASSERT(state_->message.has_value());
    return state_->message->head;
}

ParseError RequestParser::error() const {
    return state_->error;
}

void RequestParser::body_limit(std::size_t bytes_max, bool keep) {
    CONSILIUM_ASSERT(state_->head_seen);
    state_->message->body_bytes_max = bytes_max;
    state_->message->keep_body = keep;
}

Bytes& RequestParser::body() {
    return state_->body;
}

Bytes RequestParser::take_part() {
    Bytes out;
    out.swap(state_->head_seen ? state_->message->body : state_->body);
    return out;
}

bool RequestParser::in_body() const {
    return state_->head_seen;
}

bool RequestParser::in_head() const {
    return state_->partial_head;
}

}  // namespace consilium::http
