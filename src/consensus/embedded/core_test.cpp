// SPDX-License-Identifier: Apache-2.0
#include "consensus/embedded/core.hpp"

#include <gtest/gtest.h>

#include "consensus/embedded/engine.hpp"
#include "crypto/hash.hpp"
#include "verify/trust.hpp"

namespace consilium::consensus::embedded {
namespace {

// An application whose state is the hash of everything it executed. Commits sit in memory and
// survive drop_unsynced() only as far as they were synced, like blocks on a disk.
class ChainOfHashes final : public Application, public BlockSource {
 public:
    struct Stored {
        Hash32 app_hash;
        KeptBlock kept;
    };

    std::vector<ValidatorUpdate> genesis;
    std::vector<ValidatorUpdate> update_at_2;  // what block 2 asks for
    std::vector<Stored> chain;
    std::size_t synced = 0;
    bool fails = false;
    bool lies = false;    // computes another state than the others
    std::string refuses;  // an item that validate_items refuses
    std::size_t syncs = 0;
    std::size_t genesis_calls = 0;

    void drop_unsynced() {
        chain.resize(synced);
        pending_.reset();
    }
    [[nodiscard]] ApplicationInfo info() const override {
        const std::lock_guard lock(mutex_);
        if (chain.empty()) return {};
        return {chain.size(), chain.back().app_hash, 1};
    }
    [[nodiscard]] Result<GenesisResult, ApplicationError> init_chain(UnixMs,
                                                                     BytesView state) override {
        const std::lock_guard lock(mutex_);
        ++genesis_calls;
        if (fails) return fail(ApplicationError::kDisk);
        return GenesisResult{genesis, crypto::sha256(state)};
    }
    [[nodiscard]] ItemVerdict check_item(BytesView item) override {
        if (item == "refused") return ItemVerdict::kRefuse;
        return item == "stale" ? ItemVerdict::kStale : ItemVerdict::kAccept;
    }
    [[nodiscard]] std::vector<ItemVerdict> validate_items(
        const std::vector<BytesView>& items) override {
        std::vector<ItemVerdict> out;
        for (const BytesView item : items) {
            out.push_back(!refuses.empty() && item == refuses ? ItemVerdict::kRefuse
                                                              : ItemVerdict::kAccept);
        }
        return out;
    }
    [[nodiscard]] Bytes lane(BytesView) const override { return {}; }
    [[nodiscard]] Result<Finalized, ApplicationError> finalize_block(const Block& block) override {
        const std::lock_guard lock(mutex_);
        if (fails) return fail(ApplicationError::kDisk);
        if (block.height != chain.size() + 1) return fail(ApplicationError::kWrongHeight);
        Finalized finalized;
        finalized.app_hash = chain.empty() ? crypto::sha256("state") : chain.back().app_hash;
        for (const Bytes& item : block.items) {
            finalized.app_hash = crypto::sha256({finalized.app_hash.view(), item});
            finalized.results.push_back({0, "done " + item});
        }
        if (block.height == 2) finalized.validator_updates = update_at_2;
        if (lies) finalized.app_hash = crypto::sha256("a lie");
        pending_ = Stored{finalized.app_hash, {{}, block.items, finalized.results}};
        return finalized;
    }
    [[nodiscard]] Result<Height, ApplicationError> commit(bool sync_now) override {
        const std::lock_guard lock(mutex_);
        if (fails || !pending_) return fail(ApplicationError::kDisk);
        chain.push_back(std::move(*pending_));
        pending_.reset();
        if (sync_now) synced = chain.size();
        return Height{0};
    }
    [[nodiscard]] Status<ApplicationError> sync() override {
        const std::lock_guard lock(mutex_);
        if (fails) return fail(ApplicationError::kDisk);
        ++syncs;
        synced = chain.size();
        return Done{};
    }
    [[nodiscard]] Status<ApplicationError> store_header(Height height,
                                                        BytesView signed_header) override {
        const std::lock_guard lock(mutex_);
        EXPECT_TRUE(pending_ && height == chain.size() + 1);
        pending_->kept.signed_header = signed_header;
        return Done{};
    }
    [[nodiscard]] Result<std::optional<KeptBlock>, ApplicationError> kept_block(
        Height height) const override {
        const std::lock_guard lock(mutex_);
        if (height == 0 || height > chain.size()) return std::optional<KeptBlock>{};
        return std::optional<KeptBlock>(chain[height - 1].kept);
    }
    [[nodiscard]] Result<std::vector<std::pair<Height, std::vector<ValidatorUpdate>>>,
                         ApplicationError>
    validator_changes() const override {
        const std::lock_guard lock(mutex_);
        std::vector<std::pair<Height, std::vector<ValidatorUpdate>>> out{{0, genesis}};
        if (chain.size() >= 2 && !update_at_2.empty()) out.emplace_back(2, update_at_2);
        return out;
    }

 private:
    mutable std::mutex mutex_;  // sync() runs beside the rest
    std::optional<Stored> pending_;
};

struct Fixture {
    std::vector<crypto::SigningKey> keys;
    std::vector<std::unique_ptr<ChainOfHashes>> copies;
    std::unique_ptr<Core> core;
    UnixMs now{1'700'000'000'000};

    explicit Fixture(std::size_t members = 4) {
        std::vector<ValidatorUpdate> genesis;
        for (std::size_t i = 0; i < members; ++i) {
            const Bytes seed(32, static_cast<char>('a' + i));
            keys.push_back(*crypto::SigningKey::from_seed(crypto::Algorithm::kEd25519, seed));
            genesis.push_back({keys.back().public_key(), 10});
        }
        for (std::size_t i = 0; i < members; ++i) {
            copies.push_back(std::make_unique<ChainOfHashes>());
            copies.back()->genesis = genesis;
        }
        make_core();
    }
    [[nodiscard]] CoreOptions options() const {
        CoreOptions options;
        options.chain = {"consilium-test", 1, {1'600'000'000'000}, 4 << 20, -1};
        options.app_state = "state";
        options.queue = {4, 1000};
        options.batch_bytes = 100;
        return options;
    }
    [[nodiscard]] std::vector<Hosted> hosted() {
        std::vector<Hosted> hosts;
        for (std::size_t i = 0; i < copies.size(); ++i) {
            hosts.push_back({"member-" + std::to_string(i), copies[i].get(), copies[i].get(),
                             i < keys.size() ? &keys[i] : nullptr});
        }
        return hosts;
    }
    void make_core() { core = std::make_unique<Core>(options(), hosted()); }
    void make(const std::vector<Bytes>& items) {
        for (const Bytes& item : items)
            ASSERT_TRUE(core->submit(0, item, 0).ok());
        ASSERT_TRUE(core->make_block(now).ok());
        ASSERT_TRUE(core->sync().ok());
    }
    [[nodiscard]] ledger::SignedHeader header(std::size_t copy, Height height) const {
        return *ledger::decode_signed_header(copies[copy]->chain[height - 1].kept.signed_header);
    }
};

TEST(EmbeddedCore, MakesHeadersThatALightClientBelieves) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    f.make({"one", "two"});
    f.make({"three"});
    f.make({});
    const auto set = f.core->tip().validators;
    for (Height h = 1; h <= 3; ++h) {
        const auto signed_header = f.header(3, h);
        EXPECT_TRUE(verify::check_signed_header(signed_header, "consilium-test", set).ok());
        EXPECT_EQ(signed_power(signed_header.commit, set), 40U);
    }
    // The state and results of block h are in header h + 1, and its commit is hashed there too.
    EXPECT_EQ(f.header(0, 2).header.app_hash, f.copies[0]->chain[0].app_hash.bytes());
    EXPECT_EQ(f.header(0, 3).header.last_block_id, f.header(0, 2).commit.block_id);
    EXPECT_EQ(f.header(0, 3).header.last_commit_hash,
              ledger::commit_hash(f.header(0, 2).commit).bytes());
    EXPECT_NE(f.header(0, 2).header.last_results_hash, f.header(0, 3).header.last_results_hash);
}

TEST(EmbeddedCore, BlockTimeRisesEvenWhenTheClockDoesNot) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    f.make({"a"});
    f.now.value -= 50'000;
    f.make({"b"});
    EXPECT_EQ(ledger::unix_ms(f.header(0, 2).header.time).value,
              ledger::unix_ms(f.header(0, 1).header.time).value + 1);
}

TEST(EmbeddedCore, AProofBlockFollowsAndThenNothing) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    EXPECT_FALSE(f.core->due(true, 0));
    f.make({"work"});
    EXPECT_TRUE(f.core->due(true, 0));
    EXPECT_FALSE(f.core->due(false, 0)) << "while blocks are being synced there is no hurry";
    f.make({});
    EXPECT_FALSE(f.core->due(true, 1'000'000'000));
}

TEST(EmbeddedCore, UnderLoadABlockWaitsForSizeOrTime) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    ASSERT_TRUE(f.core->submit(1, "small", 1000).ok());
    EXPECT_TRUE(f.core->due(true, 1000)) << "at once when idle";
    std::optional<std::uint64_t> wake;
    EXPECT_FALSE(f.core->due(false, 5999, &wake));
    EXPECT_EQ(wake, 6000U);
    EXPECT_TRUE(f.core->due(false, 6000));
    ASSERT_TRUE(f.core->submit(1, Bytes(94, 'x'), 1000).ok());
    EXPECT_FALSE(f.core->due(false, 1000)) << "99 bytes wait";
    ASSERT_TRUE(f.core->submit(2, "y", 1000).ok());
    EXPECT_TRUE(f.core->due(false, 1000)) << "100 bytes wait";
}

TEST(EmbeddedCore, BackPressureAndRefusal) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    EXPECT_EQ(f.core->submit(0, "refused", 0).error(), EngineError::kRefused);
    EXPECT_EQ(f.core->submit(0, "stale", 0).error(), EngineError::kStale);
    for (const char* item : {"1", "2", "3", "4"})
        ASSERT_TRUE(f.core->submit(0, item, 0).ok());
    EXPECT_TRUE(f.core->submit(0, "4", 0).ok()) << "the same bytes again wait once";
    EXPECT_EQ(f.core->submit(0, "5", 0).error(), EngineError::kOverloaded);
    EXPECT_TRUE(f.core->submit(1, Bytes(1000, 'x'), 0).ok()) << "another member has its own lane";
    EXPECT_EQ(f.core->submit(2, Bytes(1001, 'x'), 0).error(), EngineError::kOverloaded);
}

TEST(EmbeddedCore, MembersTakeTurns) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    for (const char* item : {"a1", "a2", "a3"})
        ASSERT_TRUE(f.core->submit(0, item, 0).ok());
    ASSERT_TRUE(f.core->submit(2, "c1", 0).ok());
    ASSERT_TRUE(f.core->make_block(f.now).ok());
    EXPECT_EQ(f.copies[1]->chain[0].kept.items, (std::vector<Bytes>{"a1", "c1", "a2", "a3"}));
}

TEST(EmbeddedCore, AnItemThatAnyCopyRefusesIsNotProposed) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    f.copies[2]->refuses = "bad";
    f.make({"good", "bad"});
    EXPECT_EQ(f.copies[0]->chain[0].kept.items, (std::vector<Bytes>{"good"}));
}

TEST(EmbeddedCore, StopsTheCopyThatDisagrees) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    f.make({"a"});
    f.copies[1]->lies = true;
    f.make({"b"});
    const auto failures = f.core->take_failures();
    ASSERT_EQ(failures.size(), 1U);
    EXPECT_EQ(failures[0].error, CoreError::kDisagrees);
    EXPECT_EQ(failures[0].host, 1U);
    EXPECT_FALSE(f.core->running(1));
    EXPECT_EQ(f.copies[1]->chain.size(), 1U) << "it wrote nothing of the block";
    EXPECT_EQ(f.copies[0]->chain.size(), 2U);
    // A second one is one too many: three of four signed, two agree.
    f.copies[2]->lies = true;
    EXPECT_EQ(f.core->make_block(f.now).error().error, CoreError::kDiverged);
    EXPECT_EQ(f.copies[0]->chain.size(), 2U);
}

TEST(EmbeddedCore, AFailingDiskStopsItsCopyAlone) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    f.copies[3]->fails = true;
    f.make({"a"});
    EXPECT_FALSE(f.core->running(3));
    EXPECT_EQ(f.core->take_failures().front().error, CoreError::kDisk);
    EXPECT_EQ(signed_power(f.header(0, 1).commit, f.core->tip().validators), 40U);
    f.make({"b"});
    EXPECT_EQ(signed_power(f.header(0, 2).commit, f.core->tip().validators), 30U);
    EXPECT_FALSE(f.core->stop_host(2)) << "two of four are no more than two thirds";
}

TEST(EmbeddedCore, AStoppedCopyReturnsVerifyingEveryBlock) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    f.make({"a"});
    ASSERT_TRUE(f.core->stop_host(2));
    EXPECT_EQ(f.core->submit(2, "x", 0).error(), EngineError::kStopped);
    f.make({"b"});
    f.make({"c"});
    ASSERT_TRUE(f.core->catch_up(2, 2).ok());
    ASSERT_TRUE(f.core->start_host(2).ok());
    EXPECT_EQ(f.copies[2]->info().app_hash, f.copies[0]->info().app_hash);
    f.make({"d"});
    EXPECT_EQ(f.copies[2]->chain.size(), 4U);
}

// Each way in which a block from another copy may be wrong, and that it is noticed.
TEST(EmbeddedCore, AReturningCopyRefusesAlteredBlocks) {
    const auto attempt = [](auto alter) {
        Fixture f;
        EXPECT_TRUE(f.core->open().ok());
        EXPECT_TRUE(f.core->stop_host(3));
        f.make({"a", "b"});
        f.make({});
        for (std::size_t i = 0; i < 3; ++i)
            alter(*f.copies[i]);
        return f.core->start_host(3).ok();
    };
    EXPECT_TRUE(attempt([](ChainOfHashes&) {}));
    EXPECT_FALSE(attempt([](ChainOfHashes& c) { c.chain[0].kept.items[0] = "x"; }));
    EXPECT_FALSE(attempt([](ChainOfHashes& c) { c.chain[0].kept.items.pop_back(); }));
    EXPECT_FALSE(attempt([](ChainOfHashes& c) { c.chain[0].kept.signed_header.pop_back(); }));
    EXPECT_FALSE(attempt(
        [](ChainOfHashes& c) { c.chain[0].kept.signed_header = c.chain[1].kept.signed_header; }));
    const auto with_header = [&](auto alter) {
        return attempt([&](ChainOfHashes& c) {
            auto signed_header = *ledger::decode_signed_header(c.chain[0].kept.signed_header);
            alter(signed_header);
            c.chain[0].kept.signed_header = ledger::encode_signed_header(signed_header);
        });
    };
    EXPECT_TRUE(with_header([](auto&) {}));
    EXPECT_FALSE(with_header([](auto& s) { s.header.app_hash = Bytes(32, 'x'); }));
    EXPECT_FALSE(with_header([](auto& s) { s.header.time.seconds += 1; }));
    EXPECT_FALSE(with_header([](auto& s) { s.header.last_results_hash = Bytes(32, 'x'); }));
    EXPECT_FALSE(with_header([](auto& s) { s.commit.signatures[0].signature[5] ^= 1; }));
    EXPECT_FALSE(with_header([](auto& s) { s.commit.signatures[0] = {}; }))
        << "three of four are enough, but the next header covers four";
    EXPECT_FALSE(with_header([](auto& s) {
        s.commit.signatures[0] = {};
        s.commit.signatures[1] = {};
    }));
}

TEST(EmbeddedCore, LevelsCopiesAfterACrash) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    f.make({"a"});
    ASSERT_TRUE(f.core->submit(0, "b", 0).ok());
    ASSERT_TRUE(f.core->make_block(f.now).ok());
    ASSERT_TRUE(f.copies[0]->sync().ok());  // the crash comes when one copy of four is synced
    for (auto& copy : f.copies)
        copy->drop_unsynced();
    EXPECT_EQ(f.copies[0]->chain.size(), 2U);
    EXPECT_EQ(f.copies[1]->chain.size(), 1U);
    f.make_core();
    ASSERT_TRUE(f.core->open().ok());
    EXPECT_EQ(f.core->height(), 2U);
    for (auto& copy : f.copies) {
        EXPECT_EQ(copy->synced, 2U);
        EXPECT_EQ(copy->info().app_hash, f.copies[0]->info().app_hash);
    }
    EXPECT_TRUE(f.core->due(true, 0)) << "block 2 still waits for its proof";
    f.make({});
    EXPECT_FALSE(f.core->due(true, 0));
}

// A process that was killed leaves writes that are visible and not durable. What is shown after the
// restart must survive the power failure that follows.
TEST(EmbeddedCore, OpeningMakesDurableWhatItShows) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    f.make({"a"});
    ASSERT_TRUE(f.core->submit(0, "b", 0).ok());
    ASSERT_TRUE(f.core->make_block(f.now).ok());
    f.make_core();  // killed before the sync, with every write kept by the machine
    ASSERT_TRUE(f.core->open().ok());
    ASSERT_EQ(f.core->height(), 2U);
    for (auto& copy : f.copies)
        copy->drop_unsynced();
    f.make_core();
    ASSERT_TRUE(f.core->open().ok());
    EXPECT_EQ(f.core->height(), 2U);
}

TEST(EmbeddedCore, OpeningLeavesOutTheCopyThatDiverged) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    f.make({"a"});
    f.copies[1]->chain[0].app_hash = crypto::sha256("rotten");
    f.make_core();
    ASSERT_TRUE(f.core->open().ok());
    EXPECT_FALSE(f.core->running(1));
    EXPECT_TRUE(f.core->running(0));
    f.copies[2]->chain[0].app_hash = crypto::sha256("rotten too");
    f.make_core();
    EXPECT_EQ(f.core->open().error().error, CoreError::kDiverged);
}

TEST(EmbeddedCore, ValidatorsChangeTwoBlocksLater) {
    Fixture f;
    for (auto& copy : f.copies)
        copy->update_at_2 = {{f.keys[3].public_key(), 1}};
    ASSERT_TRUE(f.core->open().ok());
    for (int i = 0; i < 5; ++i)
        f.make({"item " + std::to_string(i)});
    EXPECT_EQ(f.header(0, 2).header.next_validators_hash, f.header(0, 2).header.validators_hash);
    EXPECT_NE(f.header(0, 3).header.next_validators_hash, f.header(0, 3).header.validators_hash);
    EXPECT_EQ(f.header(0, 4).header.validators_hash, f.header(0, 3).header.next_validators_hash);
    const Tip before = f.core->tip();
    f.make_core();
    ASSERT_TRUE(f.core->open().ok());
    EXPECT_EQ(f.core->tip().validators, before.validators);
    EXPECT_EQ(f.core->tip().next_validators, before.next_validators);
    EXPECT_EQ(f.core->tip().validators.total_power(), 31U);
    // With the set of block 3, restarted right after the change, both sets differ.
    for (auto& copy : f.copies)
        copy->chain.resize(2);
    f.make_core();
    ASSERT_TRUE(f.core->open().ok());
    EXPECT_EQ(f.core->tip().validators.total_power(), 40U);
    EXPECT_EQ(f.core->tip().next_validators.total_power(), 31U);
}

TEST(EmbeddedCore, NoQuorumMakesNoBlock) {
    Fixture f;
    ASSERT_TRUE(f.core->open().ok());
    f.copies[0]->fails = true;
    f.copies[1]->fails = true;
    ASSERT_TRUE(f.core->submit(2, "a", 0).ok());
    EXPECT_EQ(f.core->make_block(f.now).error().error, CoreError::kDiverged);
    EXPECT_EQ(f.core->make_block(f.now).error().error, CoreError::kQuorum);
    EXPECT_TRUE(f.copies[2]->chain.empty());
}

TEST(EmbeddedEngine, AnswersOnlyWhatEveryCopySynced) {
    Fixture f;
    std::mutex mutex;
    std::condition_variable changed;
    Height durable = 0;
    EmbeddedEngine engine(f.options(), f.hosted(), system_clock(),
                          {[&](Height height) {
                               for (const auto& copy : f.copies)
                                   EXPECT_GE(copy->synced, height);
                               const std::lock_guard lock(mutex);
                               EXPECT_GT(height, durable);
                               durable = height;
                               changed.notify_all();
                           },
                           nullptr});
    ASSERT_TRUE(engine.open().ok());
    engine.start();
    std::vector<std::thread> submitters;
    for (std::size_t i = 0; i < 4; ++i) {
        submitters.emplace_back([&, i] {
            for (int n = 0; n < 50; ++n) {
                const Bytes item = std::to_string(i) + "/" + std::to_string(n);
                while (!engine.port(i).submit_item(item).ok())
                    std::this_thread::yield();
            }
        });
    }
    for (auto& thread : submitters)
        thread.join();
    engine.stop();
    std::size_t items = 0;
    for (const auto& stored : f.copies[0]->chain)
        items += stored.kept.items.size();
    EXPECT_LE(items, 200U);
    EXPECT_EQ(durable, f.copies[0]->chain.size());
    for (const auto& copy : f.copies)
        EXPECT_EQ(copy->info().app_hash, f.copies[0]->info().app_hash);
}

TEST(EmbeddedEngine, AMemberStopsAndReturnsUnderLoad) {
    Fixture f;
    EmbeddedEngine engine(f.options(), f.hosted(), system_clock(), {});
    ASSERT_TRUE(engine.open().ok());
    engine.start();
    std::atomic<bool> enough{false};
    std::thread load([&] {
        for (int n = 0; !enough; ++n)
            (void)engine.port(0).submit_item(std::to_string(n));
    });
    for (int round = 0; round < 3; ++round) {
        ASSERT_TRUE(engine.stop_host(3));
        EXPECT_FALSE(engine.stop_host(2)) << "no quorum without both";
        const Height height = engine.core().height();
        while (engine.core().height() < height + 10)
            std::this_thread::yield();
        bool joined = false;
        ASSERT_TRUE(engine.start_host(3, [&] { joined = true; }).ok());
        EXPECT_TRUE(joined);
    }
    enough = true;
    load.join();
    engine.stop();
    EXPECT_EQ(f.copies[3]->info().app_hash, f.copies[0]->info().app_hash);
    EXPECT_EQ(f.copies[3]->chain.size(), f.copies[0]->chain.size());
}

}  // namespace
}  // namespace consilium::consensus::embedded
