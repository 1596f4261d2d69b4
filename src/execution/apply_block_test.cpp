// SPDX-License-Identifier: Apache-2.0
#include "execution/apply_block.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "base/limits.hpp"
#include "contracts/membership/tables.hpp"
#include "contracts/registry/registry.hpp"
#include "contracts/sdk/ledger_tables.hpp"
#include "execution/blocks_fixture.hpp"
#include "execution/validate_bundle.hpp"
#include "ledger/hashes.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"

namespace consilium::execution {
namespace {

TEST(ApplyBlock, ABundleGivesItsIdsOutcomesRootAndData) {
    World world;
    const std::vector<Bytes> transactions = {world.transaction({}, {anchor("a")}),
                                             world.transaction({}, {anchor("b")})};
    const auto block = world.apply({world.item("hospital", transactions)});
    const ItemOutput& item = block.items.at(0);
    ASSERT_EQ(item.code, ItemCode::kAccepted);
    EXPECT_EQ(item.member_id, "hospital");
    EXPECT_EQ(item.sequence, 1U);
    std::vector<Hash32> leaves;
    for (std::uint32_t i = 0; i < 2; ++i) {
        EXPECT_EQ(item.transaction_ids[i],
                  ledger::transaction_id(world.network, "hospital", transactions[i]));
        const auto outcome = ledger::decode_outcome(item.outcomes[i]);
        EXPECT_EQ(outcome->assigned, std::vector<std::uint64_t>{i + 1});
        leaves.push_back(ledger::outcome_leaf(item.transaction_ids[i], i, item.outcomes[i]));
    }
    EXPECT_EQ(item.outcome_root, ledger::outcome_root(leaves));
    EXPECT_EQ(item.data, ledger::result_data(item.bundle_id, 2, item.outcome_root).bytes());
    EXPECT_EQ(block.transactions_applied, 2U);
}

TEST(ApplyBlock, AnEmptyBlockChangesNothing) {
    World world;
    EXPECT_TRUE(world.apply({}).diff.empty());
}

TEST(ApplyBlock, WithoutGenesisThereIsNoBlock) {
    const MemoryView nothing;
    const auto block =
        apply_block(nothing, {1, UnixMs{1}, {}}, contracts::registry(), serial_for, nullptr);
    ASSERT_FALSE(block.ok());
    EXPECT_EQ(block.error(), BlockError::kNoGenesis);
}

TEST(ApplyBlock, AnUnknownProtocolVersionStops) {
    World world;
    v1::LedgerParameters parameters;
    parameters.set_protocol_version(2);
    parameters.set_network_id(world.network.bytes());
    world.state.apply(
        {{Bytes(contracts::sdk::parameters_key().view()), proto::encode(parameters)}});
    const auto block =
        apply_block(world.state, {1, UnixMs{1}, {}}, contracts::registry(), serial_for, nullptr);
    ASSERT_FALSE(block.ok());
    EXPECT_EQ(block.error(), BlockError::kUnknownProtocol);
}

// Refused by Process and in execution alike, on any state.
void expect_final(World& world, const Bytes& item, ItemCode code) {
    EXPECT_TRUE(is_final(code));
    EXPECT_EQ(*validate_bundle(world.state, contracts::registry(), item, nullptr), code);
    EXPECT_EQ(*check_bundle(world.state, contracts::registry(), item, world.time, nullptr), code);
    const auto block = world.apply({item});
    EXPECT_EQ(block.items[0].code, code);
    EXPECT_TRUE(block.items[0].outcomes.empty());
    EXPECT_TRUE(block.diff.empty());
}

// Passed by Process, refused by CheckTx and in execution.
void expect_stale(World& world, const Bytes& item, ItemCode code) {
    EXPECT_FALSE(is_final(code));
    EXPECT_EQ(*validate_bundle(world.state, contracts::registry(), item, nullptr),
              ItemCode::kAccepted);
    EXPECT_EQ(*check_bundle(world.state, contracts::registry(), item, world.time, nullptr), code);
    const auto block = world.apply({item});
    EXPECT_EQ(block.items[0].code, code);
    EXPECT_TRUE(block.items[0].outcomes.empty());
    EXPECT_TRUE(block.diff.empty());
}

TEST(ApplyBlock, WhatIsNoBundleIsRefusedForEver) {
    World world;
    expect_final(world, "", ItemCode::kUndecodable);
    expect_final(world, "junk", ItemCode::kUndecodable);
    expect_final(world, world.item("hospital", {}), ItemCode::kUndecodable);
    expect_final(world, world.item("hospital", {"junk"}), ItemCode::kUndecodable);
    const Bytes same = world.transaction({}, {anchor("a")});
    expect_final(world, world.item("hospital", {same, same}), ItemCode::kUndecodable);
    expect_final(world, Bytes(limits::kItemBytesMax + 1, 'x'), ItemCode::kTooLarge);
}

TEST(ApplyBlock, ATransactionOfTooManyCommandsMakesTheBundleTooLarge) {
    World world;
    const std::vector<v1::Command> most(limits::kCommandsPerTransactionMax, anchor("a"));
    EXPECT_TRUE(world.submit({}, most).applied());
    const std::vector<v1::Command> more(limits::kCommandsPerTransactionMax + 1, anchor("a"));
    expect_final(world, world.item("hospital", {world.transaction({}, more)}), ItemCode::kTooLarge);
}

TEST(ApplyBlock, ABundleTakesSoManyPersonalSignatures) {
    World world;
    std::vector<crypto::SigningKey> keys;
    for (std::size_t i = 0; i < limits::kPersonalSignaturesMax; ++i)
        keys.push_back(test_key("person " + std::to_string(i)));
    Sender sender;
    for (const auto& key : keys)
        sender.signers.push_back(&key);
    std::vector<Bytes> transactions;
    // Whether the signatures are asked for is judged in execution: it does not end the bundle.
    const std::size_t most =
        limits::kPersonalSignaturesPerBundleMax / limits::kPersonalSignaturesMax;
    for (std::size_t i = 0; i < most; ++i)
        transactions.push_back(world.transaction(sender, {anchor(std::to_string(i))}));
    EXPECT_EQ(world.code_of(world.item("hospital", transactions)), ItemCode::kAccepted);
    sender.signers.resize(1);
    transactions.push_back(world.transaction(sender, {anchor("one more")}));
    expect_final(world, world.item("hospital", transactions), ItemCode::kTooLarge);
}

TEST(ApplyBlock, OtherTransactionsThanSignedAreRefused) {
    World world;
    const Bytes first = world.item("hospital", {world.transaction({}, {anchor("a")})});
    v1::Item item;
    v1::Bundle bundle;
    ASSERT_TRUE(item.ParseFromString(first) && bundle.ParseFromString(item.bundle()));
    bundle.set_transactions(0, world.transaction({}, {anchor("b")}));
    expect_final(world, ledger::make_item(proto::encode(bundle)), ItemCode::kTransactionsRoot);
}

TEST(ApplyBlock, AnotherNetworksBundleIsRefused) {
    World world;
    World other;
    other.network = test_id<ledger::NetworkId>("another network");
    expect_final(world, other.item("hospital", {other.transaction({}, {anchor("a")})}),
                 ItemCode::kWrongSignature);
}

TEST(ApplyBlock, AnotherMembersSignatureIsRefused) {
    World world;
    Envelope envelope;
    envelope.key = &world.key("clinic");
    expect_final(world, world.item("hospital", {world.transaction({}, {anchor("a")})}, envelope),
                 ItemCode::kWrongSignature);
}

TEST(ApplyBlock, KeysThatWereNeverRegisteredAreRefused) {
    World world;
    Envelope envelope;
    envelope.key_id = 2;
    expect_final(world, world.item("hospital", {world.transaction({}, {anchor("a")})}, envelope),
                 ItemCode::kUnknownKey);
    Envelope stranger;
    stranger.key = &world.key("clinic");
    expect_final(world, world.item("stranger", {world.transaction({}, {anchor("a")})}, stranger),
                 ItemCode::kUnknownKey);
}

TEST(ApplyBlock, AnotherMembersTransactionIsAnothersNoMore) {
    // A transaction copied from the clinic is, in the hospital's bundle, one of an unknown user.
    World world;
    Sender clinic;
    clinic.member = "clinic";
    const Bytes copied = world.transaction(clinic, {anchor("a")});
    const auto block = world.apply({world.item("hospital", {copied})});
    expect_rejected(*ledger::decode_outcome(block.items[0].outcomes[0]), Rejection::kUserUnknown);
}

TEST(ApplyBlock, ABundleIsExecutedOnce) {
    World world;
    const Bytes item = world.item("hospital", {world.transaction({}, {anchor("a")})});
    EXPECT_EQ(world.code_of(item), ItemCode::kAccepted);
    expect_stale(world, item, ItemCode::kSequenceUsed);
    const Bytes twice = world.item("hospital", {world.transaction({}, {anchor("b")})});
    const auto block = world.apply({twice, twice});
    EXPECT_EQ(block.items[0].code, ItemCode::kAccepted);
    EXPECT_EQ(block.items[1].code, ItemCode::kSequenceUsed);
}

TEST(ApplyBlock, TheWindowReachesSoFar) {
    World world;
    const auto with = [&](std::uint64_t sequence) {
        Envelope envelope;
        envelope.sequence = sequence;
        return world.item("hospital", {world.transaction({}, {anchor("a")})}, envelope);
    };
    expect_stale(world, with(std::numeric_limits<std::uint64_t>::max()), ItemCode::kSequenceTooFar);
    expect_stale(world, with(limits::kReplayWindow + 1), ItemCode::kSequenceTooFar);
    EXPECT_EQ(world.code_of(with(limits::kReplayWindow)), ItemCode::kAccepted);
    EXPECT_EQ(world.code_of(with(1)), ItemCode::kAccepted);
    EXPECT_EQ(world.code_of(with(limits::kReplayWindow + 1)), ItemCode::kAccepted);
    expect_stale(world, with(1), ItemCode::kSequenceTooOld);
    EXPECT_EQ(world.code_of(with(2)), ItemCode::kAccepted);
}

TEST(ApplyBlock, ABundleExpires) {
    World world;
    Envelope envelope;
    envelope.not_after_ms = world.time.value + 1000;  // the time of the next block
    const auto made = [&] {
        return world.item("hospital", {world.transaction({}, {anchor("a")})}, envelope);
    };
    EXPECT_EQ(world.code_of(made()), ItemCode::kAccepted);
    world.time.value += 1;
    expect_stale(world, made(), ItemCode::kExpired);
}

TEST(ApplyBlock, ASuspendedMemberIsRefused) {
    World world;
    v1::Member row = World::genesis().members(2).member();
    row.set_status(v1::MEMBER_STATUS_SUSPENDED);
    world.state.apply(
        {{Bytes(contracts::membership::member_key("hospital").view()), proto::encode(row)}});
    expect_stale(world, world.item("hospital", {world.transaction({}, {anchor("a")})}),
                 ItemCode::kMemberNotActive);
}

TEST(ApplyBlock, AKeySignsFromTheNextBlock) {
    World world;
    const auto second = test_key("second");
    Envelope by_second;
    by_second.key_id = 2;
    by_second.key = &second;
    const Bytes registers = world.item(
        "hospital", {world.transaction(kAdministrator, {register_key(world, "hospital", second)})});
    const Bytes uses = world.item("hospital", {world.transaction({}, {anchor("a")})}, by_second);
    const auto block = world.apply({registers, uses});
    EXPECT_EQ(block.items[0].code, ItemCode::kAccepted);
    EXPECT_EQ(block.items[1].code, ItemCode::kUnknownKey);
    EXPECT_EQ(world.code_of(uses), ItemCode::kAccepted);
}

TEST(ApplyBlock, RetirementActsAtItsPlaceInTheBlock) {
    World world;
    const auto second = test_key("second");
    ASSERT_TRUE(world.submit(kAdministrator, {register_key(world, "hospital", second)}).applied());
    Envelope by_second;
    by_second.key_id = 2;
    by_second.key = &second;
    const auto anchors = [&](std::string_view name) {
        return world.item("hospital", {world.transaction({}, {anchor(name)})}, by_second);
    };
    const Bytes before = anchors("a");
    const Bytes retires =
        world.item("hospital", {world.transaction(kAdministrator, {retire_key(2)})});
    const Bytes after = anchors("b");
    const auto block = world.apply({before, retires, after});
    EXPECT_EQ(block.items[0].code, ItemCode::kAccepted);
    EXPECT_EQ(block.items[1].code, ItemCode::kAccepted);
    EXPECT_EQ(block.items[2].code, ItemCode::kKeyRetired);
    expect_stale(world, after, ItemCode::kKeyRetired);
}

TEST(ApplyBlock, AnExpiredKeyRegistersItsReplacementAndNothingElse) {
    World world;
    world.time.value += 366 * kDayMs;  // the key's year is over, and so are all users' days
    const auto second = test_key("second");
    const Bytes other = world.item("hospital", {world.transaction({}, {anchor("a")})});
    EXPECT_EQ(*check_bundle(world.state, contracts::registry(), other, world.time, nullptr),
              ItemCode::kKeyExpired);
    const Bytes mixed = world.item(
        "hospital",
        {world.transaction({}, {anchor("b")}),
         world.transaction(kAdministrator, {register_key(world, "hospital", second), anchor("c")}),
         world.transaction(kAdministrator, {register_key(world, "hospital", second)})});
    EXPECT_EQ(*check_bundle(world.state, contracts::registry(), mixed, world.time, nullptr),
              ItemCode::kAccepted);
    const auto block = world.apply({other, mixed});
    expect_rejected(*ledger::decode_outcome(block.items[0].outcomes[0]), Rejection::kKeyExpired);
    expect_rejected(*ledger::decode_outcome(block.items[1].outcomes[0]), Rejection::kKeyExpired);
    expect_rejected(*ledger::decode_outcome(block.items[1].outcomes[1]), Rejection::kKeyExpired);
    EXPECT_TRUE(ledger::decode_outcome(block.items[1].outcomes[2])->applied());
}

TEST(ApplyBlock, AnAdministratorWhoseDayHasPassedRegistersNewDays) {
    World world;
    world.time.value += 60 * kHourMs;
    v1::MembershipCommand users;
    auto& day = *users.mutable_register_users()->add_users();
    day.set_user(test_bytes("a new day", 16));
    day.set_role(v1::ROLE_SERVICE);
    day.set_valid_from_unix_ms(world.time.value);
    day.set_valid_until_unix_ms(world.time.value + kDayMs);
    expect_rejected(world.submit({}, {anchor("a")}), Rejection::kUserNotValidNow);
    expect_rejected(world.submit(kClerk, {command(users)}), Rejection::kUserNotValidNow);
    expect_rejected(world.submit(kAdministrator, {command(users), anchor("a")}),
                    Rejection::kUserNotValidNow);
    EXPECT_TRUE(world.submit(kAdministrator, {command(users)}).applied());
    Sender fresh;
    fresh.user = test_id<ledger::UserId>("a new day");
    EXPECT_TRUE(world.submit(fresh, {anchor("a")}).applied());
}

TEST(ApplyBlock, UsersAreJudged) {
    World world;
    Sender sender;
    sender.user = test_id<ledger::UserId>("nobody");
    expect_rejected(world.submit(sender, {anchor("a")}), Rejection::kUserUnknown);
    sender.user = World::user("clinic", v1::ROLE_SERVICE);
    expect_rejected(world.submit(sender, {anchor("a")}), Rejection::kUserUnknown);
    sender.user = World::user("hospital", v1::ROLE_CLERK);
    expect_rejected(world.submit(sender, {anchor("a")}), Rejection::kUserRole);

    v1::MembershipCommand revoke;
    revoke.mutable_revoke_users()->add_users(World::user("hospital", v1::ROLE_CLINICIAN).bytes());
    Sender clinician;
    clinician.role = v1::ROLE_CLINICIAN;
    EXPECT_TRUE(world.submit(clinician, {anchor("a")}).applied());
    EXPECT_TRUE(world.submit(kAdministrator, {command(revoke)}).applied());
    expect_rejected(world.submit(clinician, {anchor("b")}), Rejection::kUserRevoked);

    world.time.value = kGenesisMs - 2 * kHourMs;
    expect_rejected(world.submit({}, {anchor("a")}), Rejection::kUserNotValidNow);
}

TEST(ApplyBlock, TransactionsExpire) {
    World world;
    Sender sender;
    sender.not_after_ms = world.time.value + 1000;
    EXPECT_TRUE(world.submit(sender, {anchor("a")}).applied());
    sender.not_after_ms = world.time.value + 999;
    expect_rejected(world.submit(sender, {anchor("a")}), Rejection::kExpired);
}

TEST(ApplyBlock, AnUnknownContractRejects) {
    World world;
    v1::Command unknown = anchor("a");
    unknown.set_contract(200);
    expect_rejected(world.submit({}, {anchor("a"), unknown}), Rejection::kUnknownContract, 1);
    unknown.set_contract(1);  // the ledger itself takes no command
    expect_rejected(world.submit({}, {unknown}), Rejection::kUnknownContract);
}

TEST(ApplyBlock, ADiskThatFailsAtAnyReadFailsTheBlockAsAWhole) {
    World world;
    const auto patient = test_key("patient");
    const std::vector<Bytes> items = {
        world.item("hospital",
                   {world.transaction({}, {anchor("a")}),
                    world.transaction(kClerk, {open_link(test_bytes("l", 16), patient)})}),
        world.item("clinic", {world.transaction({}, {anchor("b")})})};
    const BlockInput block{1, UnixMs{kGenesisMs + 1000}, items};
    const std::uint64_t begun = world.state.reads();
    ASSERT_TRUE(apply_block(world.state, block, contracts::registry(), serial_for, nullptr).ok());
    const std::uint64_t reads = world.state.reads() - begun;
    for (std::uint64_t i = 0; i < reads; ++i) {
        world.state.fail_after(i, state::DiskError::kIo);
        const auto failed =
            apply_block(world.state, block, contracts::registry(), serial_for, nullptr);
        ASSERT_FALSE(failed.ok()) << i;
        EXPECT_EQ(failed.error(), BlockError::kDisk);
        world.state.mend();
    }
}

}  // namespace
}  // namespace consilium::execution
