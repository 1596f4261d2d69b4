// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <chrono>

#include "http/connection.hpp"

// How connections end: time-outs, stopping, goodbyes.
namespace consilium::http::detail {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// How much is read from one connection before others have their turn.
constexpr int kReadsPerTurn = 16;
constexpr std::uint64_t kBodyBytesPerSecondMin = 64U * 1024U;
constexpr std::uint64_t kLingerMs = 1000;
// The same while the server stops: clients that keep idle connections must not hold it up.
constexpr std::uint64_t kLingerStoppingMs = 100;

std::uint64_t count_of(std::chrono::milliseconds ms) {
    return static_cast<std::uint64_t>(ms.count());
}

}  // namespace

void Connection::check_timeouts(std::uint64_t now_ms) {
    const auto& limits = thread_.shared.limits;
    const auto over = [now_ms](std::uint64_t since, std::uint64_t limit) {
        return since != 0 && now_ms > since && now_ms - since > limit;
    };
    const auto give_up = [this] {
        thread_.shared.metrics.timeouts.add();
        close();
    };
    if (phase_ == Phase::kHandshake) {
        if (over(phase_since_ms_, count_of(limits.handshake_timeout))) give_up();
        return;
    }
    if (phase_ == Phase::kLingering) {
        if (over(phase_since_ms_, thread_.stopping ? kLingerStoppingMs : kLingerMs)) close();
        return;
    }
    if (phase_ != Phase::kOpen) return;
    if (over(write_since_ms_, count_of(limits.write_timeout))) return give_up();
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].asked_ms == 0 || !over(slots_[i].asked_ms, count_of(limits.answer_timeout))) {
            break;  // later ones were asked later
        }
        answer(first_slot_ + i,
               problem_retry(504, "answer-timeout", "The answer took too long; it may still come",
                             limits.retry_after_s));
    }
    if (!paused_ && !no_more_requests_ && request_since_ms_ != 0) {
        const auto allowed =
            parser_.in_body()
                ? count_of(limits.body_timeout) + body_bytes_seen_ * 1000 / kBodyBytesPerSecondMin
                : count_of(limits.header_timeout);
        if (over(request_since_ms_, allowed)) {
            thread_.shared.metrics.timeouts.add();
            refuse_rest(problem(408, "request-timeout", "The request came too slowly"));
        }
    }
    if (slots_.empty() && stream_ == nullptr && request_since_ms_ == 0 && write_since_ms_ == 0 &&
        over(active_ms_, count_of(limits.idle_timeout))) {
        close();
    }
}

void Connection::begin_stop() {
    if (phase_ == Phase::kHandshake || phase_ == Phase::kLingering || stream_ != nullptr) {
        close();
        return;
    }
    if (phase_ != Phase::kOpen) return;
    if (parser_.in_body()) {
        refuse_rest(problem_retry(503, "stopping", "The node is going down",
                                  thread_.shared.limits.retry_after_s));
    }
    no_more_requests_ = true;
    if (slots_.empty()) {
        finish();
    } else {
        slots_.back().close = true;
    }
}

void Connection::close() {
    if (phase_ == Phase::kClosed) return;
    phase_ = Phase::kClosed;
    release_body();
    end_upload(Upload::State::kBroken);
    auto& shared = thread_.shared;
    shared.in_flight.fetch_sub(slots_.size());
    for (auto& slot : slots_) {
        if (slot.stream) {
            shared.streams.fetch_sub(1);
            slot.stream->end();
        }
    }
    slots_.clear();
    if (stream_) {
        shared.streams.fetch_sub(1);
        stream_->end();
        stream_ = nullptr;
    }
    error_code ignored;
    socket_.close(ignored);
    shared.connections.fetch_sub(1);
    // The caller may be iterating over the connections or running a method of this one.
    boost::asio::post(thread_.io,
                      [self = shared_from_this()] { self->thread_.connections.erase(self->id_); });
}

// All is said: the peer is told, then what it still sends is read for a moment, because closing a
// socket with unread bytes resets the connection and may destroy the answer on its way.
void Connection::finish() {
    tls_.shutdown();
    const auto result = tls_.flush();
    if (result == TlsSocket::Result::kClosed) return close();
    hang_up();
}

// Sends no more and waits a moment for the peer to have read it all.
void Connection::hang_up() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    phase_ = Phase::kLingering;
    phase_since_ms_ = steady_ms();
    wait_readable();
}

void Connection::linger() {
    for (int turn = 0; turn < kReadsPerTurn; ++turn) {
        const auto n =
            ::recv(socket_.native_handle(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (n > 0) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        close();
        return;
    }
    wait_readable();
}

}  // namespace consilium::http::detail
