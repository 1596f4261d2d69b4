// SPDX-License-Identifier: Apache-2.0
#include "store/memory_table.hpp"

#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "state/memory_disk.hpp"
#include "state/state_fixture.hpp"
#include "store/rocks_disk.hpp"

// RocksDB with the memory table, beside the sorted map of the memory disk.
namespace consilium::store {
namespace {

namespace fs = std::filesystem;
using state::Cursor;
using state::Disk;
using state::Durability;
using state::MemoryDisk;
using state::Space;
using state::TestRandom;

class MemoryTable : public ::testing::Test {
 protected:
    void SetUp() override {
        directory_ =
            fs::temp_directory_path() / ("consilium-memory-table-" + std::to_string(::getpid()));
        fs::remove_all(directory_);
    }
    void TearDown() override { fs::remove_all(directory_); }
    [[nodiscard]] std::unique_ptr<Disk> open() const {
        auto disk = open_rocks_disk(directory_);
        EXPECT_TRUE(disk.ok());
        return std::move(*disk);
    }

    fs::path directory_;
};

// Keys that differ before, at and after the eighth byte, and keys that begin others.
Bytes some_key(TestRandom& random) {
    static const Bytes kLetters("\0\x01\x7f\x80\xff", 5);
    Bytes key(random(3) == 0 ? "a shared beginning" : "");
    for (std::uint64_t n = random(12); n > 0; --n)
        key.push_back(kLetters[random(kLetters.size())]);
    return key;
}

void write_some(TestRandom& random, Space space, std::initializer_list<Disk*> disks) {
    std::vector<std::pair<Bytes, std::optional<Bytes>>> writes;
    for (std::uint64_t n = random(60); n > 0; --n) {
        auto& [key, value] = writes.emplace_back(some_key(random), std::nullopt);
        if (random(4) != 0) value = Bytes(random(200), static_cast<char>('a' + random(26)));
    }
    // Blocks come sorted, in the family's order or against it; other writers do not sort.
    const std::uint64_t order = random(3);
    if (order != 0) std::stable_sort(writes.begin(), writes.end());
    if (order == 2) std::reverse(writes.begin(), writes.end());
    for (Disk* disk : disks) {
        auto batch = disk->new_batch();
        for (const auto& [key, value] : writes)
            value ? batch->put(space, key, *value) : batch->erase(space, key);
        ASSERT_TRUE(disk->write(*batch, Durability::kBuffered).ok());
    }
}

void expect_same(const Cursor& one, const Cursor& other) {
    ASSERT_EQ(one.valid(), other.valid());
    if (!one.valid()) return;
    ASSERT_EQ(one.key(), other.key());
    ASSERT_EQ(one.value(), other.value());
}

// The same moves on both, back and forth.
void walk_both(TestRandom& random, Cursor& one, Cursor& other) {
    for (int i = 0; i < 12; ++i) {
        const Bytes key = some_key(random);
        const std::uint64_t move = random(one.valid() ? 8 : 4);
        for (Cursor* cursor : {&one, &other}) {
            if (move == 0) cursor->seek(key);
            if (move == 1) cursor->seek_for_prev(key);
            if (move == 2) cursor->seek_first();
            if (move == 3) cursor->seek_last();
            if (move == 4 || move == 5) cursor->next();
            if (move == 6 || move == 7) cursor->prev();
        }
        ASSERT_NO_FATAL_FAILURE(expect_same(one, other));
    }
}

TEST_F(MemoryTable, AnswersAsASortedMapWould) {
    for (const Space space : {Space::kCurrent, Space::kNode}) {
        TestRandom random(space == Space::kCurrent ? 1 : 2);
        fs::remove_all(directory_);
        const auto disk = open();
        MemoryDisk model;
        std::unique_ptr<state::DiskReader> past;
        std::unique_ptr<state::DiskReader> past_model;
        for (int round = 0; round < 600; ++round) {
            ASSERT_NO_FATAL_FAILURE(write_some(random, space, {disk.get(), &model}));
            const Bytes key = some_key(random);
            EXPECT_EQ(disk->get(space, key).value(), model.get(space, key).value());
            const auto cursor = disk->cursor(space);
            const auto cursor_model = model.cursor(space);
            ASSERT_NO_FATAL_FAILURE(walk_both(random, *cursor, *cursor_model));
            // A snapshot keeps showing what there was when it was made.
            if (round % 20 == 0) {
                past = disk->snapshot();
                past_model = model.snapshot();
            }
            EXPECT_EQ(past->get(space, key).value(), past_model->get(space, key).value());
            const auto old = past->cursor(space);
            const auto old_model = past_model->cursor(space);
            ASSERT_NO_FATAL_FAILURE(walk_both(random, *old, *old_model));
        }
    }
}

TEST_F(MemoryTable, ReadersRunBesideTheWriter) {
    const auto disk = open();
    std::atomic<std::uint64_t> written = 0;
    std::atomic<unsigned> reading = 0;  // readers that have read beside the writer
    const auto key_of = [](std::uint64_t i) {
        Bytes key;
        append_be64(key, i * 0x9e3779b97f4a7c15ULL);
        return key;
    };
    constexpr std::uint64_t kRounds = 200;
    constexpr std::uint64_t kKeys = 50;
    const auto read = [&](Space space) {
        TestRandom random(static_cast<std::uint64_t>(space));
        for (bool first = true; written < kRounds;) {
            const std::uint64_t seen = written;
            if (seen == 0) continue;
            const std::uint64_t i = random(seen * kKeys);
            ASSERT_EQ(disk->get(space, key_of(i)).value(), key_of(i + 1));
            const auto cursor = disk->cursor(space);
            std::uint64_t rows = 0;
            Bytes before;
            for (cursor->seek_first(); cursor->valid(); cursor->next(), ++rows) {
                ASSERT_TRUE(rows == 0 || before < cursor->key());
                before = Bytes(cursor->key());
            }
            ASSERT_GE(rows, seen * kKeys);
            ASSERT_EQ(rows % kKeys, 0U);  // batches are seen whole
            if (std::exchange(first, false)) ++reading;
        }
    };
    std::thread descending(read, Space::kCurrent);
    std::thread ascending(read, Space::kNode);
    for (std::uint64_t round = 0; round < kRounds; ++round) {
        // Half of the rounds at least are written while both read.
        while (round == kRounds / 2 && reading < 2)
            std::this_thread::yield();
        auto batch = disk->new_batch();
        for (std::uint64_t i = round * kKeys; i < (round + 1) * kKeys; ++i)
            for (const Space space : {Space::kCurrent, Space::kNode})
                batch->put(space, key_of(i), key_of(i + 1));
        EXPECT_TRUE(disk->write(*batch, Durability::kBuffered).ok());
        written = round + 1;
    }
    descending.join();
    ascending.join();
}

// Cursors are made on the threads that plan and destroyed where the last owner of a snapshot lets
// go of it: what a thread only destroys must not pile up there.
TEST_F(MemoryTable, CursorsMadeOnOneThreadAndDestroyedOnAnotherKeepNoMemory) {
    const auto disk = open();
    auto batch = disk->new_batch();
    batch->put(Space::kCurrent, "key", "value");
    ASSERT_TRUE(disk->write(*batch, Durability::kBuffered).ok());
    const auto pass = [&disk](std::size_t cursors) {
        std::vector<std::unique_ptr<state::Cursor>> made(500);
        for (std::size_t done = 0; done < cursors; done += made.size()) {
            std::thread maker([&] {
                for (auto& cursor : made) {
                    cursor = disk->cursor(Space::kCurrent);
                    cursor->seek_first();
                }
            });
            maker.join();
            for (auto& cursor : made)
                cursor.reset();
        }
    };
    pass(2000);
    // Sanitizers have heaps of their own, of which this function knows nothing.
    const auto before = ::mallinfo2().uordblks;
    pass(40'000);
    // As many placed iterators hold 6 MB.
    EXPECT_LT(::mallinfo2().uordblks, before + (3U << 20U));
}

}  // namespace
}  // namespace consilium::store
