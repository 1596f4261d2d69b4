// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "http/responder.hpp"
#include "services/ledger/answer.hpp"
#include "services/port/port.hpp"

// Server-sent events of the ledger (WHATWG HTML, section 9.2). Each event's id is a cursor:
// "HEIGHT.INDEX" says that INDEX outcomes of that block, and all blocks below, have been seen.
namespace consilium::services::ledger_api {

[[nodiscard]] std::optional<Cursor> parse_cursor(std::string_view text);

// What one event looks like.
void append_outcome_event(std::string& out, const BlockEvent& block, std::size_t index,
                          const Describe& describe);
void append_block_event(std::string& out, const BlockEvent& block);
// The last one, without an id: why nothing follows.
void append_end_event(std::string& out, ReadError reason);

// The followers. A slow one is not waited for: when its stream is full its subscription ends at
// once, so that the node reads no block for it, and a new one is made from its cursor when there is
// room, on a thread of this object, because ending a subscription waits for a call back under way.
// A stream that cannot go on is told why and closed. Thread-safe.
class EventFeeds {
 public:
    EventFeeds(Events& events, Describe describe, std::uint64_t ping_interval_ms);
    ~EventFeeds();

    void follow(Cursor from, std::shared_ptr<http::Stream> stream);

 private:
    struct Feed;
    void run();
    void wake();
    void on_block(const std::shared_ptr<Feed>& feed, const BlockEvent& block);
    // False when the stream has become full.
    [[nodiscard]] bool give(Feed& feed, const BlockEvent& block) const;
    void on_end(const std::shared_ptr<Feed>& feed, ReadError reason);
    void attend(const std::shared_ptr<Feed>& feed);

    Events& events_;
    const Describe describe_;
    const std::uint64_t ping_interval_ms_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool ending_ = false;
    bool changed_flag_ = false;
    std::vector<std::shared_ptr<Feed>> feeds_;
    std::thread thread_;
};

}  // namespace consilium::services::ledger_api
