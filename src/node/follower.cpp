// SPDX-License-Identifier: Apache-2.0
#include "node/follower.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "consensus/embedded/thread_name.hpp"
#include "node/ledger_reader.hpp"

namespace consilium::node {

namespace {

// Enough for those who keep up; who is further behind reads the store.
constexpr std::size_t kRecentBlocks = 16;

}  // namespace

struct Follower::Feed {
    Height next = 1;
    services::EventCallback each;
    bool ended = false;
    bool calling = false;
};

class Follower::Handle final : public services::Subscription {
 public:
    Handle(Follower& follower, std::shared_ptr<Feed> feed)
        : follower_(follower), feed_(std::move(feed)) {}
    ~Handle() override {
        std::unique_lock lock(follower_.mutex_);
        feed_->ended = true;
        std::erase(follower_.feeds_, feed_);
        // From its own call back it cannot wait for itself; the call back is the last one.
        if (std::this_thread::get_id() == follower_.thread_.get_id()) return;
        follower_.changed_.wait(lock, [&] { return !feed_->calling; });
    }

 private:
    Follower& follower_;
    std::shared_ptr<Feed> feed_;
};

Follower::Follower(const LedgerApplication& application, const ledger::NetworkId& network)
    : application_(application), network_(network) {
    if (const auto newest = application.published().newest) newest_ = newest->height;
    thread_ = std::thread([this] {
        consensus::name_thread("follower");
        run();
    });
}

Follower::~Follower() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

std::unique_ptr<services::Subscription> Follower::subscribe(services::Cursor from,
                                                            services::EventCallback each) {
    auto feed = std::make_shared<Feed>();
    feed->next = std::max<Height>(from.height, 1);
    feed->each = std::move(each);
    {
        const std::lock_guard lock(mutex_);
        feeds_.push_back(feed);
    }
    changed_.notify_all();
    return std::make_unique<Handle>(*this, std::move(feed));
}

void Follower::published(const AppliedBlock& block) {
    {
        const std::lock_guard lock(mutex_);
        if (feeds_.empty()) {
            // Nobody needs it from memory; who subscribes later reads the store.
            newest_ = std::max(newest_, block.height);
            recent_.clear();
            return;
        }
    }
    // Before the lock is taken: the copying is not to hold up the followers.
    auto event = std::make_shared<const Event>(block_event_of(block));
    {
        const std::lock_guard lock(mutex_);
        newest_ = std::max(newest_, block.height);
        recent_.push_back(std::move(event));
        if (recent_.size() > kRecentBlocks) recent_.pop_front();
    }
    changed_.notify_all();
}

std::shared_ptr<Follower::Feed> Follower::take_turn() {
    // In a circle, whoever was fed goes last: one that reads the whole ledger delays each of the
    // others by a block of its own, not by all that it lacks.
    const auto found = std::find_if(feeds_.begin(), feeds_.end(), [&](const auto& feed) {
        return !feed->ended && feed->next <= newest_;
    });
    if (found == feeds_.end()) return nullptr;
    feeds_.splice(feeds_.end(), feeds_, found);
    return feeds_.back();
}

void Follower::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        std::shared_ptr<Feed> feed;
        changed_.wait(lock, [&] {
            feed = take_turn();
            return stopping_ || feed != nullptr;
        });
        if (stopping_) return;
        feed->calling = true;
        lock.unlock();
        const bool fed = feed_one(*feed);
        lock.lock();
        feed->calling = false;
        ++feed->next;
        if (!fed) feed->ended = true;
        changed_.notify_all();
    }
}

bool Follower::feed_one(Feed& feed) {
    std::shared_ptr<const Event> event;
    {
        const std::lock_guard lock(mutex_);
        const auto found = std::find_if(recent_.begin(), recent_.end(), [&](const auto& recent) {
            return (*recent)->height == feed.next;
        });
        if (found != recent_.end()) event = *found;
    }
    if (!event) event = std::make_shared<const Event>(stored(feed.next));
    feed.each(*event);
    return event->ok();
}

Follower::Event Follower::stored(Height height) const {
    auto event = read_block_event(application_.disk(), network_, height);
    if (!event) return fail(event.error());
    if (*event) return std::move(**event);
    // A block that was published is there unless it was pruned since.
    const auto oldest = oldest_block(application_.disk());
    return fail(oldest && height < *oldest ? services::ReadError::kPruned
                                           : services::ReadError::kDisk);
}

}  // namespace consilium::node
