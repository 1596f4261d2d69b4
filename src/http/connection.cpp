// SPDX-License-Identifier: Apache-2.0
#include "http/connection.hpp"

#include <sys/socket.h>

#include <boost/asio/post.hpp>

#include "base/assert.hpp"

namespace consilium::http::detail {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// Held per connection while it has something unparsed; a header must fit.
constexpr std::size_t kReadBufferBytes = 64U * 1024U;
// How much is read from one connection before others have their turn.
constexpr int kReadsPerTurn = 16;
// Bodies of refused requests up to this size are read and dropped, so that the connection lives.
constexpr std::uint64_t kDroppedBodyBytesMax = 64U * 1024U;
constexpr std::uint64_t kLargeBodyBytes = 64U * 1024U;

}  // namespace

Connection::Connection(IoThread& thread, tcp::socket socket, std::uint64_t id)
    : thread_(thread),
      socket_(std::move(socket)),
      id_(id),
      tls_(thread.shared.tls.get(), socket_.native_handle()),
      parser_(thread.shared.limits.header_bytes_max) {
    phase_since_ms_ = active_ms_ = steady_ms();
    buffer_.resize(std::max(kReadBufferBytes, 2 * thread.shared.limits.header_bytes_max + 64));
}

Connection::~Connection() {
    CONSILIUM_ASSERT(large_body_bytes_ == 0);
}

void Connection::start() {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(tcp::no_delay(true), ignored);
    wait_readable();
}

void Connection::wait_readable() {
    if (waiting_readable_ || phase_ == Phase::kClosed) return;
    waiting_readable_ = true;
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code ec) {
        self->waiting_readable_ = false;
        if (ec || self->phase_ == Phase::kClosed) return;
        self->on_readable();
        self->thread_.drain();
    });
}

void Connection::wait_writable() {
    if (waiting_writable_ || phase_ == Phase::kClosed) return;
    waiting_writable_ = true;
    socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](error_code ec) {
        self->waiting_writable_ = false;
        if (ec || self->phase_ == Phase::kClosed) return;
        self->flush();
        self->thread_.drain();
    });
}

// True when the connection is open.
bool Connection::handshake() {
    const auto result = tls_.accept();
    if (result == TlsSocket::Result::kClosed || tls_.flush() == TlsSocket::Result::kClosed) {
        // What is wrong is in an alert, which a reset would destroy on its way.
        if (tls_.flush() == TlsSocket::Result::kDone) {
            hang_up();
        } else {
            close();
        }
        return false;
    }
    if (tls_.waiting() > 0) wait_writable();
    if (result != TlsSocket::Result::kDone) {
        wait_readable();
        return false;
    }
    phase_ = Phase::kOpen;
    phase_since_ms_ = active_ms_ = steady_ms();
    return true;
}

void Connection::on_readable() {
    if (phase_ == Phase::kLingering) {
        linger();
        return;
    }
    if (phase_ == Phase::kHandshake && !handshake()) return;
    bool more = true;
    for (int turn = 0; turn < kReadsPerTurn && more && phase_ == Phase::kOpen; ++turn) {
        paused_ = !may_parse();
        if (paused_) break;
        more = read_some();
        parse();
    }
    thread_.hand_over_batches();
    if (phase_ != Phase::kOpen) return;
    paused_ = !may_parse();
    note_pause();
    if (more && !paused_) {
        boost::asio::post(thread_.io, [self = shared_from_this()] {
            if (self->phase_ != Phase::kOpen) return;
            self->on_readable();
            self->thread_.drain();
        });
    } else if (!paused_ && !peer_closed_) {
        wait_readable();
    }
    // Key updates and the like.
    if (tls_.waiting() > 0 && !waiting_writable_) flush();
}

// Reads once; false when there is nothing more at present or ever.
bool Connection::read_some() {
    if (begin_ == end_) {
        begin_ = end_ = 0;
    } else if (begin_ > buffer_.size() / 2) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == buffer_.size()) return true;  // to be parsed first
    std::size_t got = 0;
    const auto result = tls_.read(buffer_.data() + end_, buffer_.size() - end_, got);
    if (result == TlsSocket::Result::kDone) {
        end_ += got;
        active_ms_ = steady_ms();
        thread_.shared.metrics.received_bytes.add(got);
        // A client that was told to stop, or that follows a stream, has nothing more to say.
        if (no_more_requests_ || stream_ != nullptr) begin_ = end_ = 0;
        return true;
    }
    if (result == TlsSocket::Result::kWantRead) return false;
    // The client sends no more. Answers under way still go out; whoever only follows has gone.
    no_more_requests_ = peer_closed_ = true;
    if (slots_.empty() || stream_ != nullptr || parser_.in_body()) {
        close();
    } else {
        slots_.back().close = true;
    }
    return false;
}

bool Connection::may_parse() const {
    if (no_more_requests_ || stream_ != nullptr) return true;  // read to see the end
    if (parser_.in_body()) return upload_ == nullptr || upload_->wants_more();
    return slots_.size() < thread_.shared.limits.in_flight_per_connection_max &&
           (slots_.empty() || !slots_.back().heavy);
}

void Connection::parse() {
    while (phase_ == Phase::kOpen && !no_more_requests_ && stream_ == nullptr && begin_ < end_ &&
           may_parse()) {
        std::size_t consumed = 0;
        const bool in_body = parser_.in_body();
        const auto event = parser_.next({buffer_.data() + begin_, end_ - begin_}, consumed);
        if (event == RequestParser::Event::kHead) {
            on_head();  // its views end with the next call
            if (no_more_requests_) return;
        }
        begin_ += consumed;
        if (in_body) body_bytes_seen_ += consumed;
        if (upload_ != nullptr && event != RequestParser::Event::kHead)
            upload_->put(parser_.take_part());
        switch (event) {
            case RequestParser::Event::kHead:
                continue;
            case RequestParser::Event::kMessage:
                on_message();
                continue;
            case RequestParser::Event::kError:
                thread_.shared.metrics.parse_errors.add();
                refuse_rest(refusal_of(parser_.error()));
                return;
            case RequestParser::Event::kNeedMore:
                break;
        }
        if (request_since_ms_ == 0 && (parser_.in_head() || parser_.in_body())) {
            request_since_ms_ = steady_ms();
        }
        if (parser_.in_body() && slots_.back().owes_continue) flush();
        return;
    }
    // A request without a body is complete with its header; there is nothing left to feed.
    if (phase_ == Phase::kOpen && !no_more_requests_ && stream_ == nullptr && parser_.in_body()) {
        std::size_t consumed = 0;
        if (parser_.next({}, consumed) == RequestParser::Event::kMessage) {
            on_message();
        } else {
            if (request_since_ms_ == 0) request_since_ms_ = steady_ms();
            if (slots_.back().owes_continue) flush();
        }
    }
}

void Connection::on_head() {
    auto& shared = thread_.shared;
    const auto& head = parser_.head();
    admission_ = admit(head, shared.router, shared.tokens, wall_clock(), last_token_);
    target_ = head.target;
    for (auto& parameter : admission_.parameters) {
        // They pointed into the buffer; the copy outlives it.
        if (parameter.data() == nullptr) continue;
        parameter = std::string_view(target_).substr(
            static_cast<std::size_t>(parameter.data() - head.target.data()), parameter.size());
    }
    keep_fields(head);
    method_ = head.method;
    keep_alive_ = head.keep_alive;
    body_bytes_seen_ = 0;
    request_since_ms_ = 0;
    const auto length = head.content_length.value_or(0);
    if (!admission_.refusal &&
        shared.in_flight.load(std::memory_order_relaxed) >= shared.limits.in_flight_max) {
        admission_.refusal = problem_retry(503, "overloaded", "Too many requests are under way",
                                           shared.limits.retry_after_s);
    }
    const auto reserve = head.chunked ? admission_.route != nullptr
                                            ? admission_.route->options.body_bytes_max
                                            : std::size_t{0}
                                      : static_cast<std::size_t>(length);
    const bool uploads = !admission_.refusal && admission_.uploads != nullptr;
    if (uploads && shared.uploads.load() >= shared.limits.uploads_max) {
        admission_.refusal = problem_retry(503, "overloaded", "Too many uploads at once",
                                           shared.limits.retry_after_s);
    }
    if (!admission_.refusal && !uploads && reserve > kLargeBodyBytes) {
        if (shared.large_body_bytes.fetch_add(reserve) + reserve >
            shared.limits.large_bodies_bytes_max) {
            shared.large_body_bytes.fetch_sub(reserve);
            admission_.refusal = problem_retry(503, "overloaded", "Too many large bodies at once",
                                               shared.limits.retry_after_s);
        } else {
            large_body_bytes_ = reserve;
        }
    }
    shared.in_flight.fetch_add(1, std::memory_order_relaxed);
    Slot& slot = slots_.emplace_back();
    slot.head_only = head.method == Method::kHead;
    slot.heavy = admission_.route != nullptr && admission_.route->options.heavy;
    slot.owes_continue = !head.expect.empty() && !admission_.refusal;
    if (!keep_alive_) slot.close = true;
    const bool has_body = head.chunked || length > 0;
    if (admission_.refusal && has_body &&
        (head.chunked || length > kDroppedBodyBytesMax || !head.expect.empty())) {
        refuse_rest(std::move(*admission_.refusal));
        return;
    }
    parser_.body_limit(
        admission_.refusal ? kDroppedBodyBytesMax : admission_.route->options.body_bytes_max,
        !admission_.refusal);
    if (uploads && !admission_.refusal) begin_upload(head);
}

void Connection::on_message() {
    release_body();
    request_since_ms_ = 0;
    const auto now = active_ms_;
    const std::uint64_t number = first_slot_ + slots_.size() - 1;
    Slot& slot = slots_.back();
    slot.asked_ms = now;
    slot.owes_continue = false;
    if (!keep_alive_) no_more_requests_ = true;
    if (upload_ != nullptr) {
        end_upload(Upload::State::kWhole);
        return;
    }
    if (admission_.refusal) {
        answer(number, std::move(*admission_.refusal));
        return;
    }
    const Route& route = *admission_.route;
    Responder responder(thread_.mailbox, id_, number);
    if (route.batch) {
        if (thread_.batches.empty() || thread_.batches.back().first != &route) {
            thread_.batches.emplace_back(&route, std::vector<Exchange>());
        }
        thread_.batches.back().second.push_back({std::move(parser_.body()), admission_.accept,
                                                 std::move(admission_.principal),
                                                 std::move(responder)});
        return;
    }
    Request request = make_request();
    request.body = std::move(parser_.body());
    route.handler(request, std::move(responder));
}

Request Connection::make_request() {
    Request request;
    request.method = method_;
    const std::string_view target(target_);
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
    request.parameters = admission_.parameters;
    request.fields = fields_;
    request.peer = tls_.peer();
    request.accept = admission_.accept;
    request.principal = std::move(admission_.principal);
    return request;
}

void Connection::release_body() {
    if (large_body_bytes_ == 0) return;
    thread_.shared.large_body_bytes.fetch_sub(large_body_bytes_);
    large_body_bytes_ = 0;
}

// Answers the request that cannot be read to its end and takes no more.
void Connection::refuse_rest(Response response) {
    release_body();
    end_upload(Upload::State::kBroken);
    no_more_requests_ = true;
    begin_ = end_ = 0;
    response.close = true;
    const bool has_slot = !slots_.empty() && slots_.back().asked_ms == 0 && !slots_.back().ready;
    if (!has_slot) {
        thread_.shared.in_flight.fetch_add(1, std::memory_order_relaxed);
        slots_.emplace_back();
    }
    slots_.back().asked_ms = steady_ms();
    answer(first_slot_ + slots_.size() - 1, std::move(response));
}

// The header's views end with the next read.
void Connection::keep_fields(const RequestHead& head) {
    const auto all = [](RequestFields& fields) {
        return std::array{&fields.content_type,    &fields.accept,        &fields.last_event_id,
                          &fields.if_match,        &fields.if_none_match, &fields.if_modified_since,
                          &fields.if_none_exist,   &fields.prefer,        &fields.emergency_access,
                          &fields.security_context};
    };
    static_assert(sizeof(RequestFields) == 10 * sizeof(std::string_view), "keep them all");
    fields_ = head.fields;
    field_text_.clear();
    for (const auto* field : all(fields_))
        field_text_ += *field;
    std::size_t at = 0;
    for (auto* field : all(fields_)) {
        const auto size = field->size();
        *field = std::string_view(field_text_).substr(at, size);
        at += size;
    }
}

Connection::Slot* Connection::find(std::uint64_t slot) {
    if (slot < first_slot_ || slot - first_slot_ >= slots_.size()) return nullptr;
    Slot* found = &slots_[slot - first_slot_];
    return found->ready ? nullptr : found;
}

void Connection::answer(std::uint64_t number, Response response) {
    Slot* slot = find(number);
    if (slot == nullptr || phase_ != Phase::kOpen) return;
    if (upload_ != nullptr && slot == &slots_.back()) {
        // Answered before its end: what still comes is not read.
        end_upload(Upload::State::kBroken);
        no_more_requests_ = true;
        begin_ = end_ = 0;
        slot->close = true;
        if (slot->asked_ms == 0) slot->asked_ms = steady_ms();
    }
    slot->ready = true;
    slot->response = std::move(response);
    slot->close = slot->close || slot->response.close;
    if (number == first_slot_ && !touched) {
        touched = true;
        thread_.touched.push_back(shared_from_this());
    }
}

void Connection::begin_stream(std::uint64_t number, Response head,
                              std::shared_ptr<StreamBuffer::Core> stream,
                              std::optional<std::uint64_t> length) {
    Slot* slot = find(number);
    auto& shared = thread_.shared;
    if (slot == nullptr || phase_ != Phase::kOpen) {
        stream->end();
        return;
    }
    slot->length = length;
    if (slot->head_only) {
        stream->end();
        answer(number, std::move(head));
        return;
    }
    if (shared.streams.fetch_add(1) >= shared.limits.streams_max || thread_.stopping) {
        shared.streams.fetch_sub(1);
        stream->end();
        slot->length = std::nullopt;
        answer(number, problem_retry(503, "overloaded", "Too many streams are open",
                                     shared.limits.retry_after_s));
        return;
    }
    slot->stream = std::move(stream);
    slot->close = true;
    answer(number, std::move(head));
}

void Connection::resume() {
    if (!paused_ || phase_ != Phase::kOpen || no_more_requests_) return;
    const auto most = thread_.shared.limits.in_flight_per_connection_max;
    if ((!parser_.in_body() && slots_.size() >= most - most / 4) || !may_parse()) return;
    paused_ = false;
    if (upload_ != nullptr) {
        end_pause();
    } else {
        request_since_ms_ = 0;
    }
    boost::asio::post(thread_.io, [self = shared_from_this()] {
        if (self->phase_ != Phase::kOpen) return;
        self->parse();
        self->on_readable();
        self->thread_.drain();
    });
}

}  // namespace consilium::http::detail
