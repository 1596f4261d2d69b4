// SPDX-License-Identifier: Apache-2.0
#include "node/ledger_application.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <random>

#include "contracts/registry/registry.hpp"
#include "ledger/bundle.hpp"
#include "node/consortium_fixture.hpp"
#include "state/memory_disk.hpp"

namespace consilium::node {
namespace {

using consensus::ApplicationError;
using consensus::Finalized;
using testing::Consortium;

constexpr UnixMs kGenesis{1'795'000'000'000};

// Writes wait while the gate is closed, and fail while the disk is full.
class GatedDisk final : public state::MemoryDisk {
 public:
    [[nodiscard]] Status<state::DiskError> write(state::WriteBatch& batch,
                                                 state::Durability durability) override {
        std::unique_lock lock(mutex_);
        opened_.wait(lock, [this] { return open_; });
        if (full_) return fail(state::DiskError::kFull);
        return MemoryDisk::write(batch, durability);
    }
    void set(bool open, bool full) {
        const std::lock_guard lock(mutex_);
        open_ = open;
        full_ = full;
        opened_.notify_all();
    }

 private:
    std::mutex mutex_;
    std::condition_variable opened_;
    bool open_ = true;
    bool full_ = false;
};

class LedgerApplicationTest : public ::testing::Test {
 protected:
    [[nodiscard]] std::unique_ptr<LedgerApplication> open(state::Disk& on, bool writes_beside,
                                                          std::size_t row_cache_bytes) const {
        ApplicationOptions options;
        options.network_id = consortium.genesis.network_id;
        options.writes_beside = writes_beside;
        options.row_cache_bytes = row_cache_bytes;
        auto application = LedgerApplication::open(on, contracts::registry(), options).value();
        EXPECT_TRUE(application->init_chain(kGenesis, consortium.genesis.app_state).ok());
        (void)application->publish(application->info().height);
        return application;
    }
    // A block of one bundle of member 0.
    consensus::Block block(Height height, const std::vector<Bytes>& transactions) {
        const ledger::BundleFields header{
            consortium.ids[0], 1, ++sequence_, {kGenesis.value + 3'600'000}};
        const Bytes bundle =
            ledger::make_bundle(consortium.genesis.network_id, header, transactions, key_);
        return {height, {kGenesis.value + 1000 * height}, {ledger::make_item(bundle)}};
    }
    static void expect_same(const Finalized& one, const Finalized& other) {
        EXPECT_EQ(one.app_hash, other.app_hash);
        ASSERT_EQ(one.results.size(), other.results.size());
        for (std::size_t i = 0; i < one.results.size(); ++i) {
            EXPECT_EQ(one.results[i].code, other.results[i].code);
            EXPECT_EQ(one.results[i].data, other.results[i].data);
        }
    }

    const Consortium consortium{kGenesis, 2};
    state::MemoryDisk plain_disk;
    GatedDisk disk;

 private:
    const crypto::SigningKey key_ = consortium.bundle_key(0);
    std::uint64_t sequence_ = 0;
};

// Charts that are opened, opened again, and anchored to before and after they are there: no cache
// of rows and no thread that writes changes what a block does.
TEST_F(LedgerApplicationTest, ResultsDependOnNeitherTheCacheNorTheWriter) {
    state::MemoryDisk third_disk;
    const auto plain = open(plain_disk, false, 0);
    const auto small = open(third_disk, true, 2000);
    const auto full = open(disk, true, 1U << 20U);
    std::mt19937 random(7);
    const auto number = [&](std::uint64_t below) {
        return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random);
    };
    for (Height height = 1; height <= 60; ++height) {
        std::vector<Bytes> transactions;
        for (std::uint64_t i = number(12) + 1; i > 0; --i) {
            transactions.push_back(
                number(3) == 0 ? consortium.open_chart(0, number(20))
                               : consortium.anchor(0, Consortium::chart(number(20)), number(200)));
        }
        const auto next = block(height, transactions);
        const auto expected = plain->finalize_block(next).value();
        for (const auto* application : {&plain, &small, &full}) {
            if (application != &plain) expect_same(*(*application)->finalize_block(next), expected);
            // Now and then as a node that catches up commits.
            ASSERT_TRUE((*application)->commit(number(5) == 0).ok());
        }
    }
    EXPECT_EQ(full->info().app_hash, plain->info().app_hash);
    EXPECT_EQ(small->info().app_hash, plain->info().app_hash);
    EXPECT_EQ(open(third_disk, true, 0)->info().app_hash, plain->info().app_hash);
}

// The second block executes on a first one that is not written yet; its tree waits for that write.
TEST_F(LedgerApplicationTest, ABlockBuildsOnTheOneThatIsBeingWritten) {
    const auto first = block(1, {consortium.open_chart(0, 1)});
    const auto second = block(2, {consortium.anchor(0, Consortium::chart(1), 2)});
    const auto plain = open(plain_disk, false, 0);
    const auto application = open(disk, true, 1U << 20U);
    const auto expected_first = plain->finalize_block(first).value();
    ASSERT_TRUE(plain->commit(false).ok());
    const auto expected_second = plain->finalize_block(second).value();
    ASSERT_TRUE(plain->commit(false).ok());

    expect_same(*application->finalize_block(first), expected_first);
    disk.set(false, false);
    ASSERT_TRUE(application->commit(false).ok());
    // Nobody is shown what is not written.
    EXPECT_EQ(*application->state().height(), 0U);
    EXPECT_TRUE(application->publish(1).empty());
    auto finalized =
        std::async(std::launch::async, [&] { return application->finalize_block(second).value(); });
    disk.set(true, false);
    expect_same(finalized.get(), expected_second);
    ASSERT_TRUE(application->commit(false).ok());
    ASSERT_TRUE(application->sync().ok());
    EXPECT_EQ(application->publish(2).size(), 2U);
    EXPECT_EQ(application->info().app_hash, plain->info().app_hash);
}

// The write fails after its commit was answered: every later call says so, nothing later reaches
// the disk, also when it has room again, and the copy opens at the block before.
TEST_F(LedgerApplicationTest, NothingIsWrittenAfterAWriteThatFailed) {
    auto application = open(disk, true, 1U << 20U);
    ASSERT_TRUE(application->finalize_block(block(1, {consortium.open_chart(0, 1)})).ok());
    ASSERT_TRUE(application->commit(false).ok());
    const Hash32 before = application->info().app_hash;
    ASSERT_TRUE(application->finalize_block(block(2, {consortium.open_chart(0, 2)})).ok());
    disk.set(false, true);
    ASSERT_TRUE(application->commit(false).ok());
    disk.set(true, true);
    EXPECT_EQ(application->sync().error(), ApplicationError::kDisk);
    disk.set(true, false);
    const auto third = block(3, {consortium.open_chart(0, 3)});
    EXPECT_EQ(application->finalize_block(third).error(), ApplicationError::kDisk);
    EXPECT_EQ(application->sync().error(), ApplicationError::kDisk);
    EXPECT_EQ(application->store_header(1, "header").error(), ApplicationError::kDisk);
    EXPECT_EQ(application->publish(3).size(), 1U);
    application.reset();
    EXPECT_EQ(open(disk, true, 0)->info().height, 1U);
    EXPECT_EQ(open(disk, true, 0)->info().app_hash, before);
}

// A block whose synced write failed has left no trace, not in the cache of rows either.
TEST_F(LedgerApplicationTest, AnotherBlockMayTakeThePlaceOfOneThatWasNotWritten) {
    const auto lost = block(1, {consortium.open_chart(0, 1)});
    const auto taken = block(1, {consortium.anchor(0, Consortium::chart(1), 2)});
    const auto application = open(disk, true, 1U << 20U);
    disk.set(true, true);
    ASSERT_TRUE(application->finalize_block(lost).ok());
    EXPECT_EQ(application->commit(true).error(), ApplicationError::kDisk);
    disk.set(true, false);
    const auto finalized = application->finalize_block(taken);
    const auto plain = open(plain_disk, false, 0);
    expect_same(*finalized, *plain->finalize_block(taken));
    EXPECT_TRUE(application->commit(true).ok());
}

}  // namespace
}  // namespace consilium::node
