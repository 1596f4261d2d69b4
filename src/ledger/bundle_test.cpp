// SPDX-License-Identifier: Apache-2.0
#include "ledger/bundle.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "consilium/v1/ledger.pb.h"
#include "crypto/hash.hpp"
#include "crypto/merkle.hpp"
#include "ledger/commitment.hpp"
#include "ledger/domain.hpp"
#include "ledger/hashes.hpp"
#include "proto/canonical.hpp"

namespace consilium::ledger {
namespace {

struct Parts {
    v1::BundleHeader header;
    v1::Bundle bundle;
    [[nodiscard]] Bytes bytes() {
        bundle.set_header(proto::encode(header));
        return proto::encode(bundle);
    }
};

Parts good(std::size_t transactions = 2) {
    Parts out;
    out.header.set_member_id("hospital");
    out.header.set_key_id(1);
    out.header.set_sequence(~0ULL);
    out.header.set_not_after_unix_ms(1);
    out.header.set_count(static_cast<std::uint32_t>(transactions));
    out.header.set_transactions_root(Bytes(32, 'r'));
    out.bundle.set_signature(Bytes(64, 's'));
    for (std::size_t i = 0; i < transactions; ++i)
        out.bundle.add_transactions("t" + std::to_string(i));
    return out;
}

template <typename Change>
void expect_refused(BundleError error, const Change& change) {
    Parts parts = good();
    change(parts);
    const auto got = decode_bundle(parts.bytes());
    ASSERT_FALSE(got.ok()) << to_string(error);
    EXPECT_EQ(got.error(), error) << to_string(got.error());
}

TEST(Bundle, DecodesToViewsOfTheBytes) {
    const Bytes bytes = good().bytes();
    const auto got = decode_bundle(bytes);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->member_id, "hospital");
    EXPECT_EQ(got->sequence, ~0ULL);
    ASSERT_EQ(got->transactions.size(), 2U);
    EXPECT_EQ(got->transactions[1], "t1");
}

TEST(Bundle, EachRuleRefusesItsBreach) {
    using E = BundleError;
    EXPECT_EQ(decode_bundle("junk").error(), E::kEncoding);
    expect_refused(E::kMemberId, [](Parts& p) { p.header.set_member_id("Hospital"); });
    expect_refused(E::kMemberId, [](Parts& p) { p.header.set_member_id("h"); });
    expect_refused(E::kMemberId, [](Parts& p) { p.header.set_member_id(std::string(65, 'h')); });
    expect_refused(E::kKeyId, [](Parts& p) { p.header.clear_key_id(); });
    expect_refused(E::kSequence, [](Parts& p) { p.header.clear_sequence(); });
    expect_refused(E::kNotAfter, [](Parts& p) { p.header.clear_not_after_unix_ms(); });
    expect_refused(E::kCount, [](Parts& p) { p.header.set_count(3); });
    expect_refused(E::kRootLength, [](Parts& p) { p.header.set_transactions_root("r"); });
    expect_refused(E::kSignatureLength, [](Parts& p) { p.bundle.set_signature("s"); });
    expect_refused(E::kNoTransaction, [](Parts& p) { p.bundle.clear_transactions(); });
    Parts parts = good();
    (void)parts.bytes();
    parts.bundle.set_header("junk");
    EXPECT_EQ(decode_bundle(proto::encode(parts.bundle)).error(), E::kHeaderEncoding);
}

TEST(Bundle, LimitsAtTheirValueAndOneAbove) {
    EXPECT_TRUE(decode_bundle(good(limits::kTransactionsPerBundleMax).bytes()).ok());
    EXPECT_EQ(decode_bundle(good(limits::kTransactionsPerBundleMax + 1).bytes()).error(),
              BundleError::kTooManyTransactions);
    Parts large = good(1);
    large.bundle.set_transactions(0, Bytes(limits::kBundleBytesMax - 1000, 't'));
    const std::size_t room = limits::kBundleBytesMax - large.bytes().size();
    large.bundle.mutable_transactions(0)->append(room, 't');
    ASSERT_EQ(large.bytes().size(), limits::kBundleBytesMax);
    EXPECT_TRUE(decode_bundle(large.bytes()).ok());
    EXPECT_TRUE(decode_item(make_item(large.bytes())).ok());
    large.bundle.mutable_transactions(0)->append(1, 't');
    EXPECT_EQ(decode_bundle(large.bytes()).error(), BundleError::kTooLarge);
    EXPECT_EQ(decode_item(make_item(large.bytes())).error(), BundleError::kTooLarge);
}

TEST(Bundle, ItemsHoldOneBundle) {
    EXPECT_EQ(decode_item("").error(), BundleError::kNoBundle);
    EXPECT_EQ(decode_item("junk").error(), BundleError::kItemEncoding);
    EXPECT_EQ(decode_item(*from_hex("1200")).error(), BundleError::kItemEncoding);
    EXPECT_EQ(decode_item(*from_hex("0a00")).error(), BundleError::kNoTransaction);
    const Bytes item = make_item(good().bytes());
    EXPECT_EQ(decode_item(item + item).error(), BundleError::kItemEncoding);
    v1::Item message;
    message.set_bundle(good().bytes());
    EXPECT_EQ(item, proto::encode(message));
}

TEST(Bundle, AgreesWithTheGenericGrammarOnEverySingleBit) {
    const Bytes bytes = good().bytes();
    for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
        Bytes damaged = bytes;
        damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
        v1::Bundle bundle;
        v1::BundleHeader header;
        const bool outer = proto::parse_canonical(damaged, bundle).ok();
        const auto inner = proto::parse_canonical(bundle.header(), header);
        const auto got = decode_bundle(damaged);
        if (!outer) {
            ASSERT_FALSE(got.ok());
            EXPECT_EQ(got.error(), BundleError::kEncoding) << i;
        } else if (!inner.ok() && inner.error() != proto::WireError::kUtf8) {
            ASSERT_FALSE(got.ok());
            EXPECT_EQ(got.error(), BundleError::kHeaderEncoding) << i;
        } else if (inner.ok() && !got.ok()) {
            EXPECT_NE(got.error(), BundleError::kEncoding) << i;
            EXPECT_NE(got.error(), BundleError::kHeaderEncoding) << i;
        }
    }
}

TEST(Bundle, MadeOnesAreSignedForTheirNetwork) {
    const auto key = *crypto::SigningKey::from_seed(crypto::Algorithm::kEd25519, Bytes(32, 'k'));
    NetworkId network;
    network.value.fill(7);
    const std::vector<Bytes> transactions = {"one", "two", "three"};
    const Bytes made = make_bundle(network, {"hospital", 2, 9, UnixMs{5}}, transactions, key);
    const auto got = decode_bundle(made);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->key_id, 2U);
    EXPECT_TRUE(crypto::verify(key.algorithm(), key.public_key(),
                               bundle_digest(network, got->header).view(), got->signature));
    EXPECT_FALSE(crypto::verify(key.algorithm(), key.public_key(),
                                bundle_digest(NetworkId{}, got->header).view(), got->signature));
    std::vector<Hash32> leaves;
    for (const Bytes& transaction : transactions)
        leaves.push_back(
            crypto::merkle_leaf_hash(transaction_id(network, "hospital", transaction).view()));
    EXPECT_EQ(got->transactions_root, crypto::merkle_root(leaves));
}

TEST(Hashes, AreTaggedHashesOfTheirParts) {
    NetworkId network;
    network.value.fill(1);
    const Bytes n = network.bytes();
    EXPECT_EQ(network_id("state").view(),
              crypto::tagged_hash("consilium/network/1", {"state"}).view());
    EXPECT_EQ(chain_id(network), "consilium-01010101010101010101010101010101");
    EXPECT_EQ(transaction_id(network, "m", "t").view(),
              crypto::tagged_hash("consilium/transaction/1", {n, "m", "t"}).view());
    EXPECT_EQ(personal_digest(network, "m", "b"),
              crypto::tagged_hash("consilium/personal/1", {n, "m", "b"}));
    EXPECT_EQ(bundle_digest(network, "h"), crypto::tagged_hash("consilium/bundle/1", {n, "h"}));
    EXPECT_EQ(bundle_id(network, "h").view(),
              crypto::tagged_hash("consilium/bundle-id/1", {n, "h"}).view());
    EXPECT_EQ(key_possession_digest(network, "m", "k"),
              crypto::tagged_hash("consilium/key-possession/1", {n, "m", "k"}));
    const Bytes one = *from_hex("00000001");
    EXPECT_EQ(outcome_leaf(TransactionId{}, 1, "o"),
              crypto::tagged_hash("consilium/outcome/1", {TransactionId{}.view(), one, "o"}));
    EXPECT_EQ(result_data(BundleId{}, 1, Hash32{}),
              crypto::tagged_hash("consilium/result/1", {BundleId{}.view(), one, Hash32{}.view()}));
}

TEST(Commitments, AreTaggedHashesOfTheirParts) {
    const ChartId chart;
    const LinkId link;
    EXPECT_EQ(document_commitment("s", "p"),
              crypto::tagged_hash("consilium/document/1", {"s", "p"}));
    EXPECT_EQ(link_slot_commitment("s", chart, link),
              crypto::tagged_hash("consilium/link-slot/1", {"s", chart.view(), link.view()}));
    EXPECT_EQ(record_list(chart), "c" + Bytes(16, '\0'));
    EXPECT_EQ(record_list("hospital"), Bytes("mhospital\0", 10));
    EXPECT_EQ(shared_record_commitment("s", record_list(chart), 7, 2),
              crypto::tagged_hash(
                  "consilium/shared-record/1",
                  {"s", record_list(chart), *from_hex("0000000000000007"), *from_hex("00000002")}));
}

}  // namespace
}  // namespace consilium::ledger
