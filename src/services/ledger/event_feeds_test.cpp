// SPDX-License-Identifier: Apache-2.0
#include "services/ledger/event_feeds.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <list>

#include "services/ledger/fake_outcome_testing.hpp"

namespace consilium::services::ledger_api {
namespace {

// Long enough that no test sees a ping: what happens, happens because of a block or of room.
constexpr std::uint64_t kNoPing = 3'600'000;

ledger::RejectionText no_description(std::uint32_t, std::uint32_t) {
    return {};
}

BlockEvent block_of(Height height, std::size_t outcomes) {
    BlockEvent block;
    block.height = height;
    for (std::size_t i = 0; i < outcomes; ++i) {
        block.outcomes.push_back(fake_committed(std::to_string(height) + "." + std::to_string(i)));
        block.outcomes.back().height = height;
    }
    return block;
}

std::string text_of(const BlockEvent& block) {
    std::string out;
    for (std::size_t i = 0; i < block.outcomes.size(); ++i)
        append_outcome_event(out, block, i, no_description);
    append_block_event(out, block);
    return out;
}

// A client that takes so many writes and no more until it is told to.
class Client final : public http::Stream {
 public:
    explicit Client(std::size_t takes) : takes_(takes) {}

    bool write(Bytes bytes) override {
        const std::lock_guard lock(mutex_);
        ++writes_;
        if (takes_ == 0) return false;
        --takes_;
        text_ += bytes;
        return true;
    }
    void on_room(std::function<void()> room) override {
        const std::lock_guard lock(mutex_);
        room_ = std::move(room);
    }
    [[nodiscard]] bool open() const override { return true; }
    void close() override {}

    void read(std::size_t takes) {
        std::function<void()> room;
        {
            const std::lock_guard lock(mutex_);
            takes_ = takes;
            room = room_;
        }
        room();
    }
    [[nodiscard]] std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }
    [[nodiscard]] std::size_t writes() const {
        const std::lock_guard lock(mutex_);
        return writes_;
    }

 private:
    mutable std::mutex mutex_;
    std::size_t takes_;
    std::size_t writes_ = 0;
    std::string text_;
    std::function<void()> room_;
};

// Gives what it has when it is subscribed to, and one more block while the subscription ends, as a
// node's thread that is about to call back does.
class Source final : public Events {
 public:
    std::unique_ptr<Subscription> subscribe(Cursor from, EventCallback each) override {
        for (const BlockEvent& block : blocks) {
            if (block.height >= from.height) each(block);
        }
        if (subscribed) subscribed();
        const std::lock_guard lock(mutex_);
        each_ = std::move(each);
        ++subscriptions_;
        changed_.notify_all();
        return std::make_unique<Handle>(*this);
    }
    // False when it did not come to that in ten seconds.
    [[nodiscard]] bool wait_for(int subscriptions, bool follows) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10), [&] {
            return subscriptions_ == subscriptions && (each_ != nullptr) == follows;
        });
    }

    // Set before the first subscription.
    std::vector<BlockEvent> blocks;
    std::optional<BlockEvent> last_word;
    std::function<void()> subscribed;  // when the stored blocks have been given

 private:
    class Handle final : public Subscription {
     public:
        explicit Handle(Source& source) : source_(source) {}
        ~Handle() override {
            const std::lock_guard lock(source_.mutex_);
            if (source_.last_word) source_.each_(*source_.last_word);
            source_.each_ = nullptr;
            source_.changed_.notify_all();
        }

     private:
        Source& source_;
    };

    std::mutex mutex_;
    std::condition_variable changed_;
    EventCallback each_;
    int subscriptions_ = 0;
};

TEST(EventFeeds, AStreamLeftUnreadHasNoSubscriptionUntilThereIsRoom) {
    Source source;
    source.blocks = {block_of(1, 1), block_of(2, 1), block_of(3, 1)};
    const auto client = std::make_shared<Client>(1);
    EventFeeds feeds(source, no_description, kNoPing);
    feeds.follow({1, 0}, client);
    // Without a ping, and without the client reading: the stream was full at block 2.
    ASSERT_TRUE(source.wait_for(1, false));
    EXPECT_EQ(client->text(), text_of(source.blocks[0]));
    EXPECT_EQ(client->writes(), 2U) << "nothing more is tried";
    client->read(1);
    ASSERT_TRUE(source.wait_for(2, false));
    EXPECT_EQ(client->text(), text_of(source.blocks[0]) + text_of(source.blocks[1]));
    client->read(100);
    ASSERT_TRUE(source.wait_for(3, true));
    EXPECT_EQ(client->text(),
              text_of(source.blocks[0]) + text_of(source.blocks[1]) + text_of(source.blocks[2]));
}

// There is room again before the old subscription has ended, and that one still calls back: the
// rest of the block that did not fit comes first, nothing is left out.
TEST(EventFeeds, ABlockThatComesWhileASubscriptionEndsDoesNotOvertake) {
    Source source;
    source.blocks = {block_of(1, 400), block_of(2, 2)};
    source.last_word = source.blocks[1];
    const std::string whole = text_of(source.blocks[0]) + text_of(source.blocks[1]);
    const auto client = std::make_shared<Client>(1);
    int times = 0;
    source.subscribed = [&] {
        if (++times == 1) client->read(1000);
    };
    {
        EventFeeds feeds(source, no_description, kNoPing);
        feeds.follow({1, 0}, client);
        ASSERT_TRUE(source.wait_for(2, true));
        EXPECT_EQ(client->text().size(), whole.size());
        EXPECT_TRUE(client->text() == whole);
        source.last_word.reset();
    }
    EXPECT_GT(client->writes(), 3U) << "the first block came in pieces";
}

}  // namespace
}  // namespace consilium::services::ledger_api
