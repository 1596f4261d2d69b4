// SPDX-License-Identifier: Apache-2.0
#include "state/memory_disk.hpp"

#include <gtest/gtest.h>

namespace consilium::state {
namespace {

Bytes text(const Result<std::optional<Bytes>, DiskError>& got) {
    return got.value().value_or("(none)");
}

TEST(MemoryDisk, ABatchIsSeenWholeAndLaterOperationsWin) {
    MemoryDisk disk;
    auto batch = disk.new_batch();
    batch->put(Space::kNode, "a", "1");
    batch->put(Space::kNode, "b", "2");
    batch->put(Space::kNode, "c", "3");
    batch->erase(Space::kNode, "a");
    batch->erase_range(Space::kNode, "b", "c");
    batch->put(Space::kBlocks, "a", "other space");
    EXPECT_EQ(text(disk.get(Space::kNode, "c")), "(none)");
    ASSERT_TRUE(disk.write(*batch, Durability::kSynced).ok());
    EXPECT_EQ(batch->bytes(), 0U);
    EXPECT_EQ(text(disk.get(Space::kNode, "a")), "(none)");
    EXPECT_EQ(text(disk.get(Space::kNode, "b")), "(none)");
    EXPECT_EQ(text(disk.get(Space::kNode, "c")), "3");
    EXPECT_EQ(text(disk.get(Space::kBlocks, "a")), "other space");
}

TEST(MemoryDisk, ASnapshotDoesNotMove) {
    MemoryDisk disk;
    auto batch = disk.new_batch();
    batch->put(Space::kNode, "a", "1");
    batch->put(Space::kNode, "b", "1");
    ASSERT_TRUE(disk.write(*batch, Durability::kBuffered).ok());
    auto snapshot = disk.snapshot();
    batch->put(Space::kNode, "a", "2");
    batch->erase(Space::kNode, "b");
    batch->put(Space::kNode, "c", "2");
    ASSERT_TRUE(disk.write(*batch, Durability::kBuffered).ok());
    EXPECT_EQ(text(snapshot->get(Space::kNode, "a")), "1");
    EXPECT_EQ(text(snapshot->get(Space::kNode, "b")), "1");
    EXPECT_EQ(text(snapshot->get(Space::kNode, "c")), "(none)");
    EXPECT_EQ(text(disk.get(Space::kNode, "a")), "2");
    auto cursor = snapshot->cursor(Space::kNode);
    cursor->seek_last();
    ASSERT_TRUE(cursor->valid());
    EXPECT_EQ(cursor->key(), "b");
    cursor.reset();
    snapshot.reset();
    const BytesView keys[] = {"a", "b", "c"};
    EXPECT_EQ(disk.multi_get(Space::kNode, keys).value(),
              (std::vector<std::optional<Bytes>>{"2", std::nullopt, "2"}));
}

TEST(MemoryDisk, CursorsMoveBothWaysInUnsignedOrder) {
    MemoryDisk disk;
    auto batch = disk.new_batch();
    for (const char* key : {"\x01", "\x7f", "\x80", "\xff"})
        batch->put(Space::kNode, key, "v");
    ASSERT_TRUE(disk.write(*batch, Durability::kBuffered).ok());
    auto cursor = disk.cursor(Space::kNode);
    EXPECT_FALSE(cursor->valid());
    cursor->seek("\x7e");
    EXPECT_EQ(cursor->key(), "\x7f");
    cursor->next();
    EXPECT_EQ(cursor->key(), "\x80");
    cursor->prev();
    EXPECT_EQ(cursor->key(), "\x7f");
    cursor->seek_for_prev("\x7e");
    EXPECT_EQ(cursor->key(), "\x01");
    cursor->prev();
    EXPECT_FALSE(cursor->valid());
    cursor->seek_for_prev("\xff");
    EXPECT_EQ(cursor->key(), "\xff");
    cursor->next();
    EXPECT_FALSE(cursor->valid());
    EXPECT_FALSE(cursor->error());
}

}  // namespace
}  // namespace consilium::state
