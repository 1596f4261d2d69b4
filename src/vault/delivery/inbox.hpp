// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "base/time.hpp"
#include "telemetry/log.hpp"
#include "vault/delivery/body_store.hpp"
#include "vault/delivery/directory.hpp"

namespace consilium::vault::delivery {

// Of one sender, on their way in at a time. Above them its messages wait.
inline constexpr std::size_t kReceivingMax = 64;
inline constexpr std::uint64_t kReceivingBytesMax = 1024ULL * 1024 * 1024;
// Messages of one sender that are remembered, so that none of them is taken twice. Above it its
// messages wait until some are forgotten.
inline constexpr std::size_t kRememberedMax = 1'000'000;
// A message without a new piece for so long is given up; its sender may begin again.
inline constexpr std::uint64_t kReceivingMs = 7ULL * 24 * 3600 * 1000;

// A message that has come whole, proven to be what its sender announced.
class Received {
 public:
    Received(const v1::PeerHeader& header, BytesView bytes) : header_(header), bytes_(bytes) {}
    Received(const v1::PeerHeader& header, const BodyStore& bodies, const ledger::RecordId& record)
        : header_(header), bodies_(&bodies), record_(record) {}

    [[nodiscard]] const ledger::MemberId& sender() const { return header_.sender(); }
    [[nodiscard]] BytesView name() const { return header_.name(); }
    [[nodiscard]] std::uint64_t size() const { return header_.size(); }
    // Hands its bytes on in order, at most a piece at a time.
    [[nodiscard]] Status<VaultError> read(const Sink& sink) const;
    // All of them, for messages that are known to be short.
    [[nodiscard]] Result<Bytes, VaultError> bytes() const;

 private:
    const v1::PeerHeader& header_;
    BytesView bytes_;
    const BodyStore* bodies_ = nullptr;
    ledger::RecordId record_;
};

enum class Handled : std::uint8_t {
    kDone,     // durable here, or known already: it is never sent again
    kLater,    // not now: it is sent again
    kRefused,  // never acceptable: it is not sent again
};
// May wait for the disk. It is called again for a message when a crash came between its answer and
// ours, so what it does must bear that. Called on several threads at a time, never twice at once
// for one message.
using Receive = std::function<Handled(const Received& message)>;

// The receiving end. Thread-safe.
class Inbox {
 public:
    // `vault` outlives it. Reads what is on its way.
    [[nodiscard]] static Result<std::unique_ptr<Inbox>, VaultError> open(
        Vault& vault, telemetry::Logger log, std::size_t remembered_max = kRememberedMax);

    // Takes a piece that read_piece() and the connection's key have vouched for. Nothing in the
    // answer is said before it is durable. Without `receive` all is asked for again later.
    [[nodiscard]] v1::PeerAnswer take(const v1::PeerChunk& chunk, const Receive& receive,
                                      UnixMs now);
    // Destroys the pieces of what is through.
    void sweep() { bodies_.sweep(); }
    // Forgets what has been through for kRememberedMs, gives up what does not go on.
    [[nodiscard]] Status<VaultError> forget(UnixMs now);

 private:
    struct Load {
        std::size_t messages = 0;    // staged
        std::uint64_t bytes = 0;     // of those
        std::size_t remembered = 0;  // rows, staged ones too
    };
    using Name = std::pair<ledger::MemberId, Bytes>;

    Inbox(Vault& vault, telemetry::Logger log, std::size_t remembered_max)
        : vault_(vault), bodies_(vault), log_(std::move(log)), remembered_max_(remembered_max) {}
    [[nodiscard]] v1::PeerAnswer take_alone(const v1::PeerChunk& chunk, const Receive& receive,
                                            UnixMs now);
    [[nodiscard]] Status<VaultError> stage(const v1::PeerChunk& chunk, v1::IncomingMessage& row,
                                           UnixMs now);
    [[nodiscard]] v1::PeerAnswer act(const v1::PeerChunk& chunk, v1::IncomingMessage row,
                                     const Receive& receive, UnixMs now);
    [[nodiscard]] Result<v1::PeerAnswer, VaultError> judge(const Received& message,
                                                           const v1::PeerHeader& header,
                                                           const Receive& receive) const;
    [[nodiscard]] Status<VaultError> finish(v1::IncomingMessage row, v1::PeerState state,
                                            v1::PeerRefusal refusal, UnixMs now);
    [[nodiscard]] Status<VaultError> forget_one(const Row& row, const v1::IncomingMessage& message);
    // Whether there is room for one more of its sender's: a row, and with `staged` its pieces.
    [[nodiscard]] bool reserve(const v1::PeerHeader& header, bool staged);
    void forget_row(const ledger::MemberId& sender);
    void release(const v1::PeerHeader& header);
    [[nodiscard]] v1::PeerAnswer later(const v1::PeerHeader& header, VaultError error) const;

    Vault& vault_;
    BodyStore bodies_;
    telemetry::Logger log_;
    const std::size_t remembered_max_;
    std::mutex mutex_;
    std::set<Name> busy_;                    // somebody is at work on it
    std::map<ledger::MemberId, Load> load_;  // by sender
};

}  // namespace consilium::vault::delivery
