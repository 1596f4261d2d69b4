// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "vault/delivery/body_store.hpp"

namespace consilium::vault::delivery {

inline constexpr std::size_t kInlineMessageBytesMax = 32U * 1024U;
// What is remembered of messages that are through, at either end.
inline constexpr std::uint64_t kRememberedMs = 30ULL * 24 * 3600 * 1000;

// A message on its way out, without its bytes.
struct Queued {
    std::uint64_t number = 0;
    v1::PeerHeader header;
    UnixMs queued;
};

// The messages that have not been taken yet, on disk. Thread-safe.
class Outbox {
 public:
    // `vault` outlives it. Reads what is queued; kDamaged when rows are not what was written.
    [[nodiscard]] static Result<std::unique_ptr<Outbox>, VaultError> open(Vault& vault);
    // What was queued when it was opened, in the order in which it was queued, by member.
    [[nodiscard]] std::vector<Queued> take_loaded();

    // A message that comes in pieces, in order. What is not committed is gone.
    class Writer {
     public:
        Writer(Outbox& outbox, v1::PeerHeader header);
        ~Writer();
        Writer(const Writer&) = delete;
        Writer& operator=(const Writer&) = delete;
        [[nodiscard]] Status<VaultError> update(BytesView bytes);
        // Durable when it returns; kTooLong unless all bytes have come. Nothing when a message of
        // that name was sent to that member before.
        [[nodiscard]] Result<std::optional<Queued>, VaultError> commit(UnixMs now);

     private:
        [[nodiscard]] Status<VaultError> spill();
        Outbox& outbox_;
        v1::PeerHeader header_;
        crypto::TaggedHashStream digest_;
        Bytes waiting_;  // at most a piece
        std::uint64_t spilled_ = 0;
        std::uint64_t seen_ = 0;
        ledger::RecordId record_;
        bool committed_ = false;
    };

    [[nodiscard]] Result<bool, VaultError> was_sent(const ledger::MemberId& to,
                                                    BytesView name) const;
    // The piece of a queued message at `offset`.
    [[nodiscard]] Result<Bytes, VaultError> piece(const Queued& queued, std::uint64_t offset) const;
    // It is through: taken, or refused for that reason. Its bytes are doomed: see sweep(). One that
    // is through already is no error.
    [[nodiscard]] Status<VaultError> finish(const Queued& queued, v1::PeerState state,
                                            v1::PeerRefusal refusal, UnixMs now);
    // Destroys the bytes of what is through.
    void sweep() { bodies_.sweep(); }
    // Forgets what has been through for kRememberedMs.
    [[nodiscard]] Status<VaultError> forget(UnixMs now);

 private:
    explicit Outbox(Vault& vault) : vault_(vault), bodies_(vault) {}
    [[nodiscard]] std::uint64_t next_number();

    Vault& vault_;
    BodyStore bodies_;
    std::vector<Queued> loaded_;
    std::mutex mutex_;
    std::uint64_t next_number_ = 1;
};

}  // namespace consilium::vault::delivery
