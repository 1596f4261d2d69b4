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
// place; blocks that are no longer in memory are read from the store, so a slow follower costs the
// ledger nothing. Call backs run on that thread and must not block for long. Thread-safe.
class Follower final : public services::Events {
 public:
    Follower(const LedgerApplication& application, const ledger::NetworkId& network);
    ~Follower() override;

    [[nodiscard]] std::unique_ptr<services::Subscription> subscribe(
        services::Cursor from, services::EventCallback each) override;

    // A block that was just published, in order.
    void published(std::shared_ptr<const AppliedBlock> block);

 private:
    struct Feed;
    class Handle;
    void run();
    // Calls back with the next block of that feed, or with why there is none; false for that.
    [[nodiscard]] bool feed_one(Feed& feed);
    [[nodiscard]] Result<services::BlockEvent, services::ReadError> next_of(const Feed& feed);
    [[nodiscard]] std::shared_ptr<Feed> behind() const;

    const LedgerApplication& application_;
    const ledger::NetworkId network_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::list<std::shared_ptr<Feed>> feeds_;
    std::deque<std::shared_ptr<const AppliedBlock>> recent_;
    Height newest_ = 0;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace consilium::node
