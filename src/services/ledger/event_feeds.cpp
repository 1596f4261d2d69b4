// SPDX-License-Identifier: Apache-2.0
#include "services/ledger/event_feeds.hpp"

#include <chrono>

#include "base/hex.hpp"
#include "services/ledger/service_state.hpp"

namespace consilium::services::ledger_api {
namespace {

constexpr std::size_t kPieceBytes = 32U * 1024U;

std::string cursor_text(const Cursor& cursor) {
    return std::to_string(cursor.height) + "." + std::to_string(cursor.index);
}

}  // namespace

std::optional<Cursor> parse_cursor(std::string_view text) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto height = parse_number(text.substr(0, dot));
    const auto index = parse_number(text.substr(dot + 1));
    if (!height || !index || *index > 0xffffffffU) return std::nullopt;
    return Cursor{*height, static_cast<std::uint32_t>(*index)};
}

void append_outcome_event(std::string& out, const BlockEvent& block, std::size_t index,
                          const Describe& describe) {
    out += "event: outcome\nid: ";
    out += cursor_text({block.height, static_cast<std::uint32_t>(index + 1)});
    out += "\ndata: ";
    append_outcome_json(out, block.outcomes[index], describe);
    out += "\n\n";
}

void append_block_event(std::string& out, const BlockEvent& block) {
    out += "event: block\nid: " + cursor_text({block.height + 1, 0});
    out += "\ndata: {\"height\":" + std::to_string(block.height);
    out += ",\"time_unix_ms\":" + std::to_string(block.time.value);
    out += ",\"state_root\":\"" + to_hex(block.state_root.view());
    out += "\",\"outcomes\":" + std::to_string(block.outcomes.size()) + "}\n\n";
}

void append_end_event(std::string& out, ReadError reason) {
    out += "event: end\ndata: {\"code\":\"";
    out += problem_code(reason);
    out += "\"}\n\n";
}

struct EventFeeds::Feed {
    std::shared_ptr<http::Stream> stream;
    std::mutex mutex;  // of what follows
    Cursor next;       // what the stream has been given
    bool full = false;
    bool room = false;
    std::optional<ReadError> ended;
    // Touched by the thread of EventFeeds alone.
    std::unique_ptr<Subscription> subscription;
};

EventFeeds::EventFeeds(Events& events, Describe describe, std::uint64_t ping_interval_ms)
    : events_(events),
      describe_(std::move(describe)),
      ping_interval_ms_(ping_interval_ms),
      thread_([this] { run(); }) {}

EventFeeds::~EventFeeds() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
    for (const auto& feed : feeds_) {
        feed->stream->on_room(nullptr);
        feed->subscription = nullptr;
        feed->stream->close();
    }
}

void EventFeeds::wake() {
    {
        const std::lock_guard lock(mutex_);
        changed_flag_ = true;
    }
    changed_.notify_all();
}

void EventFeeds::follow(Cursor from, std::shared_ptr<http::Stream> stream) {
    const auto feed = std::make_shared<Feed>();
    feed->stream = std::move(stream);
    feed->next = from;
    feed->room = true;
    const std::weak_ptr<Feed> weak = feed;
    feed->stream->on_room([this, weak] {
        if (const auto one = weak.lock()) {
            const std::lock_guard lock(one->mutex);
            one->room = true;
        }
        wake();
    });
    {
        const std::lock_guard lock(mutex_);
        feeds_.push_back(feed);
        changed_flag_ = true;
    }
    changed_.notify_all();
}

// Runs on a thread of the node.
void EventFeeds::on_block(const std::shared_ptr<Feed>& feed, const BlockEvent& block) {
    if (give(*feed, block)) return;
    // So that the node reads no further for a stream that cannot take it.
    wake();
}

bool EventFeeds::give(Feed& feed, const BlockEvent& block) const {
    const std::lock_guard lock(feed.mutex);
    if (feed.full || block.height < feed.next.height) return true;
    // In pieces: the outcomes of one block may be more than a stream holds.
    std::size_t done = block.height == feed.next.height ? feed.next.index : 0;
    while (feed.next.height <= block.height) {
        std::string text;
        for (; done < block.outcomes.size() && text.size() < kPieceBytes; ++done)
            append_outcome_event(text, block, done, describe_);
        Cursor after{block.height, static_cast<std::uint32_t>(done)};
        if (done >= block.outcomes.size()) {
            append_block_event(text, block);
            after = {block.height + 1, 0};
        }
        if (!feed.stream->write(std::move(text))) {
            feed.full = true;  // on_room, or the end of the stream, goes on
            return false;
        }
        feed.next = after;
    }
    return true;
}

// Runs on a thread of the node.
void EventFeeds::on_end(const std::shared_ptr<Feed>& feed, ReadError reason) {
    {
        const std::lock_guard lock(feed->mutex);
        // Blocks before it are missing on the stream: the next subscription comes here again.
        if (feed->full) return;
        feed->ended = reason;
    }
    wake();
}

// Runs on the thread of this object.
void EventFeeds::attend(const std::shared_ptr<Feed>& feed) {
    bool subscribe = false;
    bool end = false;
    std::optional<ReadError> ended;
    {
        const std::lock_guard lock(feed->mutex);
        ended = feed->ended;
        subscribe = feed->room;
        end = feed->full || ended || subscribe;
    }
    // The feed stays full until no call back runs any more: the next block may follow only what the
    // stream has been given.
    if (end) feed->subscription = nullptr;
    if (ended) {
        std::string text;
        append_end_event(text, *ended);
        // Without room for it on_room comes back here.
        if (feed->stream->write(std::move(text))) feed->stream->close();
        return;
    }
    if (!subscribe) return;
    Cursor from;
    {
        const std::lock_guard lock(feed->mutex);
        feed->full = false;
        feed->room = false;
        from = feed->next;
    }
    const std::weak_ptr<Feed> weak = feed;
    feed->subscription =
        events_.subscribe(from, [this, weak](const Result<BlockEvent, ReadError>& block) {
            const auto one = weak.lock();
            if (one && block) on_block(one, *block);
            if (one && !block) on_end(one, block.error());
        });
}

void EventFeeds::run() {
    const auto pause = std::chrono::milliseconds(ping_interval_ms_);
    std::unique_lock lock(mutex_);
    while (!ending_) {
        const bool woken =
            changed_.wait_for(lock, pause, [this] { return ending_ || changed_flag_; });
        if (ending_) return;
        changed_flag_ = false;
        const auto all = feeds_;
        lock.unlock();
        std::vector<std::shared_ptr<Feed>> gone;
        for (const auto& feed : all) {
            // A comment keeps proxies from closing an idle stream, and finds clients that left.
            if (!woken) (void)feed->stream->write(":\n\n");
            if (feed->stream->open()) {
                attend(feed);
            } else {
                feed->subscription = nullptr;
                gone.push_back(feed);
            }
        }
        lock.lock();
        for (const auto& feed : gone)
            std::erase(feeds_, feed);
    }
}

}  // namespace consilium::services::ledger_api
