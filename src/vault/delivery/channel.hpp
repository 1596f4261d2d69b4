// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/client.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "vault/delivery/back_off.hpp"
#include "vault/delivery/directory.hpp"
#include "vault/delivery/inbox.hpp"

// Messages between members' nodes: mutual TLS 1.3 by the keys on the ledger, a queue that outlives
// crashes, at least once, resumed where it broke off. docs/formats/peer.md. What a message means,
// and whether its content is to be believed, is for the service that receives it; the channel
// vouches for who sent it, to whom, that it is whole, and that what was taken is durable.
namespace consilium::vault::delivery {

// Answers are short. A piece that gets none in time is asked for again.
[[nodiscard]] inline http::ClientLimits client_limits() {
    http::ClientLimits limits;
    limits.connect_timeout = std::chrono::milliseconds(5'000);
    limits.answer_timeout = std::chrono::milliseconds(30'000);
    limits.body_bytes_max = 4096;
    return limits;
}

// Messages that may wait for one member.
inline constexpr std::size_t kQueuedMax = 100'000;
// Pieces of one member that may wait for a thread here; more are answered 503.
inline constexpr std::size_t kWaitingPiecesMax = 32;

struct ChannelOptions {
    ledger::MemberId self;
    ledger::NetworkId network;
    std::string certificate_pem;  // whose key the ledger pins
    std::string private_key_pem;
    unsigned senders = 4;    // threads
    unsigned receivers = 4;  // threads
    unsigned connections_per_peer = 2;
    BackOff back_off;
    http::ClientLimits client = client_limits();
    std::function<UnixMs()> now;  // the wall clock; nothing: the system's
};

enum class SendError : std::uint8_t {
    kUnknownMember,  // not an active member, or this one
    kInvalid,        // a name that is not 32 bytes, or a size out of 1..kMessageBytesMax
    kStorage,        // the vault refused it: full, read-only or damaged
    kFull,           // kQueuedMax messages wait for that member
};
[[nodiscard]] const char* to_string(SendError error);

struct Waiting {
    ledger::MemberId to;
    std::size_t messages = 0;
    UnixMs oldest;               // when the oldest of them was queued
    std::uint32_t failures = 0;  // attempts to reach the member that failed in a row
};

class Channel {
 public:
    // The vault, the directory and the metrics outlive it.
    [[nodiscard]] static Result<std::unique_ptr<Channel>, VaultError> open(
        ChannelOptions options, Vault& vault, const Directory& directory, telemetry::Logger log,
        telemetry::Metrics& metrics);
    // Stops as stop() does.
    ~Channel();

    // Durable when it returns; then it is sent until it is taken or refused. A name that was sent
    // to that member before is the same message, and nothing is queued. Thread-safe.
    [[nodiscard]] Status<SendError> send(const ledger::MemberId& to, const Hash32& name,
                                         BytesView message);
    // The same for a message that comes in pieces, `size` bytes in all. Must not outlive the
    // channel; for one thread.
    class Writer {
     public:
        virtual ~Writer() = default;
        [[nodiscard]] virtual Status<SendError> update(BytesView bytes) = 0;
        [[nodiscard]] virtual Status<SendError> commit() = 0;
    };
    [[nodiscard]] Result<std::unique_ptr<Writer>, SendError> begin(const ledger::MemberId& to,
                                                                   const Hash32& name,
                                                                   std::uint64_t size);

    // Set once, before the server starts.
    void on_receive(Receive receive);
    // The route of the peers' own server, whose ServerOptions::name_of_client is name_of_client().
    void add_routes(http::Router& router);
    // Lets in the keys of active members. The name is the key in hexadecimal: see Directory.
    [[nodiscard]] http::NameOfClientKey name_of_client() const;

    // Begins to send. Not before on_receive(), because answers come at once.
    void start();
    // Ends what is under way; what is queued stays queued.
    void stop();
    // What waits, by member.
    [[nodiscard]] std::vector<Waiting> waiting() const;

    struct State;  // for the .cpp files of this room only

 private:
    explicit Channel(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace consilium::vault::delivery
