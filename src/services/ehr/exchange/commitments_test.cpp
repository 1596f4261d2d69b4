// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/commitments.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "services/ehr/exchange/rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

// H(tag, parts) written out, as docs/formats/hashes.md has it.
Hash32 slow(std::string_view tag, const std::vector<Bytes>& parts) {
    Bytes all(1, static_cast<char>(tag.size()));
    all += tag;
    for (const Bytes& part : parts) {
        append_be32(all, static_cast<std::uint32_t>(part.size()));
        all += part;
    }
    return crypto::sha256(all);
}

TEST(Commitments, AreTheHashesOfTheFormat) {
    EXPECT_EQ(request_commitment("salt", "opening"),
              slow("consilium/ehr-request/1", {"salt", "opening"}));
    EXPECT_EQ(disclosure_commitment("salt", "header"),
              slow("consilium/ehr-disclosure/1", {"salt", "header"}));
    EXPECT_EQ(decision_commitment("salt", "decision"),
              slow("consilium/ehr-decision/1", {"salt", "decision"}));
    EXPECT_EQ(disputed_commitment("salt", "delivery"),
              slow("consilium/ehr-received/1", {"salt", "delivery"}));
    EXPECT_EQ(message_name("request", "id", 258),
              slow("consilium/exchange-message/1", {"request", "id", Bytes("\0\0\1\2", 4)}));
    ledger::NetworkId network;
    network.value.fill(9);
    EXPECT_EQ(delivery_info(network, "header"),
              slow("consilium/ehr-delivery/1", {network.bytes(), "header"}));
}

TEST(Commitments, AReceivedCopyHasItsPlace) {
    v1::DisclosedDocument document;
    document.set_record_id(Bytes(16, 'r'));
    document.set_version(1);
    document.set_commitment(Bytes(32, 'c'));
    const auto place = received_record("hospital", document);
    const Hash32 hash = slow("consilium/received-record/1",
                             {"hospital", Bytes(16, 'r'), Bytes("\0\0\0\1", 4), Bytes(32, 'c')});
    EXPECT_EQ(place.view(), hash.view().substr(0, 16));
    EXPECT_NE(received_record("clinic", document), place);
    document.set_version(2);
    EXPECT_NE(received_record("hospital", document), place);
}

TEST(Rows, KeysReadBack) {
    const Bytes id(16, 'i');
    const auto numbered = parse_numbered(serving_key(id, 7), serving_prefix());
    ASSERT_TRUE(numbered);
    EXPECT_EQ(numbered->first, id);
    EXPECT_EQ(numbered->second, 7U);
    EXPECT_FALSE(parse_numbered(receiving_key(id, 7), serving_prefix()));
    EXPECT_FALSE(parse_numbered(serving_key(id, 7) + "x", serving_prefix()));
    EXPECT_FALSE(parse_numbered(serving_prefix(), serving_prefix()));
    Hash32 commitment;
    commitment.value.fill(3);
    EXPECT_EQ(parse_asking(asking_key(commitment)), commitment);
    EXPECT_FALSE(parse_asking(asked_key(id, 1)));
    EXPECT_EQ(todo_of(todo_key("exchange/s1")), "exchange/s1");
    // All keys of one kind, and none of another, begin with its prefix.
    EXPECT_TRUE(judged_key(id, 7, 1).starts_with(judged_prefix(id, 7)));
    EXPECT_TRUE(received_key(id, 7, 1).starts_with(received_prefix(id, 7)));
    EXPECT_TRUE(card_key("p").starts_with(card_prefix()));
}

}  // namespace
}  // namespace consilium::services::ehr::exchange
