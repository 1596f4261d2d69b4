// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/channel.hpp"

#include "base/assert.hpp"
#include "base/hex.hpp"
#include "proto/canonical.hpp"
#include "vault/delivery/channel_state.hpp"

namespace consilium::vault::delivery {
namespace {

// Of all members together: each has its own share besides.
constexpr std::size_t kWaitingMax = 1024;

UnixMs system_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count())};
}

class QueueWriter final : public Channel::Writer {
 public:
    QueueWriter(Channel::State& state, v1::PeerHeader header)
        : state_(state), writer_(*state.outbox, std::move(header)) {}
    Status<SendError> update(BytesView bytes) override {
        if (auto written = writer_.update(bytes); !written) return fail(error_of(written.error()));
        return Done{};
    }
    Status<SendError> commit() override {
        auto queued = writer_.commit(state_.options.now());
        if (!queued) return fail(error_of(queued.error()));
        if (*queued) state_.enqueue(std::move(**queued), false);
        return Done{};
    }

 private:
    [[nodiscard]] SendError error_of(VaultError error) const {
        if (error == VaultError::kTooLong) return SendError::kInvalid;
        state_.log.error("delivery", "a message cannot be queued",
                         {telemetry::Field("error", static_cast<unsigned>(error))});
        return SendError::kStorage;
    }
    Channel::State& state_;
    Outbox::Writer writer_;
};

}  // namespace

const char* to_string(SendError error) {
    switch (error) {
        case SendError::kUnknownMember:
            return "unknown-member";
        case SendError::kInvalid:
            return "invalid";
        case SendError::kStorage:
            return "storage";
        case SendError::kFull:
            return "full";
    }
    return "unknown";
}

ChannelMetrics::ChannelMetrics(telemetry::Metrics& metrics)
    : taken(metrics.counter("consilium_delivery_sent_total", "Messages to other members' nodes.",
                            {{"result", "taken"}})),
      refused(metrics.counter("consilium_delivery_sent_total", "Messages to other members' nodes.",
                              {{"result", "refused"}})),
      put_off(metrics.counter("consilium_delivery_attempts_put_off_total",
                              "Attempts to deliver that will be made again.")),
      sent_bytes(metrics.counter("consilium_delivery_sent_bytes_total",
                                 "Bytes of messages sent to other members' nodes.")),
      received_bytes(metrics.counter("consilium_delivery_received_bytes_total",
                                     "Bytes of messages from other members' nodes.")),
      received(metrics.counter("consilium_delivery_received_total",
                               "Messages from other members' nodes that were taken.")),
      turned_away(
          metrics.counter("consilium_delivery_turned_away_total",
                          "Pieces and messages from other members' nodes that were refused.")),
      waiting(metrics.gauge("consilium_delivery_waiting",
                            "Messages that other members' nodes have not taken yet.")) {}

Channel::State::State(ChannelOptions given, const Directory& all, telemetry::Logger logger,
                      telemetry::Metrics& all_metrics)
    : options(std::move(given)),
      directory(all),
      log(std::move(logger)),
      metrics(all_metrics),
      receiving(std::make_unique<services::WorkQueue>(options.receivers, kWaitingMax)) {}

Channel::Channel(std::unique_ptr<State> state) : state_(std::move(state)) {}

Channel::~Channel() {
    stop();
}

Result<std::unique_ptr<Channel>, VaultError> Channel::open(ChannelOptions options, Vault& vault,
                                                           const Directory& directory,
                                                           telemetry::Logger log,
                                                           telemetry::Metrics& metrics) {
    CONSILIUM_ASSERT(options.senders >= 1 && options.senders <= 64);
    CONSILIUM_ASSERT(options.connections_per_peer >= 1);
    if (!options.now) options.now = system_now;
    auto state = std::make_unique<State>(std::move(options), directory, log, metrics);
    auto outbox = Outbox::open(vault);
    if (!outbox) return fail(outbox.error());
    state->outbox = std::move(*outbox);
    auto inbox = Inbox::open(vault, log);
    if (!inbox) return fail(inbox.error());
    state->inbox = std::move(*inbox);
    for (auto& queued : state->outbox->take_loaded())
        state->enqueue(std::move(queued), true);
    return std::unique_ptr<Channel>(new Channel(std::move(state)));
}

Result<std::unique_ptr<Channel::Writer>, SendError> Channel::begin(const ledger::MemberId& to,
                                                                   const Hash32& name,
                                                                   std::uint64_t size) {
    auto& s = *state_;
    if (size < 1 || size > kMessageBytesMax) return fail(SendError::kInvalid);
    if (to == s.options.self || !s.directory.peer(to)) return fail(SendError::kUnknownMember);
    {
        const std::lock_guard lock(s.mutex);
        const auto lane = s.lanes.find(to);
        if (lane != s.lanes.end() && lane->second.items.size() >= kQueuedMax)
            return fail(SendError::kFull);
    }
    v1::PeerHeader header;
    header.set_network_id(s.options.network.bytes());
    header.set_sender(s.options.self);
    header.set_recipient(to);
    header.set_name(name.bytes());
    header.set_size(size);
    return std::unique_ptr<Writer>(std::make_unique<QueueWriter>(s, std::move(header)));
}

Status<SendError> Channel::send(const ledger::MemberId& to, const Hash32& name, BytesView message) {
    auto writer = begin(to, name, message.size());
    if (!writer) return fail(writer.error());
    const auto known = state_->outbox->was_sent(to, name.view());
    if (!known) return fail(SendError::kStorage);
    if (*known) return Done{};
    if (auto written = (*writer)->update(message); !written) return written;
    return (*writer)->commit();
}

void Channel::on_receive(Receive receive) {
    state_->receive = std::move(receive);
}

http::NameOfClientKey Channel::name_of_client() const {
    return [directory = &state_->directory](const Hash32& key) -> std::optional<std::string> {
        if (!directory->is_known(key)) return std::nullopt;
        return to_hex(key.view());
    };
}

// What a piece is answered with, on a thread that may wait.
http::Response Channel::State::answer(BytesView body, std::string_view key) {
    const auto chunk = read_piece(body, options.network, options.self);
    std::optional<PieceError> error;
    if (!chunk) {
        error = chunk.error();
    } else {
        const auto& sender = chunk->header().sender();
        const auto peer = directory.peer(sender);
        if (sender == options.self || !peer || to_hex(peer->tls_key_sha256.view()) != key)
            error = PieceError::kSender;
    }
    if (error) {
        metrics.turned_away.add();
        log.warning("delivery", "a piece of a message was turned away",
                    {telemetry::Field::name("reason", to_string(*error))});
        return *error == PieceError::kSender
                   ? http::problem(403, "peer-sender", "The sender has another key on the ledger")
                   : http::problem(400, "peer-piece", "The body is no piece of a message to here");
    }
    const auto answer = inbox->take(*chunk, receive, options.now());
    metrics.received_bytes.add(chunk->bytes().size());
    if (answer.state() == v1::PEER_STATE_TAKEN) metrics.received.add();
    if (answer.state() == v1::PEER_STATE_REFUSED) metrics.turned_away.add();
    http::Response out;
    out.media = http::Media::kProtobuf;
    out.body = proto::encode(answer);
    return out;
}

void Channel::add_routes(http::Router& router) {
    http::RouteOptions options;
    options.consumes = {http::Media::kProtobuf};
    options.produces = {http::Media::kProtobuf};
    options.body_bytes_max = kPieceBodyBytesMax;
    router.add(http::Method::kPost, std::string(kPeerPath), std::move(options),
               [s = state_.get()](http::Request& request, http::Responder responder) {
                   // The queue takes what can be copied.
                   auto to = std::make_shared<http::Responder>(std::move(responder));
                   const std::string key(request.peer);
                   const bool taken =
                       s->hand_over(key, [s, to, key, body = std::move(request.body)] {
                           to->send(s->answer(body, key));
                           s->hand_back(key);
                           s->inbox->sweep();
                       });
                   if (!taken) {
                       to->send(http::problem_retry(503, "overloaded",
                                                    "Too many messages are being received", 1));
                   }
               });
}

bool Channel::State::hand_over(const std::string& key, std::function<void()> work) {
    const std::lock_guard lock(waiting_mutex);
    if (receiving == nullptr) return false;
    const auto found = waiting_pieces.find(key);
    if (found != waiting_pieces.end() && found->second >= kWaitingPiecesMax) return false;
    if (!receiving->run(std::move(work))) return false;
    ++waiting_pieces[key];
    return true;
}

void Channel::State::hand_back(const std::string& key) {
    const std::lock_guard lock(waiting_mutex);
    const auto found = waiting_pieces.find(key);
    CONSILIUM_ASSERT(found != waiting_pieces.end() && found->second > 0);
    if (--found->second == 0) waiting_pieces.erase(found);
}

void Channel::start() {
    auto& s = *state_;
    CONSILIUM_ASSERT(s.threads.empty());
    for (unsigned i = 0; i < s.options.senders; ++i)
        s.threads.emplace_back([&s] { s.work(); });
}

void Channel::stop() {
    auto& s = *state_;
    {
        const std::lock_guard lock(s.mutex);
        s.stopping = true;
        for (auto& [member, lane] : s.lanes) {
            for (const auto& pool : lane.pools) {
                if (const auto alive = pool.lock()) alive->interrupt();
            }
        }
    }
    s.changed.notify_all();
    for (auto& thread : s.threads)
        thread.join();
    s.threads.clear();
    std::unique_ptr<services::WorkQueue> receiving;
    {
        const std::lock_guard lock(s.waiting_mutex);
        receiving = std::move(s.receiving);
    }
    receiving = nullptr;  // when what waits has been answered
}

std::vector<Waiting> Channel::waiting() const {
    std::vector<Waiting> out;
    const std::lock_guard lock(state_->mutex);
    for (const auto& [member, lane] : state_->lanes) {
        if (lane.items.empty()) continue;
        out.push_back(
            {member, lane.items.size(), lane.items.begin()->second.queued.queued, lane.failures});
    }
    return out;
}

}  // namespace consilium::vault::delivery
