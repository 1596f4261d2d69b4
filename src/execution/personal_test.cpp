// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "contracts/sdk/ledger_tables.hpp"
#include "execution/apply_block.hpp"
#include "execution/blocks_fixture.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"

// Bodies that a person signed.
namespace consilium::execution {
namespace {

class PersonalTest : public ::testing::Test {
 protected:
    PersonalTest() {
        signed_.member = "payer";
        signed_.role = v1::ROLE_CLERK;
        signed_.signers = {&patient_};
    }
    void open(std::string_view name, const crypto::SigningKey& key) {
        ASSERT_TRUE(world_.submit(kClerk, {open_link(test_bytes(name, 16), key)}).applied());
    }
    World world_;
    crypto::SigningKey patient_ = test_key("patient");
    Sender signed_;
    Bytes link_ = test_bytes("link", 16);
};

TEST_F(PersonalTest, ASignatureIsForOneMemberOnly) {
    open("link", patient_);
    const Bytes for_payer = world_.transaction(signed_, {close_link(link_, 1)});
    // The same bytes in another member's bundle: the signature is for the payer.
    Sender auditor = signed_;
    auditor.member = "auditor";
    auditor.user = World::user("auditor", v1::ROLE_CLERK);
    v1::Transaction taken;
    ASSERT_TRUE(taken.ParseFromString(for_payer));
    v1::Transaction own;
    Sender unsigned_one = auditor;
    unsigned_one.signers.clear();
    ASSERT_TRUE(own.ParseFromString(world_.transaction(unsigned_one, {close_link(link_, 1)})));
    *own.mutable_personal_signatures() = taken.personal_signatures();
    const auto block = world_.apply({world_.item("auditor", {proto::encode(own)})});
    expect_rejected(*ledger::decode_outcome(block.items[0].outcomes[0]),
                    Rejection::kPersonalSignature);
    const auto right = world_.apply({world_.item("payer", {for_payer})});
    EXPECT_TRUE(ledger::decode_outcome(right.items[0].outcomes[0])->applied());
}

TEST_F(PersonalTest, ABodyIsAppliedOnceAlsoUnderAnotherId) {
    open("link", patient_);
    const auto another = test_key("another");
    const v1::Body own = world_.body(signed_, {anchor("signed")});
    const crypto::SigningKey* one[] = {&patient_};
    const crypto::SigningKey* two[] = {&patient_, &another};
    const Bytes first = ledger::make_transaction(world_.network, "payer", own, one);
    const Bytes second = ledger::make_transaction(world_.network, "payer", own, two);
    const auto block = world_.apply({world_.item("payer", {first, second})});
    EXPECT_TRUE(ledger::decode_outcome(block.items[0].outcomes[0])->applied());
    expect_rejected(*ledger::decode_outcome(block.items[0].outcomes[1]),
                    Rejection::kPersonalReplayed);
    const auto later = world_.apply({world_.item("payer", {second})});
    expect_rejected(*ledger::decode_outcome(later.items[0].outcomes[0]),
                    Rejection::kPersonalReplayed);
}

TEST_F(PersonalTest, ASignatureIsGoodForADayAtMost) {
    open("link", patient_);
    signed_.not_after_ms = world_.time.value + 1000 + limits::kPersonalNotAfterMsMax + 1;
    expect_rejected(world_.submit(signed_, {close_link(link_, 1)}), Rejection::kPersonalNotAfter);
    signed_.not_after_ms = world_.time.value + 1000 + limits::kPersonalNotAfterMsMax;
    EXPECT_TRUE(world_.submit(signed_, {close_link(link_, 1)}).applied());
}

TEST_F(PersonalTest, AfterTheyChangedTheirMindTheOldSignatureIsOfNoUse) {
    open("link", patient_);
    const Bytes withheld = world_.transaction(signed_, {close_link(link_, 1)});
    // The custodian closes the link meanwhile: it is at version 2.
    ASSERT_TRUE(world_.submit(kClerk, {close_link(link_, 1)}).applied());
    const auto block = world_.apply({world_.item("payer", {withheld})});
    EXPECT_FALSE(ledger::decode_outcome(block.items[0].outcomes[0])->applied());
}

TEST_F(PersonalTest, ExpiredDigestsGoABoundedNumberPerBlock) {
    const std::size_t count = limits::kReplayDigestsRemovedPerBlock + 10;
    state::StateDiff rows;
    for (std::size_t i = 0; i < count; ++i) {
        const auto digest = test_id<Hash32>("digest " + std::to_string(i));
        rows[Bytes(contracts::sdk::replay_key(UnixMs{world_.time.value + 500}, digest).view())] =
            Bytes{};
    }
    const auto live = contracts::sdk::replay_key(UnixMs{world_.time.value + kHourMs}, Hash32{});
    rows[Bytes(live.view())] = Bytes{};
    world_.state.apply(rows);
    EXPECT_EQ(world_.apply({}).diff.size(), limits::kReplayDigestsRemovedPerBlock);
    EXPECT_EQ(world_.apply({}).diff.size(), 10U);
    EXPECT_TRUE(world_.apply({}).diff.empty());
    EXPECT_TRUE(world_.state.rows().contains(live.view()));
}

}  // namespace
}  // namespace consilium::execution
