// SPDX-License-Identifier: Apache-2.0
#include "state/entry.hpp"

#include <gtest/gtest.h>

namespace consilium::state {
namespace {

StoredEntry some_entry() {
    StoredEntry entry;
    entry.serial = 70'000;
    entry.height = 900;
    entry.value_height = 800;
    entry.value_serial = 60'000;
    entry.ends = 65'000;
    entry.version = 15;
    entry.key = "key";
    entry.next = "next";
    entry.value_hash.value.fill(7);
    return entry;
}

TEST(CurrentRow, HoldsWhatPlanningNeeds) {
    std::vector<StoredEntry> entries(4, some_entry());
    entries[1].next.clear();
    entries[1].high = true;
    entries[2].value_serial = entries[2].serial;  // it set the value itself
    entries[3] = StoredEntry{};
    entries[3].kind = v1::ENTRY_KIND_LOW;
    entries[3].serial = 1;
    entries[3].high = true;
    for (const StoredEntry& entry : entries) {
        Bytes stored;
        append_current_row(stored, entry);
        const auto row = parse_current_row(stored);
        ASSERT_TRUE(row.ok());
        EXPECT_EQ(*row, current_row(entry));
        EXPECT_EQ(current_serial(stored).value(), entry.serial);
    }
}

TEST(CurrentRow, RefusesWhatIsNotOne) {
    Bytes stored;
    append_current_row(stored, some_entry());
    const auto refused = [](BytesView row) {
        const auto parsed = parse_current_row(row);
        return !parsed.ok() && parsed.error() == DiskError::kCorruption;
    };
    const std::size_t without_next = stored.size() - 4;
    for (std::size_t size = 0; size <= without_next; ++size)
        EXPECT_TRUE(refused(BytesView(stored).substr(0, size))) << size;
    EXPECT_FALSE(refused(BytesView(stored).substr(0, without_next + 1)));
    Bytes flags = stored;
    flags[0] = 64;
    EXPECT_TRUE(refused(flags));
    flags[0] = 16;  // the greatest key has no next one
    EXPECT_TRUE(refused(flags));
    EXPECT_TRUE(refused(Bytes("\0\0\0", 3)));                               // serial 0
    EXPECT_TRUE(refused(Bytes("\0\x05\x05\0", 4) + Bytes(32, 'h') + "n"));  // set by serial 0
    EXPECT_FALSE(refused(Bytes("\0\x05\x04\0", 4) + Bytes(32, 'h') + "n"));
    EXPECT_FALSE(current_serial("").ok());
    EXPECT_FALSE(current_serial(Bytes("\0\0", 2)).ok());
}

TEST(Slot, KeepsTheVersion) {
    StoredEntry entry = some_entry();
    entry.serial = 1;
    entry.ends = 0;
    for (const std::uint8_t version : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{15}}) {
        entry.version = version;
        Bytes pack;
        append_slot(pack, entry);
        EXPECT_EQ(read_slot(pack, 1).value().version, version);
    }
    entry.version = kHistoryStride;
    Bytes pack;
    append_slot(pack, entry);
    EXPECT_EQ(read_slot(pack, 1).error(), DiskError::kCorruption);
}

TEST(Slot, EveryStrideAndEveryEndLeavesHistory) {
    StoredEntry entry = some_entry();
    EXPECT_FALSE(entry.leaves_history());
    entry.version = next_version(entry.version);
    EXPECT_EQ(entry.version, 0);
    EXPECT_TRUE(entry.leaves_history());
    entry.ends = 0;  // a creation
    EXPECT_FALSE(entry.leaves_history());
    entry.ends = 9;
    entry.version = 3;
    entry.kind = v1::ENTRY_KIND_END;
    EXPECT_TRUE(entry.leaves_history());
}

}  // namespace
}  // namespace consilium::state
