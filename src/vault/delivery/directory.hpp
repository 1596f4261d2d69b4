// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/bytes.hpp"
#include "ledger/ids.hpp"
#include "services/port/port.hpp"

namespace consilium::vault::delivery {

struct Peer {
    std::string endpoint;  // https://host:port of its channel; empty: it has said none
    Hash32 tls_key_sha256;
};

// Who the members are and by which keys they are known. Thread-safe; does not wait.
class Directory {
 public:
    virtual ~Directory() = default;
    // An active member that has a key; nothing for any other.
    [[nodiscard]] virtual std::optional<Peer> peer(const ledger::MemberId& member) const = 0;
    // Whether an active member has that key. Which one, its messages say: nothing keeps a member
    // from registering another's key, so a key must not be taken for a name.
    [[nodiscard]] virtual bool is_known(const Hash32& tls_key_sha256) const = 0;
};

// As this node's copy of the ledger has it now: rows membership/member and membership/node.
class LedgerDirectory final : public Directory {
 public:
    // `reads` outlives it.
    explicit LedgerDirectory(const services::Reads& reads) : reads_(reads) {}
    [[nodiscard]] std::optional<Peer> peer(const ledger::MemberId& member) const override;
    [[nodiscard]] bool is_known(const Hash32& tls_key_sha256) const override;

 private:
    [[nodiscard]] bool is_active(BytesView member) const;
    const services::Reads& reads_;
    // Of the height that was read last: handshakes come before a key has proven anything.
    mutable std::mutex mutex_;
    mutable std::optional<Height> height_;
    mutable std::set<Hash32> known_;
};

}  // namespace consilium::vault::delivery
