// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/crash_disk.hpp"

#include <gtest/gtest.h>

namespace consilium::sim {
namespace {

using state::DiskError;
using state::Durability;
using state::Space;

void put(CrashDisk& disk, BytesView key, BytesView value, Durability durability) {
    const auto batch = disk.new_batch();
    batch->put(Space::kNode, key, value);
    ASSERT_TRUE(disk.write(*batch, durability).ok());
}

std::optional<Bytes> get(const Platter& platter, BytesView key) {
    Platter copy = platter.backup();
    Power power;
    const CrashDisk disk(copy, power);
    return *disk.get(Space::kNode, key);
}

TEST(CrashDisk, UnsyncedWritesAreLostFromTheEnd) {
    Platter platter;
    Power power;
    {
        CrashDisk disk(platter, power);
        put(disk, "a", "1", Durability::kSynced);
        put(disk, "a", "2", Durability::kBuffered);
        put(disk, "b", "1", Durability::kBuffered);
        EXPECT_EQ(*disk.get(Space::kNode, "a"), "2");
    }
    ASSERT_EQ(platter.unsynced(), 2U);
    Platter all = platter.backup();
    EXPECT_EQ(get(all, "b"), "1");
    platter.lose_power(1);
    EXPECT_EQ(get(platter, "a"), "2");
    EXPECT_EQ(get(platter, "b"), std::nullopt);
    EXPECT_EQ(platter.unsynced(), 0U);
}

TEST(CrashDisk, LosingAllReturnsToTheLastSync) {
    Platter platter;
    Power power;
    CrashDisk disk(platter, power);
    put(disk, "a", "1", Durability::kBuffered);
    put(disk, "b", "1", Durability::kBuffered);
    ASSERT_TRUE(disk.sync().ok());
    const auto batch = disk.new_batch();
    batch->erase_range(Space::kNode, "a", "c");
    batch->put(Space::kNode, "a", "new");
    batch->erase(Space::kNode, "b");
    ASSERT_TRUE(disk.write(*batch, Durability::kBuffered).ok());
    EXPECT_EQ(*disk.get(Space::kNode, "a"), "new");
    platter.lose_power(0);
    EXPECT_EQ(get(platter, "a"), "1");
    EXPECT_EQ(get(platter, "b"), "1");
}

TEST(CrashDisk, DiesBetweenTwoStepsOfAnyOfItsDisks) {
    Platter first;
    Platter second;
    Power power;
    power.off_at = 3;
    CrashDisk a(first, power);
    CrashDisk b(second, power);
    put(a, "k", "1", Durability::kBuffered);
    put(b, "k", "1", Durability::kBuffered);
    EXPECT_EQ(a.sync().error(), DiskError::kClosed);
    EXPECT_EQ(b.sync().error(), DiskError::kClosed);
    EXPECT_EQ(b.get(Space::kNode, "k").error(), DiskError::kClosed);
    EXPECT_EQ(first.unsynced(), 1U);
}

TEST(CrashDisk, AFullDiskKeepsWhatItHas) {
    Platter platter;
    Power power;
    {
        CrashDisk disk(platter, power);
        put(disk, "k", "1", Durability::kSynced);
        disk.fail_writes(DiskError::kFull);
        const auto batch = disk.new_batch();
        batch->put(Space::kNode, "k", "2");
        EXPECT_EQ(disk.write(*batch, Durability::kSynced).error(), DiskError::kFull);
        EXPECT_EQ(disk.sync().error(), DiskError::kFull);
        EXPECT_EQ(*disk.get(Space::kNode, "k"), "1");
    }
    EXPECT_EQ(get(platter, "k"), "1");
}

TEST(CrashDisk, ABackupIsACopy) {
    Platter platter;
    Power power;
    CrashDisk disk(platter, power);
    put(disk, "k", "old", Durability::kBuffered);
    const Platter copy = platter.backup();
    put(disk, "k", "new", Durability::kSynced);
    EXPECT_EQ(get(copy, "k"), "old");
    EXPECT_EQ(get(platter, "k"), "new");
}

TEST(CrashDisk, ALyingDiskLosesWhatItPromised) {
    Platter platter;
    Power power;
    CrashDisk disk(platter, power, {.sync = true});
    put(disk, "k", "1", Durability::kSynced);
    ASSERT_TRUE(disk.sync().ok());
    EXPECT_EQ(platter.unsynced(), 1U);
    platter.lose_power(0);
    EXPECT_EQ(get(platter, "k"), std::nullopt);
}

}  // namespace
}  // namespace consilium::sim
