// SPDX-License-Identifier: Apache-2.0
#include "verify/trust.hpp"

#include <gtest/gtest.h>

#include "consilium/v1/receipt.pb.h"
#include "crypto/hash.hpp"
#include "proto/canonical.hpp"
#include "verify/testing/chain.hpp"

namespace consilium::verify {
namespace {

using ledger::BlockIdFlag;
using ledger::Header;
using ledger::SignedHeader;
using testing::TestChain;

std::optional<VerifyError> refused(const SignedHeader& signed_header, const TestChain& chain) {
    const auto checked = check_signed_header(signed_header, chain.chain_id(), chain.validators(1));
    return checked ? std::nullopt : std::optional(checked.error());
}

template <typename T>
std::optional<VerifyError> error_of(const Result<T, VerifyError>& result) {
    return result ? std::nullopt : std::optional(result.error());
}

Bytes flipped(Bytes bytes, std::size_t bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    return bytes;
}

class SignedHeaderCheck : public ::testing::Test {
 protected:
    SignedHeaderCheck() { good_ = chain_.add_block(); }
    // The block with another header, signed again by everybody.
    SignedHeader resigned(void (*change)(Header&)) {
        Header header = good_.header;
        change(header);
        return TestChain::sign(header, chain_.validators(1), {0, 1, 2, 3});
    }
    TestChain chain_{{1, 1, 1, 1}};
    SignedHeader good_;
};

TEST_F(SignedHeaderCheck, AcceptsThreeOfFour) {
    EXPECT_EQ(refused(good_, chain_), std::nullopt);
    EXPECT_EQ(refused(chain_.sign(good_.header, {0, 1, 3}), chain_), std::nullopt);
}

TEST_F(SignedHeaderCheck, RefusesTwoOfFourAndNone) {
    EXPECT_EQ(refused(chain_.sign(good_.header, {0, 1}), chain_), VerifyError::kCommitPower);
    EXPECT_EQ(refused(chain_.sign(good_.header, {}), chain_), VerifyError::kCommitPower);
}

TEST(SignedHeaderPower, ExactlyTwoThirdsIsRefused) {
    for (const auto& powers :
         {std::vector<std::uint64_t>{1, 1, 1}, {100, 100, 100}, {2, 2, 1, 1}}) {
        TestChain chain(powers);
        const Header header = chain.add_block().header;
        EXPECT_EQ(refused(chain.sign(header, {0, 1}), chain), VerifyError::kCommitPower);
    }
    TestChain chain({100, 101, 100});
    const Header header = chain.add_block().header;
    // Places are in descending power: 101 + 100 of 301.
    EXPECT_EQ(refused(chain.sign(header, {0, 1}), chain), std::nullopt);
    EXPECT_EQ(refused(chain.sign(header, {1, 2}), chain), VerifyError::kCommitPower);
}

TEST_F(SignedHeaderCheck, VotesForNilAreCheckedButDoNotCount) {
    const auto with_nil = [&](std::vector<std::size_t> places) {
        SignedHeader out = chain_.sign(good_.header, places);
        ledger::CommitSig& vote = out.commit.signatures[3];
        vote = {BlockIdFlag::kNil, Bytes(chain_.validators(1).address(3)), {1, 0}, "x"};
        for (std::size_t i = 0; i < 4; ++i) {
            const auto key = testing::validator_key(i);
            if (key.public_key() == chain_.validators(1).at(3).public_key)
                vote.signature =
                    key.sign(ledger::vote_sign_bytes(chain_.chain_id(), out.commit, 3));
        }
        return out;
    };
    EXPECT_EQ(refused(with_nil({0, 1, 2}), chain_), std::nullopt);
    EXPECT_EQ(refused(with_nil({0, 1}), chain_), VerifyError::kCommitPower);
    SignedHeader bad = with_nil({0, 1, 2});
    bad.commit.signatures[3].signature[5] ^= 1;
    EXPECT_EQ(refused(bad, chain_), VerifyError::kCommitSignature);
}

// Even where the others pass two thirds: a receipt proves what it shows, or nothing.
TEST_F(SignedHeaderCheck, EveryWrongSignatureIsRefused) {
    for (std::size_t i = 0; i < 4; ++i) {
        SignedHeader bad = good_;
        bad.commit.signatures[i].signature[0] ^= 1;
        EXPECT_EQ(refused(bad, chain_), VerifyError::kCommitSignature);
        bad = good_;
        bad.commit.signatures[i].timestamp.nanos += 1;
        EXPECT_EQ(refused(bad, chain_), VerifyError::kCommitSignature);
        bad = good_;
        bad.commit.signatures[i].flag = BlockIdFlag::kNil;
        EXPECT_EQ(refused(bad, chain_), VerifyError::kCommitSignature);
    }
    SignedHeader bad = good_;
    bad.commit.block_id.parts.total += 1;
    EXPECT_EQ(refused(bad, chain_), VerifyError::kCommitSignature);
    bad = good_;
    bad.commit.round += 1;
    EXPECT_EQ(refused(bad, chain_), VerifyError::kCommitSignature);
}

TEST_F(SignedHeaderCheck, PlacesBelongToValidators) {
    SignedHeader bad = good_;
    std::swap(bad.commit.signatures[0], bad.commit.signatures[1]);
    EXPECT_EQ(refused(bad, chain_), VerifyError::kCommitAddress);
    bad = good_;
    bad.commit.signatures[2] = bad.commit.signatures[1];
    EXPECT_EQ(refused(bad, chain_), VerifyError::kCommitAddress);
    bad = good_;
    bad.commit.signatures.pop_back();
    EXPECT_EQ(refused(bad, chain_), VerifyError::kCommitSize);
    bad = good_;
    bad.commit.signatures.emplace_back();
    EXPECT_EQ(refused(bad, chain_), VerifyError::kCommitSize);
}

TEST_F(SignedHeaderCheck, AnAlteredHeaderIsNamed) {
    SignedHeader bad = good_;
    bad.header.app_hash[0] ^= 1;
    EXPECT_EQ(refused(bad, chain_), VerifyError::kHeaderAltered);
    bad = good_;
    bad.header.chain_id[0] ^= 1;
    EXPECT_EQ(refused(bad, chain_), VerifyError::kHeaderAltered);
    bad = good_;
    bad.commit.block_id.hash[0] ^= 1;
    EXPECT_EQ(refused(bad, chain_), VerifyError::kHeaderAltered);
}

TEST_F(SignedHeaderCheck, AnotherHeaderThatIsSignedIsRefused) {
    EXPECT_EQ(refused(resigned([](Header&) {}), chain_), std::nullopt);
    EXPECT_EQ(refused(resigned([](Header& h) { h.chain_id = "other"; }), chain_),
              VerifyError::kNetwork);
    EXPECT_EQ(refused(resigned([](Header& h) { h.version_block = 12; }), chain_),
              VerifyError::kHeaderFields);
    EXPECT_EQ(refused(resigned([](Header& h) { h.height = 0; }), chain_),
              VerifyError::kHeaderFields);
    EXPECT_EQ(refused(resigned([](Header& h) { h.proposer_address.clear(); }), chain_),
              VerifyError::kHeaderFields);
    EXPECT_EQ(refused(resigned([](Header& h) { h.validators_hash = Bytes(32, 'x'); }), chain_),
              VerifyError::kValidators);
    SignedHeader bad = good_;
    bad.commit.height += 1;
    EXPECT_EQ(refused(bad, chain_), VerifyError::kCommitHeight);
}

TEST(ReadGenesis, MakesTheNetworkOfItsBytes) {
    const TestChain chain({10, 20, 30});
    const auto genesis = read_genesis(chain.app_state());
    ASSERT_TRUE(genesis.ok());
    EXPECT_EQ(genesis->network_id, chain.network_id());
    EXPECT_EQ(genesis->chain_id, chain.chain_id());
    EXPECT_EQ(genesis->chain_id.size(), 42U);
    EXPECT_EQ(genesis->validators, chain.genesis().validators);
    EXPECT_EQ(genesis->time, chain.genesis().time);
    EXPECT_EQ(error_of(read_genesis(chain.app_state() + "x")), VerifyError::kGenesisEncoding);
    EXPECT_EQ(error_of(read_genesis({})), VerifyError::kGenesisEncoding);
}

// Three changes: one joins, one changes power and one leaves, one joins.
class TrustTest : public ::testing::Test {
 protected:
    TrustTest() {
        chain_.add_blocks(3);
        chain_.update_validators({{4, 10}});
        chain_.add_blocks(4);
        chain_.update_validators({{0, 0}, {1, 12}});
        chain_.add_blocks(4);
        chain_.update_validators({{5, 10}});
        chain_.add_blocks(4);
    }
    Result<Trust, VerifyError> make(const std::vector<Bytes>& checkpoints, BytesView history) {
        return Trust::make(chain_.genesis(), checkpoints, history);
    }
    TestChain chain_{{10, 10, 10, 10}};
};

TEST_F(TrustTest, FollowsTheChanges) {
    const auto trust = make({}, chain_.history());
    ASSERT_TRUE(trust.ok());
    ASSERT_EQ(trust->epochs().size(), 4U);
    for (Height height = 1; height <= chain_.height(); ++height) {
        const Epoch& epoch = trust->epoch_at(height);
        EXPECT_EQ(epoch.validators, chain_.validators(height)) << height;
        EXPECT_EQ(epoch.anchor.kind, TrustAnchorKind::kGenesis);
        const SignedHeader& block = chain_.block(height);
        EXPECT_TRUE(check_signed_header(block, chain_.chain_id(), epoch.validators).ok());
        EXPECT_TRUE(trust->check_known(block.header, ledger::header_hash(block.header)).ok());
    }
}

TEST_F(TrustTest, AnEmptyHistoryKnowsGenesisOnly) {
    const auto trust = make({}, {});
    ASSERT_TRUE(trust.ok());
    EXPECT_EQ(trust->epochs().size(), 1U);
    EXPECT_EQ(trust->epoch_at(1000).validators, chain_.validators(1));
}

TEST_F(TrustTest, EverySingleBitChangeOfAHistoryIsRefused) {
    TestChain chain({10, 10});
    chain.add_block();
    chain.update_validators({{0, 0}});
    chain.add_blocks(2);
    const Bytes history = chain.history();
    ASSERT_TRUE(Trust::make(chain.genesis(), {}, history).ok());
    for (std::size_t bit = 0; bit < history.size() * 8; ++bit)
        EXPECT_FALSE(Trust::make(chain.genesis(), {}, flipped(history, bit)).ok()) << bit;
}

TEST_F(TrustTest, AStepLeftOutBreaksTheChain) {
    std::vector<ValidatorStep> steps = chain_.steps();
    steps.erase(steps.begin() + 1);
    EXPECT_EQ(error_of(make({}, make_validator_history(steps))), VerifyError::kValidators);
    steps.erase(steps.begin());
    EXPECT_EQ(error_of(make({}, make_validator_history(steps))), VerifyError::kValidators);
}

TEST_F(TrustTest, StepsOutOfOrderAreRefused) {
    std::vector<ValidatorStep> steps = chain_.steps();
    std::swap(steps[0], steps[1]);
    EXPECT_FALSE(make({}, make_validator_history(steps)).ok());
    steps = chain_.steps();
    steps.insert(steps.begin(), steps.front());
    EXPECT_EQ(error_of(make({}, make_validator_history(steps))), VerifyError::kHistoryOrder);
}

TEST_F(TrustTest, AStepThatChangesNothingIsRefused) {
    const std::vector<ValidatorStep> steps = {{chain_.block(1), chain_.validators(1)}};
    EXPECT_EQ(error_of(make({}, make_validator_history(steps))), VerifyError::kHistoryNoChange);
}

TEST_F(TrustTest, TheSetShownMustBeTheOneNamed) {
    std::vector<ValidatorStep> steps = chain_.steps();
    steps[0].next_validators = chain_.validators(chain_.height());
    EXPECT_EQ(error_of(make({}, make_validator_history(steps))), VerifyError::kNextValidators);
}

// The new set cannot vote itself in: the old one must have signed.
TEST_F(TrustTest, OnlyTheOldSetCanNameTheNew) {
    const auto intruders =
        ledger::ValidatorSet::make({{testing::validator_key(50).public_key(), 1}});
    Header header = chain_.block(2).header;
    header.next_validators_hash = intruders->hash().bytes();
    const auto history_of = [&](const SignedHeader& signed_header) {
        return make_validator_history(std::vector<ValidatorStep>{{signed_header, *intruders}});
    };
    EXPECT_EQ(error_of(make({}, history_of(chain_.sign(header, {0, 1})))),
              VerifyError::kCommitPower);
    EXPECT_TRUE(make({}, history_of(chain_.sign(header, {0, 1, 2}))).ok());
    header.validators_hash = intruders->hash().bytes();
    EXPECT_EQ(error_of(make({}, history_of(TestChain::sign(header, *intruders, {0})))),
              VerifyError::kValidators);
}

TEST_F(TrustTest, TimesAscendWithHeights) {
    std::vector<ValidatorStep> steps = chain_.steps();
    Header header = steps[1].signed_header.header;
    header.time = steps[0].signed_header.header.time;
    steps[1].signed_header =
        TestChain::sign(header, chain_.validators(header.height), {0, 1, 2, 3, 4});
    EXPECT_EQ(error_of(make({}, make_validator_history(steps))), VerifyError::kHeaderTime);

    const auto trust = make({}, chain_.history());
    ASSERT_TRUE(trust.ok());
    Header late = chain_.block(2).header;
    late.time = steps[0].signed_header.header.time;
    EXPECT_EQ(error_of(trust->check_known(late, ledger::header_hash(late))),
              VerifyError::kHeaderTime);
    Header early = chain_.block(7).header;
    early.time = steps[0].signed_header.header.time;
    EXPECT_EQ(error_of(trust->check_known(early, ledger::header_hash(early))),
              VerifyError::kHeaderTime);
    early.height = 1;
    early.time = ledger::time_from_unix_ms({chain_.genesis().time.value - 1});
    EXPECT_EQ(error_of(trust->check_known(early, ledger::header_hash(early))),
              VerifyError::kHeaderTime);
}

TEST_F(TrustTest, ACheckpointIsAnAnchor) {
    const Height last = chain_.height();
    const auto trust = make({chain_.checkpoint(last)}, {});
    ASSERT_TRUE(trust.ok());
    EXPECT_EQ(trust->epoch_at(last).validators, chain_.validators(last));
    EXPECT_EQ(trust->epoch_at(last + 5).anchor.kind, TrustAnchorKind::kCheckpoint);
    EXPECT_EQ(trust->epoch_at(last + 5).anchor.height, last);
    EXPECT_EQ(trust->epoch_at(last + 5).anchor.time,
              ledger::unix_ms(chain_.block(last).header.time));
    EXPECT_EQ(trust->epoch_at(last - 1).anchor.kind, TrustAnchorKind::kGenesis);
}

TEST_F(TrustTest, CheckpointsAndHistoryGoTogetherAtEveryHeight) {
    for (Height height = 1; height <= chain_.height(); ++height) {
        const Bytes checkpoint = chain_.checkpoint(height);
        const auto trust =
            make({chain_.checkpoint(chain_.height()), checkpoint, checkpoint}, chain_.history());
        ASSERT_TRUE(trust.ok()) << height;
        for (Height each = 1; each <= chain_.height(); ++each) {
            EXPECT_EQ(trust->epoch_at(each).validators, chain_.validators(each));
            EXPECT_EQ(trust->epoch_at(each).anchor.kind,
                      each < height ? TrustAnchorKind::kGenesis : TrustAnchorKind::kCheckpoint);
        }
    }
}

TEST_F(TrustTest, EverySingleBitChangeOfACheckpointIsRefused) {
    TestChain chain({10, 10});
    chain.add_block();
    chain.update_validators({{0, 0}});
    chain.add_blocks(2);
    for (const Height height : {2U, 3U}) {
        const Bytes checkpoint = chain.checkpoint(height);
        ASSERT_TRUE(Trust::make(chain.genesis(), {checkpoint}, {}).ok());
        for (std::size_t bit = 0; bit < checkpoint.size() * 8; ++bit)
            EXPECT_FALSE(Trust::make(chain.genesis(), {flipped(checkpoint, bit)}, {}).ok()) << bit;
    }
}

TEST_F(TrustTest, AnotherHeaderAtAPinnedHeightIsRefused) {
    Header other = chain_.block(9).header;
    other.app_hash = Bytes(32, 'x');
    const SignedHeader forged = TestChain::sign(other, chain_.validators(9), {0, 1, 2, 3});
    const Bytes conflicting =
        make_checkpoint(forged, chain_.validators(9), chain_.next_validators(9));
    EXPECT_TRUE(make({conflicting}, chain_.history()).ok());
    EXPECT_EQ(error_of(make({chain_.checkpoint(9), conflicting}, chain_.history())),
              VerifyError::kCheckpointConflict);
    const auto trust = make({chain_.checkpoint(9)}, chain_.history());
    ASSERT_TRUE(trust.ok());
    EXPECT_EQ(error_of(trust->check_known(other, ledger::header_hash(other))),
              VerifyError::kCheckpointConflict);
}

TEST_F(TrustTest, ACheckpointOfOthersIsRefused) {
    TestChain other({10, 10, 10});
    other.add_blocks(2);
    EXPECT_EQ(error_of(make({other.checkpoint(2)}, {})), VerifyError::kNetwork);
    EXPECT_EQ(
        error_of(make(
            {make_checkpoint(chain_.block(2), chain_.validators(2), chain_.validators(9))}, {})),
        VerifyError::kNextValidators);
    EXPECT_EQ(error_of(make({"x"}, {})), VerifyError::kEncoding);
    EXPECT_EQ(error_of(make({}, "x")), VerifyError::kEncoding);
    v1::Checkpoint twice;
    ASSERT_TRUE(twice.ParseFromString(chain_.checkpoint(2)));
    twice.set_next_validators(twice.validators());
    EXPECT_EQ(error_of(make({proto::encode(twice)}, {})), VerifyError::kHistoryNoChange);
}

}  // namespace
}  // namespace consilium::verify
