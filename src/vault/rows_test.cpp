// SPDX-License-Identifier: Apache-2.0
#include "vault/rows.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace consilium::vault {
namespace {

const crypto::HmacKey& key_of(char c) {
    static const crypto::HmacKey k(Bytes(32, 'k'));
    static const crypto::HmacKey j(Bytes(32, 'j'));
    return c == 'k' ? k : j;
}

RecordRow a_row() {
    RecordRow row;
    row.in_file = true;
    row.slot = 0x0102030405060708;
    row.size = kDocumentBytesMax;
    row.commitment.value.fill(0xcc);
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
    EXPECT_LT(slot_key(255), slot_key(256));
    EXPECT_FALSE(parse_index_row_key(row_key(name_of(7))).has_value());
}

TEST(Rows, RecordsAndTheirLimits) {
    const Bytes body = encode_record(a_row());
    EXPECT_EQ(decode_record(body), a_row());
    EXPECT_FALSE(decode_record(body + "x").has_value());
    for (std::size_t size = 0; size < body.size(); ++size)
        EXPECT_FALSE(decode_record(BytesView(body).substr(0, size)).has_value());
    RecordRow long_one = a_row();
    long_one.size = kDocumentBytesMax + 1;
    EXPECT_FALSE(decode_record(encode_record(long_one)).has_value());
    for (const auto& [at, value] : {std::pair{0, 0}, {0, 2}, {1, 0}, {1, 4}, {2, 2}}) {
        Bytes altered = body;
        altered[static_cast<std::size_t>(at)] = static_cast<char>(value);
        EXPECT_FALSE(decode_record(altered).has_value());
    }
}

TEST(Rows, IndexKeysAndTheirLimits) {
    const auto keys_of = [](std::size_t keys, std::size_t bytes) {
        return std::vector<Bytes>(keys, Bytes(bytes, 'i'));
    };
    for (const auto& keys : {keys_of(1, 1), keys_of(kIndexKeysMax, kIndexKeyBytesMax)}) {
        const Bytes body = encode_index_keys(keys);
        EXPECT_EQ(decode_index_keys(body), keys);
        EXPECT_FALSE(decode_index_keys(body + "x").has_value());
    }
    const Bytes three = encode_index_keys({"a", "bc", "def"});
    for (const std::size_t size : {0U, 1U, 2U, 3U, 5U, 6U, 7U, 9U, 10U, 11U, 12U})
        EXPECT_EQ(decode_index_keys(BytesView(three).substr(0, size)).has_value(), size == 4)
            << size;
    EXPECT_FALSE(decode_index_keys(encode_index_keys(keys_of(kIndexKeysMax + 1, 1))).has_value());
    EXPECT_FALSE(decode_index_keys(encode_index_keys(keys_of(1, kIndexKeyBytesMax + 1))));
    EXPECT_FALSE(decode_index_keys(encode_index_keys(keys_of(1, 0))).has_value());
    EXPECT_FALSE(decode_index_keys(encode_index_keys({})).has_value());
    Bytes other = three;
    other[0] = 2;
    EXPECT_FALSE(decode_index_keys(other).has_value());
}

TEST(Rows, Totals) {
    const Totals totals{1, ~std::uint64_t{0}, 3};
    const Bytes body = encode_totals(totals);
    EXPECT_EQ(decode_totals(body), totals);
    EXPECT_FALSE(decode_totals(body + "x").has_value());
    EXPECT_FALSE(decode_totals(BytesView(body).substr(1)).has_value());
    EXPECT_EQ(to_hex(body), "010000000000000001ffffffffffffffff0000000000000003");
}

TEST(Rows, TheCodeCoversFamilyKeyAndBody) {
    const Bytes row = protect_row(key_of('k'), Family::kRecords, "key", "body");
    EXPECT_EQ(check_row(key_of('k'), Family::kRecords, "key", row), "body");
    EXPECT_FALSE(check_row(key_of('k'), Family::kIndex, "key", row).has_value());
    EXPECT_FALSE(check_row(key_of('k'), Family::kRecords, "kex", row).has_value());
    EXPECT_FALSE(check_row(key_of('j'), Family::kRecords, "key", row).has_value());
    EXPECT_FALSE(check_row(key_of('k'), Family::kRecords, "keyb", row.substr(1)).has_value());
    for (std::size_t i = 0; i < row.size(); ++i) {
        Bytes altered = row;
        altered[i] = static_cast<char>(altered[i] ^ 1);
        EXPECT_FALSE(check_row(key_of('k'), Family::kRecords, "key", altered).has_value());
        EXPECT_FALSE(check_row(key_of('k'), Family::kRecords, "key", row.substr(0, i)).has_value());
    }
}

// Values of a second implementation (Python, from docs/formats/vault-rows.md).
TEST(Rows, PeersBytes) {
    EXPECT_EQ(to_hex(encode_record(a_row())),
              "010101"
              "0102030405060708"
              "0000000010000000"
              "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc");
    EXPECT_EQ(to_hex(encode_index_keys({"ab", "c"})), "0100026162000163");
    EXPECT_EQ(to_hex(slot_key(0x0102030405060708)), "0102030405060708");
    EXPECT_EQ(to_hex(protect_row(key_of('k'), Family::kIndex, "key", "body")),
              "626f6479185096610dd3ce005b380a3704aac4b8");
}

}  // namespace
}  // namespace consilium::vault
