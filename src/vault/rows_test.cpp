// SPDX-License-Identifier: Apache-2.0
#include "vault/rows.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace consilium::vault {
namespace {

const Bytes kKey(32, 'k');

RecordRow row_of(std::size_t keys, std::size_t key_bytes) {
    RecordRow row;
    row.in_file = true;
    row.slot = 0x0102030405060708;
    row.size = kDocumentBytesMax;
    row.commitment.value.fill(0xcc);
    row.index.assign(keys, Bytes(key_bytes, 'i'));
    return row;
}

DocumentName name_of(std::uint32_t version) {
    DocumentName name;
    name.record.value.fill(0xaa);
    name.version = version;
    return name;
}

TEST(Rows, KeysAndTheirOrder) {
    EXPECT_EQ(to_hex(row_key(name_of(0x01020304))), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa01020304");
    EXPECT_EQ(parse_row_key(row_key(name_of(7))), name_of(7));
    EXPECT_LT(row_key(name_of(2)), row_key(name_of(10)));
    EXPECT_FALSE(parse_row_key(Bytes(19, 'a')).has_value());
    EXPECT_FALSE(parse_row_key(Bytes(21, 'a')).has_value());
    EXPECT_EQ(parse_index_row_key(index_row_key("key", name_of(7))), name_of(7));
    EXPECT_FALSE(parse_index_row_key(row_key(name_of(7))).has_value());
}

TEST(Rows, RecordsAndTheirLimits) {
    for (const RecordRow& row : {row_of(0, 1), row_of(kIndexKeysMax, kIndexKeyBytesMax)}) {
        const Bytes body = encode_record(row);
        EXPECT_EQ(decode_record(body), row);
        EXPECT_FALSE(decode_record(body + "x").has_value());
        for (std::size_t size = 0; size < std::min<std::size_t>(body.size(), 600); ++size)
            EXPECT_FALSE(decode_record(BytesView(body).substr(0, size)).has_value());
    }
    EXPECT_FALSE(decode_record(encode_record(row_of(kIndexKeysMax + 1, 1))).has_value());
    EXPECT_FALSE(decode_record(encode_record(row_of(1, kIndexKeyBytesMax + 1))).has_value());
    EXPECT_FALSE(decode_record(encode_record(row_of(1, 0))).has_value());
    RecordRow long_one = row_of(0, 1);
    long_one.size = kDocumentBytesMax + 1;
    EXPECT_FALSE(decode_record(encode_record(long_one)).has_value());
    for (const auto& [at, value] : {std::pair{0, 0}, {0, 2}, {1, 0}, {1, 4}, {2, 2}}) {
        Bytes body = encode_record(row_of(1, 1));
        body[static_cast<std::size_t>(at)] = static_cast<char>(value);
        EXPECT_FALSE(decode_record(body).has_value());
    }
}

TEST(Rows, TheCodeCoversFamilyKeyAndBody) {
    const Bytes row = protect_row(kKey, Family::kRecords, "key", "body");
    EXPECT_EQ(check_row(kKey, Family::kRecords, "key", row), "body");
    EXPECT_FALSE(check_row(kKey, Family::kIndex, "key", row).has_value());
    EXPECT_FALSE(check_row(kKey, Family::kRecords, "kex", row).has_value());
    EXPECT_FALSE(check_row(Bytes(32, 'j'), Family::kRecords, "key", row).has_value());
    EXPECT_FALSE(check_row(kKey, Family::kRecords, "keyb", row.substr(1)).has_value());
    for (std::size_t i = 0; i < row.size(); ++i) {
        Bytes altered = row;
        altered[i] = static_cast<char>(altered[i] ^ 1);
        EXPECT_FALSE(check_row(kKey, Family::kRecords, "key", altered).has_value());
        EXPECT_FALSE(check_row(kKey, Family::kRecords, "key", row.substr(0, i)).has_value());
    }
}

// Values of a second implementation (Python, from docs/formats/vault-rows.md).
TEST(Rows, PeersBytes) {
    RecordRow row = row_of(0, 1);
    row.index = {"ab", "c"};
    EXPECT_EQ(to_hex(encode_record(row)),
              "010101"
              "0102030405060708"
              "0000000010000000"
              "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
              "00000002"
              "000000026162"
              "0000000163");
    EXPECT_EQ(to_hex(protect_row(kKey, Family::kIndex, "key", "body")),
              "626f6479185096610dd3ce005b380a3704aac4b8");
}

}  // namespace
}  // namespace consilium::vault
