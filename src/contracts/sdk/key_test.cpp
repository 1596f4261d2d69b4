// SPDX-License-Identifier: Apache-2.0
#include "contracts/sdk/key.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "consilium/v1/documents.pb.h"
#include "contracts/registry/registry.hpp"
#include "proto/canonical.hpp"

namespace consilium::contracts::sdk {
namespace {

TEST(StateKey, FieldsStandInOrder) {
    const StateKey key = StateKey(ledger::ContractId::kMembership, 3).text("ab").u32(1).u64(2);
    EXPECT_EQ(to_hex(key), "0203616200000000010000000000000002");
    const StateKey full = StateKey(ledger::ContractId::kMembership, 3).raw(Bytes(254, 'x'));
    EXPECT_EQ(full.view().size(), limits::kStateKeyBytesMax);
}

TEST(StateKey, PathsAndKeysAreTheSame) {
    const std::string id = "000102030405060708090a0b0c0d0e0f";
    const std::string hash = id + id;
    const std::pair<std::string, std::string> pairs[] = {
        {"ledger/parameters", "0101"},
        {"ledger/window/hospital/7", "0102686f73706974616c0000000007"},
        {"ledger/replay/9/" + hash, "01030000000000000009" + hash},
        {"membership/user/hospital/" + id, "0205686f73706974616c00" + id},
        {"membership/key-use/" + hash, "0206" + hash},
        {"charts/slot/" + id + "/3", "0302" + id + "00000003"},
        {"documents/record/chart:" + id + "/18446744073709551615",
         "040163" + id + "ffffffffffffffff"},
        {"documents/record/member:hospital/1", "04016d686f73706974616c000000000000000001"},
        {"documents/touched/chart:" + id + "/1/2", "040363" + id + "000000000000000100000002"},
        {"documents/share/" + id + "/4294967295", "0404" + id + "ffffffff"},
    };
    for (const auto& [path, hex] : pairs) {
        if (path != "ledger/parameters") {
            const auto key = registry().key_from_path(path);
            ASSERT_TRUE(key) << path;
            EXPECT_EQ(to_hex(*key), hex) << path;
        }
        EXPECT_EQ(registry().path_of_key(*from_hex(hex)), path);
    }
    // A path with fewer fields is the prefix of a list.
    for (const auto& [path, hex] : {std::pair{"documents/record/chart:" + id, "040163" + id},
                                    std::pair{std::string("charts/link"), std::string("0303")},
                                    std::pair{std::string("ledger/window/hospital"),
                                              std::string("0102686f73706974616c00")}}) {
        EXPECT_EQ(to_hex(*registry().key_from_path(path)), hex);
        EXPECT_EQ(registry().path_of_key(*from_hex(hex)), path);
        EXPECT_EQ(registry().table_of_key(*from_hex(hex)), nullptr) << "no row";
    }
}

TEST(StateKey, WhatIsNoPathOrKey) {
    for (const char* bad :
         {"", "documents", "documents/nothing", "ledger/window/hospital/x",
          "ledger/window/hospital/4294967296", "ledger/window/hospital/-1",
          "ledger/window/hospital/1/2", "ledger/window//1", "charts/chart/00",
          "documents/record/00/1", "documents/record/member:/1", "membership/member/a b"})
        EXPECT_FALSE(registry().key_from_path(bad)) << bad;
    for (const char* bad : {"", "01", "010268", "03030001", "0102680000000007ff", "09", "040178"})
        EXPECT_EQ(registry().path_of_key(*from_hex(bad)), "0x" + std::string(bad));
}

TEST(ShowValue, NamesFieldsAndEnumerators) {
    v1::Record record;
    record.set_record_id("\x01\x02");
    record.set_version(3);
    record.set_status(v1::RECORD_STATUS_CURRENT);
    const auto* table = registry().table_named("documents/record");
    ASSERT_NE(table, nullptr);
    const std::vector<ShownField> want = {
        {"record_id", "0102"}, {"version", "3"}, {"status", "RECORD_STATUS_CURRENT"}};
    EXPECT_EQ(show_value(*table, proto::encode(record)), want);
    EXPECT_FALSE(show_value(*table, "junk"));
    v1::Member member;
    member.set_name("Clinic");
    member.add_kinds(v1::MEMBER_KIND_PAYER);
    const std::vector<ShownField> shown = {{"name", "Clinic"}, {"kinds[0]", "MEMBER_KIND_PAYER"}};
    EXPECT_EQ(show_value(*registry().table_named("membership/member"), proto::encode(member)),
              shown);
}

}  // namespace
}  // namespace consilium::contracts::sdk
