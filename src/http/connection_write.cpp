// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "http/connection.hpp"

// The half of a connection that writes.
namespace consilium::http::detail {
namespace {

constexpr std::size_t kWriteStepBytes = 128U * 1024U;
// Answers beyond this wait as they are, so that a slow reader costs no second copy of them.
constexpr std::size_t kSerialisedBytesMax = 256U * 1024U;

std::string_view status_line(std::uint16_t status) {
    switch (status) {
        case 200:
            return "HTTP/1.1 200 OK\r\n";
        case 201:
            return "HTTP/1.1 201 Created\r\n";
        case 202:
            return "HTTP/1.1 202 Accepted\r\n";
        case 204:
            return "HTTP/1.1 204 No Content\r\n";
        case 303:
            return "HTTP/1.1 303 See Other\r\n";
        case 304:
            return "HTTP/1.1 304 Not Modified\r\n";
        case 400:
            return "HTTP/1.1 400 Bad Request\r\n";
        case 401:
            return "HTTP/1.1 401 Unauthorized\r\n";
        case 403:
            return "HTTP/1.1 403 Forbidden\r\n";
        case 404:
            return "HTTP/1.1 404 Not Found\r\n";
        case 405:
            return "HTTP/1.1 405 Method Not Allowed\r\n";
        case 406:
            return "HTTP/1.1 406 Not Acceptable\r\n";
        case 408:
            return "HTTP/1.1 408 Request Timeout\r\n";
        case 409:
            return "HTTP/1.1 409 Conflict\r\n";
        case 410:
            return "HTTP/1.1 410 Gone\r\n";
        case 412:
            return "HTTP/1.1 412 Precondition Failed\r\n";
        case 413:
            return "HTTP/1.1 413 Content Too Large\r\n";
        case 415:
            return "HTTP/1.1 415 Unsupported Media Type\r\n";
        case 416:
            return "HTTP/1.1 416 Range Not Satisfiable\r\n";
        case 417:
            return "HTTP/1.1 417 Expectation Failed\r\n";
        case 422:
            return "HTTP/1.1 422 Unprocessable Content\r\n";
        case 425:
            return "HTTP/1.1 425 Too Early\r\n";
        case 428:
            return "HTTP/1.1 428 Precondition Required\r\n";
        case 429:
            return "HTTP/1.1 429 Too Many Requests\r\n";
        case 431:
            return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
        case 500:
            return "HTTP/1.1 500 Internal Server Error\r\n";
        case 501:
            return "HTTP/1.1 501 Not Implemented\r\n";
        case 502:
            return "HTTP/1.1 502 Bad Gateway\r\n";
        case 503:
            return "HTTP/1.1 503 Service Unavailable\r\n";
        case 504:
            return "HTTP/1.1 504 Gateway Timeout\r\n";
        case 505:
            return "HTTP/1.1 505 HTTP Version Not Supported\r\n";
        default:
            break;
    }
    CONSILIUM_ASSERT(status == 507);
    return "HTTP/1.1 507 Insufficient Storage\r\n";
}

void append_number(std::string& out, std::size_t number) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

}  // namespace

void Connection::serialise(Slot& slot) {
    const Response& response = slot.response;
    const bool stopping = thread_.stopping && slots_.size() == 1;
    const bool close = slot.close || stopping;
    slot.close = close;
    out_ += status_line(response.status);
    if (response.media != Media::kNone) {
        out_ += "Content-Type: ";
        out_ += response.media == Media::kOther ? std::string_view(response.content_type)
                                                : content_type(response.media);
        out_ += "\r\n";
    }
    const bool has_length = slot.stream == nullptr || slot.length.has_value();
    if (has_length && response.status != 204 && response.status != 304) {
        out_ += "Content-Length: ";
        append_number(out_, slot.length.value_or(response.body.size()));
        out_ += "\r\n";
    }
    out_ += thread_.date_line();
    out_ += response.headers;
    out_ += close ? "Connection: close\r\n\r\n" : "\r\n";
    if (!slot.head_only) out_ += response.body;
    thread_.shared.metrics.answers[static_cast<std::size_t>(response.status / 100 - 1)].add();
}

void Connection::flush() {
    if (phase_ != Phase::kOpen) {
        // A handshake's bytes, or a goodbye.
        if (phase_ != Phase::kClosed) {
            const auto result = tls_.flush();
            if (result == TlsSocket::Result::kClosed) close();
            if (result == TlsSocket::Result::kWantWrite) wait_writable();
        }
        return;
    }
    const auto self = shared_from_this();
    while (phase_ == Phase::kOpen) {
        bool closing = false;
        while (!slots_.empty() && stream_ == nullptr && !closing &&
               out_.size() - out_sent_ < kSerialisedBytesMax) {
            Slot& slot = slots_.front();
            if (slot.owes_continue) {
                out_ += "HTTP/1.1 100 Continue\r\n\r\n";
                slot.owes_continue = false;
            }
            if (!slot.ready) break;
            serialise(slot);
            closing = slot.close && slot.stream == nullptr;
            stream_ = std::move(slot.stream);
            slots_.pop_front();
            ++first_slot_;
            thread_.shared.in_flight.fetch_sub(1, std::memory_order_relaxed);
        }
        if (closing) {
            // Requests after a "Connection: close" are not answered (RFC 9112 section 9.6).
            no_more_requests_ = true;
            thread_.shared.in_flight.fetch_sub(slots_.size());
            first_slot_ += slots_.size();
            slots_.clear();
            closing_ = true;
        }
        const bool room = out_.size() - out_sent_ < kSerialisedBytesMax;
        if (stream_ != nullptr && !closing_ && room) {
            if (!stream_->take(out_)) {
                thread_.shared.streams.fetch_sub(1);
                stream_ = nullptr;
                closing_ = no_more_requests_ = true;
            }
        }
        if (!write()) return;
        // What had no room before has it now.
        const bool more =
            (!slots_.empty() && slots_.front().ready) || (stream_ != nullptr && !room);
        if (!more) break;
    }
    if (phase_ != Phase::kOpen) return;
    if (closing_) return finish();
    resume();
}

// True when all that was serialised has been sent.
bool Connection::write() {
    const auto before = tls_.waiting();
    while (true) {
        const auto result = tls_.flush();
        if (result == TlsSocket::Result::kClosed) {
            close();
            return false;
        }
        if (result == TlsSocket::Result::kWantWrite) {
            // Progress starts the clock anew.
            if (write_since_ms_ == 0 || tls_.waiting() != before) write_since_ms_ = steady_ms();
            wait_writable();
            return false;
        }
        if (out_sent_ == out_.size()) break;
        const auto step = std::min(kWriteStepBytes, out_.size() - out_sent_);
        if (!tls_.write(std::string_view(out_).substr(out_sent_, step))) {
            close();
            return false;
        }
        out_sent_ += step;
        thread_.shared.metrics.sent_bytes.add(step);
    }
    out_.clear();
    out_sent_ = 0;
    if (out_.capacity() > 4 * kSerialisedBytesMax) out_.shrink_to_fit();
    write_since_ms_ = 0;
    active_ms_ = steady_ms();
    return true;
}

}  // namespace consilium::http::detail
