// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <map>
#include <set>
#include <thread>

#include "services/port/work_queue.hpp"
#include "vault/delivery/channel.hpp"
#include "vault/delivery/outbox.hpp"
#include "vault/delivery/transfer.hpp"

// For the .cpp files of this room only.
namespace consilium::vault::delivery {

struct ChannelMetrics {
    explicit ChannelMetrics(telemetry::Metrics& metrics);
    telemetry::Counter taken, refused, put_off, sent_bytes, received_bytes, received, turned_away;
    telemetry::Gauge waiting;
};

using Moment = std::chrono::steady_clock::time_point;

struct Channel::State {
    struct Item {
        Queued queued;
        Moment due;
        std::uint32_t failures = 0;  // in a row, of this message
        bool tried = false;          // a part of it may be there already
    };
    // All that goes to one member.
    struct Lane {
        std::map<std::uint64_t, Item> items;               // by number
        std::set<std::pair<Moment, std::uint64_t>> ready;  // of items that nobody is at work on
        unsigned at_work = 0;
        std::uint32_t failures = 0;  // in a row, to reach the member
        Moment due;                  // until then it is left alone
        std::optional<Peer> peer;    // whom `pool` connects to
        std::shared_ptr<http::ClientPool> pool;
        std::vector<std::weak_ptr<http::ClientPool>> pools;  // that one, and those still in use
    };
    struct Job {
        ledger::MemberId to;
        Queued queued;
        bool tried = false;
    };

    State(ChannelOptions given, const Directory& all, telemetry::Logger logger,
          telemetry::Metrics& all_metrics);

    ChannelOptions options;
    const Directory& directory;
    telemetry::Logger log;
    ChannelMetrics metrics;
    std::unique_ptr<Outbox> outbox;
    std::unique_ptr<Inbox> inbox;
    Receive receive;

    std::mutex mutex;
    std::condition_variable changed;
    std::map<ledger::MemberId, Lane> lanes;
    ledger::MemberId served_last;  // the next lane has the next turn
    Moment forget_due;
    bool stopping = false;
    std::vector<std::thread> threads;

    std::mutex waiting_mutex;
    std::map<std::string, std::size_t> waiting_pieces;  // by the sender's key
    std::unique_ptr<services::WorkQueue> receiving;     // ends before all it uses

    [[nodiscard]] http::Response answer(BytesView body, std::string_view key);
    // Gives a piece of that key's to the threads; false when too many wait. Its work hands it back.
    [[nodiscard]] bool hand_over(const std::string& key, std::function<void()> work);
    void hand_back(const std::string& key);

    // channel_work.cpp
    void enqueue(Queued queued, bool tried);
    void work();
    [[nodiscard]] std::optional<Job> pick(Moment now, Moment& next);
    [[nodiscard]] Transfer attempt(const Job& job);
    [[nodiscard]] std::shared_ptr<http::ClientPool> pool_of(const ledger::MemberId& to);
    void settle(const Job& job, const Transfer& done);
    void forget();
};

}  // namespace consilium::vault::delivery
