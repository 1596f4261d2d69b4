// SPDX-License-Identifier: Apache-2.0
#include "node/follower.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "consensus/embedded/thread_name.hpp"
#include "node/ledger_reader.hpp"

namespace consilium::node {

namespace {

constexpr std::size_t kRecentBlocks = 64;

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

void Follower::published(std::shared_ptr<const AppliedBlock> block) {
    {
        const std::lock_guard lock(mutex_);
        newest_ = std::max(newest_, block->height);
        recent_.push_back(std::move(block));
        if (recent_.size() > kRecentBlocks) recent_.pop_front();
        if (feeds_.empty()) return;
    }
    changed_.notify_all();
}

std::shared_ptr<Follower::Feed> Follower::behind() const {
    // The one that is furthest behind first, so that none starves.
    std::shared_ptr<Feed> found;
    for (const auto& feed : feeds_) {
        if (feed->ended || feed->next > newest_) continue;
        if (!found || feed->next < found->next) found = feed;
    }
    return found;
}

void Follower::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        std::shared_ptr<Feed> feed;
        changed_.wait(lock, [&] {
            feed = behind();
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
    const auto event = next_of(feed);
    feed.each(event);
    return event.ok();
}

Result<services::BlockEvent, services::ReadError> Follower::next_of(const Feed& feed) {
    std::shared_ptr<const AppliedBlock> block;
    {
        const std::lock_guard lock(mutex_);
        const auto found = std::find_if(recent_.begin(), recent_.end(), [&](const auto& recent) {
            return recent->height == feed.next;
        });
        if (found != recent_.end()) block = *found;
    }
    if (block) return block_event_of(*block);
    auto event = read_block_event(application_.disk(), network_, feed.next);
    if (!event) return fail(event.error());
    if (*event) return std::move(**event);
    // A block that was published is there unless it was pruned since.
    const auto oldest = oldest_block(application_.disk());
    return fail(oldest && feed.next < *oldest ? services::ReadError::kPruned
                                              : services::ReadError::kDisk);
}

}  // namespace consilium::node
