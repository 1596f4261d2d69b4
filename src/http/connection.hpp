// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <deque>
#include <unordered_map>
#include <vector>

#include "http/mailbox.hpp"
#include "http/request_check.hpp"
#include "http/request_parser.hpp"
#include "http/server.hpp"
#include "http/tls_socket.hpp"

// For the .cpp files of this room only.
namespace consilium::http::detail {

class Connection;

// Milliseconds on a clock that never steps back, for time-outs.
[[nodiscard]] std::uint64_t steady_ms();
[[nodiscard]] UnixMs wall_clock();

struct ServerMetrics {
    ServerMetrics(telemetry::Metrics& metrics, const std::string& server);
    telemetry::Counter connections, refused_connections, timeouts, parse_errors;
    telemetry::Gauge open, in_flight;
    std::array<telemetry::Counter, 5> answers;  // by the first digit of the status
    telemetry::Counter received_bytes, sent_bytes;
};

// What all IO threads of a server share.
struct Shared {
    Shared(const ServerOptions& options, const Router& all_routes, Tokens& all_tokens,
           telemetry::Logger logger, telemetry::Metrics& all_metrics)
        : limits(options.limits),
          name_of_client(options.name_of_client),
          router(all_routes),
          tokens(all_tokens),
          log(std::move(logger)),
          metrics(all_metrics, options.name) {}
    const ServerLimits limits;
    const NameOfClientKey name_of_client;
    const Router& router;
    Tokens& tokens;
    telemetry::Logger log;
    ServerMetrics metrics;
    TlsContext tls;
    std::atomic<std::size_t> connections{0};
    std::atomic<std::size_t> in_flight{0};
    std::atomic<std::size_t> large_body_bytes{0};
    std::atomic<std::size_t> streams{0};
    std::atomic<std::size_t> uploads{0};
};

// One thread with its connections. Everything but `mailbox` belongs to that thread.
struct IoThread {
    explicit IoThread(Shared& all) : shared(all) {}
    Shared& shared;
    boost::asio::io_context io{1};
    std::shared_ptr<Mailbox> mailbox;
    std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections;
    // Requests of batched routes out of the read that is being worked on, by route.
    std::vector<std::pair<const Route*, std::vector<Exchange>>> batches;
    std::vector<Message> taken;
    std::vector<std::shared_ptr<Connection>> touched;
    bool stopping = false;

    void hand_over_batches();
    // Puts the answers that have come into their connections and writes.
    void drain();
    // "Date: ...\r\n", renewed once a second.
    [[nodiscard]] const std::string& date_line();

 private:
    std::string date_line_;
    std::time_t date_second_ = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
    Connection(IoThread& thread, boost::asio::ip::tcp::socket socket, std::uint64_t id);
    ~Connection();
    void start();
    void answer(std::uint64_t slot, Response response);
    void begin_stream(std::uint64_t slot, Response head, std::shared_ptr<StreamBuffer::Core> stream,
                      std::optional<std::uint64_t> length);
    // The upload was started, or has room again.
    void continue_upload();
    // Serialises the answers whose turn it is and writes.
    void flush();
    void check_timeouts(std::uint64_t now_ms);
    // Takes no more requests; closes when all is answered.
    void begin_stop();
    void close();

    // Set while the connection waits in IoThread::touched.
    bool touched = false;

 private:
    enum class Phase { kHandshake, kOpen, kLingering, kClosed };
    struct Slot {
        bool ready = false;
        bool head_only = false;
        bool close = false;
        bool heavy = false;
        bool owes_continue = false;
        std::uint64_t asked_ms = 0;  // 0 while the body is coming
        Response response;
        std::shared_ptr<StreamBuffer::Core> stream;
        std::optional<std::uint64_t> length;  // of what the stream will have sent
    };

    void wait_readable();
    void wait_writable();
    void on_readable();
    bool handshake();
    bool read_some();
    void parse();
    void on_head();
    void on_message();
    void refuse_rest(Response response);
    void serialise(Slot& slot);
    [[nodiscard]] bool write();
    void resume();
    void finish();
    void hang_up();
    void keep_fields(const RequestHead& head);
    void linger();
    [[nodiscard]] bool may_parse() const;
    [[nodiscard]] Slot* find(std::uint64_t slot);
    void release_body();
    [[nodiscard]] Request make_request();
    void begin_upload(const RequestHead& head);
    void end_upload(Upload::State state);
    void note_pause();
    void end_pause();

    IoThread& thread_;
    boost::asio::ip::tcp::socket socket_;
    const std::uint64_t id_;
    TlsSocket tls_;
    Phase phase_ = Phase::kHandshake;

    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    RequestParser parser_;
    LastToken last_token_;
    // The request whose body is coming.
    Admission admission_;
    std::string target_;
    RequestFields fields_;  // views into field_text_
    std::string field_text_;
    Method method_ = Method::kGet;
    bool keep_alive_ = true;
    std::size_t large_body_bytes_ = 0;
    std::shared_ptr<Upload> upload_;  // while its body is coming, which is of the last slot
    bool upload_owes_continue_ = false;
    std::uint64_t upload_paused_since_ms_ = 0;

    std::deque<Slot> slots_;
    std::uint64_t first_slot_ = 0;  // number of slots_.front()
    std::string out_;
    std::size_t out_sent_ = 0;
    std::shared_ptr<StreamBuffer::Core> stream_;

    bool no_more_requests_ = false;
    bool peer_closed_ = false;
    bool closing_ = false;  // what is in out_ is the last
    bool waiting_readable_ = false;
    bool waiting_writable_ = false;
    bool paused_ = false;  // not read, because enough is under way
    std::uint64_t phase_since_ms_ = 0;
    std::uint64_t request_since_ms_ = 0;  // since when a part of a request is there; 0: none
    std::uint64_t body_bytes_seen_ = 0;
    std::uint64_t write_since_ms_ = 0;  // since when nothing of what waits was taken
    std::uint64_t active_ms_ = 0;
};

}  // namespace consilium::http::detail
