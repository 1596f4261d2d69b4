// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "node/ledger_application.hpp"
#include "services/port/port.hpp"

namespace consilium::node {

// services::Events over one member's copy: one thread feeds every subscription, each at its own
// place and one block at its turn, so a follower far behind holds no other up; blocks that are no
// longer in memory are read from the store. A follower that cannot take more ends its subscription
// and makes a new one later; until then it costs nothing. Call backs run on that thread and must
// not block for long. Thread-safe.
class Follower final : public services::Events {
 public:
    Follower(const LedgerApplication& application, const ledger::NetworkId& network);
    ~Follower() override;

    [[nodiscard]] std::unique_ptr<services::Subscription> subscribe(
        services::Cursor from, services::EventCallback each) override;

    // A block that was just published, in order. Keeps what followers are told of it, not the
    // block.
    void published(const AppliedBlock& block);

 private:
    struct Feed;
    class Handle;
    using Event = Result<services::BlockEvent, services::ReadError>;
    void run();
    // Calls back with the next block of that feed, or with why there is none; false for that.
    [[nodiscard]] bool feed_one(Feed& feed);
    [[nodiscard]] Event stored(Height height) const;
    // The feed whose turn it is, of those that lack a block.
    [[nodiscard]] std::shared_ptr<Feed> take_turn();

    const LedgerApplication& application_;
    const ledger::NetworkId network_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::list<std::shared_ptr<Feed>> feeds_;  // whose turn comes first, first
    // The newest blocks as followers see them; none while there is no follower.
    std::deque<std::shared_ptr<const Event>> recent_;
    Height newest_ = 0;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace consilium::node
