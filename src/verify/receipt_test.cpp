// SPDX-License-Identifier: Apache-2.0
#include "verify/receipt.hpp"

#include <gtest/gtest.h>

#include <random>

#include "consilium/v1/receipt.pb.h"
#include "crypto/hash.hpp"
#include "ledger/hashes.hpp"
#include "proto/canonical.hpp"
#include "verify/testing/chain.hpp"
#include "verify/testing/tiny_state.hpp"

namespace consilium::verify {
namespace {

using testing::add_block_of_bundles;
using testing::outcome_receipt;
using testing::TestBlock;
using testing::TestChain;
using testing::TinyState;

constexpr Freshness kAnyTime{{1'900'000'000'000}, std::nullopt};

Bytes flipped(Bytes bytes, std::size_t bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    return bytes;
}

Trust trust_of(const TestChain& chain) {
    auto trust = Trust::make(chain.genesis(), {}, chain.history());
    return std::move(trust).value();
}

class OutcomeReceiptTest : public ::testing::Test {
 protected:
    OutcomeReceiptTest() : block_(add_block_of_bundles(chain_, {3, 1, 5, 8, 2})) {
        trust_.emplace(trust_of(chain_));
    }
    std::optional<VerifyError> refused(BytesView receipt) {
        const auto verified = verify_outcome_receipt(receipt, *trust_, kAnyTime, &cache_);
        return verified ? std::nullopt : std::optional(verified.error());
    }
    // The third bundle's second receipt with one thing changed.
    std::optional<VerifyError> refused_with(void (*change)(v1::OutcomeReceipt&)) {
        v1::Receipt receipt;
        EXPECT_TRUE(receipt.ParseFromString(outcome_receipt(chain_, block_, 2, 1)));
        change(*receipt.mutable_outcome());
        return refused(proto::encode(receipt));
    }
    TestChain chain_{{1, 1, 1, 1}};
    TestBlock block_;
    std::optional<Trust> trust_;
    HeaderCache cache_;
};

TEST_F(OutcomeReceiptTest, EveryReceiptOfABlockTellsItsFacts) {
    for (std::size_t b = 0; b < block_.bundles.size(); ++b) {
        const BundleOutcomes& bundle = block_.bundles[b];
        for (std::uint32_t i = 0; i < bundle.outcomes.size(); ++i) {
            const auto verified = verify_outcome_receipt(outcome_receipt(chain_, block_, b, i),
                                                         *trust_, kAnyTime, &cache_);
            ASSERT_TRUE(verified.ok()) << to_string(verified.error());
            EXPECT_EQ(verified->transaction_id, bundle.transaction_ids[i]);
            EXPECT_EQ(verified->transaction, block_.transactions[b][i]);
            EXPECT_EQ(verified->member_id, bundle.member_id);
            EXPECT_EQ(ledger::encode_outcome(verified->outcome), bundle.outcomes[i]);
            EXPECT_EQ(verified->bundle_id, bundle.bundle_id);
            EXPECT_EQ(verified->index, i);
            EXPECT_EQ(verified->count, bundle.outcomes.size());
            EXPECT_EQ(verified->height, block_.height);
            EXPECT_EQ(verified->header->header.height, block_.height + 1);
            EXPECT_EQ(verified->header->anchor.kind, TrustAnchorKind::kGenesis);
        }
    }
}

TEST_F(OutcomeReceiptTest, EverySingleBitChangeIsRefused) {
    for (const std::size_t bundle : {1U, 2U}) {
        const Bytes receipt = outcome_receipt(chain_, block_, bundle, 0);
        ASSERT_EQ(refused(receipt), std::nullopt);
        for (std::size_t bit = 0; bit < receipt.size() * 8; ++bit)
            ASSERT_NE(refused(flipped(receipt, bit)), std::nullopt) << bit;
    }
}

TEST_F(OutcomeReceiptTest, EveryTruncationAndExtensionIsRefused) {
    const Bytes receipt = outcome_receipt(chain_, block_, 2, 1);
    for (std::size_t size = 0; size < receipt.size(); ++size)
        EXPECT_NE(refused(BytesView(receipt).substr(0, size)), std::nullopt) << size;
    EXPECT_EQ(refused(receipt + '\0'), VerifyError::kEncoding);
    EXPECT_EQ(refused(receipt + receipt), VerifyError::kEncoding);
    EXPECT_EQ(refused({}), VerifyError::kKind);
}

TEST_F(OutcomeReceiptTest, RandomBitsOfALargeOne) {
    TestChain chain({1, 1, 1, 1, 1, 1, 1});
    const TestBlock block = add_block_of_bundles(chain, {4096, 1, 1});
    const Trust trust = trust_of(chain);
    const Bytes receipt = outcome_receipt(chain, block, 0, 4095);
    ASSERT_TRUE(verify_outcome_receipt(receipt, trust, kAnyTime).ok());
    std::mt19937_64 random(7);
    for (int i = 0; i < 500; ++i) {
        const std::size_t bit = random() % (receipt.size() * 8);
        EXPECT_FALSE(verify_outcome_receipt(flipped(receipt, bit), trust, kAnyTime).ok()) << bit;
    }
}

TEST_F(OutcomeReceiptTest, NamesWhatWasAltered) {
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt&) {}), std::nullopt);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { (*r.mutable_transaction())[0] ^= 1; }),
              VerifyError::kTransaction);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { (*r.mutable_transaction_id())[0] ^= 1; }),
              VerifyError::kTransaction);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { r.set_member_id("member-ab"); }),
              VerifyError::kTransaction);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { r.set_height(r.height() + 1); }),
              VerifyError::kHeight);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { r.set_height(r.height() - 1); }),
              VerifyError::kHeight);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { r.clear_outcome(); }),
              VerifyError::kOutcome);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { r.set_outcome("x"); }),
              VerifyError::kOutcomeEncoding);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { r.set_index(2); }), VerifyError::kOutcome);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { r.set_index(5); }), VerifyError::kOutcome);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { r.set_count(0); }), VerifyError::kOutcome);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { (*r.mutable_outcome_path(0))[0] ^= 1; }),
              VerifyError::kOutcome);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { r.mutable_outcome_path(0)->pop_back(); }),
              VerifyError::kOutcome);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { (*r.mutable_outcome_root())[0] ^= 1; }),
              VerifyError::kOutcome);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { (*r.mutable_bundle_id())[0] ^= 1; }),
              VerifyError::kResult);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { r.mutable_bundle_id()->pop_back(); }),
              VerifyError::kResult);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { r.set_result_left(r.result_left() ^ 1U); }),
              VerifyError::kResult);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { (*r.mutable_result_path(0))[0] ^= 1; }),
              VerifyError::kResult);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) {
                  for (int i = 0; i < 33; ++i)
                      r.add_result_path(Bytes(32, 'x'));
              }),
              VerifyError::kResult);
    EXPECT_EQ(refused_with([](v1::OutcomeReceipt& r) { r.clear_signed_header(); }),
              VerifyError::kSignedHeaderEncoding);
}

// The count is bound by the bundle's result, where the outcome tree alone would not bind it: the
// first of 5 and of 7 leaves have paths of one length.
TEST_F(OutcomeReceiptTest, TheCountIsBound) {
    v1::Receipt receipt;
    ASSERT_TRUE(receipt.ParseFromString(outcome_receipt(chain_, block_, 2, 0)));
    receipt.mutable_outcome()->set_count(7);
    EXPECT_EQ(refused(proto::encode(receipt)), VerifyError::kResult);
}

TEST_F(OutcomeReceiptTest, TransactionAndCountHaveLimits) {
    v1::Receipt receipt;
    ASSERT_TRUE(receipt.ParseFromString(outcome_receipt(chain_, block_, 2, 0)));
    receipt.mutable_outcome()->set_transaction(Bytes(limits::kTransactionBytesMax, 't'));
    EXPECT_EQ(refused(proto::encode(receipt)), VerifyError::kTransaction);
    receipt.mutable_outcome()->set_transaction(Bytes(limits::kTransactionBytesMax + 1, 't'));
    EXPECT_EQ(refused(proto::encode(receipt)), VerifyError::kTooLarge);
    TestChain chain({1});
    const TestBlock block = add_block_of_bundles(chain, {4097});
    const auto verified =
        verify_outcome_receipt(outcome_receipt(chain, block, 0, 0), trust_of(chain), kAnyTime);
    ASSERT_FALSE(verified.ok());
    EXPECT_EQ(verified.error(), VerifyError::kOutcome);
}

// An id that is right for a name that is none: nobody can have submitted it.
TEST_F(OutcomeReceiptTest, TheMemberMustBeOne) {
    v1::Receipt receipt;
    ASSERT_TRUE(receipt.ParseFromString(outcome_receipt(chain_, block_, 2, 0)));
    v1::OutcomeReceipt& outcome = *receipt.mutable_outcome();
    outcome.set_member_id("Not An Id");
    outcome.set_transaction_id(
        ledger::transaction_id(chain_.network_id(), outcome.member_id(), outcome.transaction())
            .bytes());
    EXPECT_EQ(refused(proto::encode(receipt)), VerifyError::kTransaction);
}

TEST_F(OutcomeReceiptTest, AnotherNetworksReceiptIsRefused) {
    TestChain other({1, 1, 1, 1}, {1'700'000'000'001});
    const TestBlock block = add_block_of_bundles(other, {1});
    EXPECT_EQ(refused(outcome_receipt(other, block, 0, 0)), VerifyError::kNetwork);
}

TEST_F(OutcomeReceiptTest, AgesAndClocks) {
    const Bytes receipt = outcome_receipt(chain_, block_, 0, 0);
    const std::uint64_t time = ledger::unix_ms(chain_.block(block_.height + 1).header.time).value;
    const auto at = [&](std::uint64_t now, std::optional<std::uint64_t> age_max) {
        const auto verified =
            verify_outcome_receipt(receipt, *trust_, Freshness{{now}, age_max}, &cache_);
        return verified ? std::nullopt : std::optional(verified.error());
    };
    EXPECT_EQ(at(time, 0), std::nullopt);
    EXPECT_EQ(at(time + 60'000, 60'000), std::nullopt);
    EXPECT_EQ(at(time + 60'001, 60'000), VerifyError::kTooOld);
    EXPECT_EQ(at(time + 60'001, std::nullopt), std::nullopt);
    EXPECT_EQ(at(time - kClockDriftMs, std::nullopt), std::nullopt);
    EXPECT_EQ(at(time - kClockDriftMs - 1, std::nullopt), VerifyError::kFromFuture);
    EXPECT_EQ(at(0, std::nullopt), VerifyError::kFromFuture);
}

TEST_F(OutcomeReceiptTest, TheCacheChangesNoVerdict) {
    const Bytes good = outcome_receipt(chain_, block_, 2, 1);
    v1::Receipt receipt;
    ASSERT_TRUE(receipt.ParseFromString(good));
    Bytes& header = *receipt.mutable_outcome()->mutable_signed_header();
    header.back() = static_cast<char>(header.back() ^ 1);
    const Bytes bad = proto::encode(receipt);
    const auto expected = verify_outcome_receipt(bad, *trust_, kAnyTime, nullptr);
    ASSERT_FALSE(expected.ok());
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(refused(good), std::nullopt);
        EXPECT_EQ(refused(bad), expected.error());
    }
}

TEST(HeaderCacheTest, IsBounded) {
    HeaderCache cache;
    const auto key = [](std::size_t i) { return crypto::sha256(std::to_string(i)); };
    const auto header = std::make_shared<const VerifiedHeader>();
    for (std::size_t i = 0; i < HeaderCache::kHeadersMax; ++i)
        cache.insert(key(i), header);
    EXPECT_NE(cache.find(key(0)), nullptr);
    cache.insert(key(HeaderCache::kHeadersMax), header);
    EXPECT_EQ(cache.find(key(0)), nullptr);
    EXPECT_NE(cache.find(key(HeaderCache::kHeadersMax)), nullptr);
}

class StateReceiptTest : public ::testing::Test {
 protected:
    StateReceiptTest() {
        chain_.add_blocks(2);
        for (int i = 0; i < 4; ++i)
            chain_.add_block(TinyState::root(), crypto::sha256("no results"));
        chain_.add_block();
        trust_.emplace(trust_of(chain_));
    }
    static Bytes proof(std::optional<Height> as_of) { return TinyState::present(as_of); }
    // Shows the state after block `state`, as of block `as_of`, with the headers of block `moment`.
    Bytes receipt(Height state, std::optional<Height> as_of = std::nullopt,
                  std::optional<Height> moment = std::nullopt) const {
        std::optional<AsOfHeaders> headers;
        if (moment) headers = AsOfHeaders{chain_.block(*moment), chain_.block(*moment + 1)};
        return make_state_receipt(chain_.block(state + 1), proof(as_of), headers);
    }
    std::optional<Refusal> refused(BytesView bytes) const {
        const auto verified = verify_state_receipt(bytes, *trust_, kAnyTime, &cache_);
        return verified ? std::nullopt : std::optional(verified.error());
    }
    TestChain chain_{{1}};
    mutable HeaderCache cache_;
    std::optional<Trust> trust_;
};

TEST_F(StateReceiptTest, TellsTheStateNow) {
    const auto verified = verify_state_receipt(receipt(5), *trust_, kAnyTime);
    ASSERT_TRUE(verified.ok()) << to_string(verified.error());
    EXPECT_EQ(verified->height, 5U);
    EXPECT_EQ(verified->as_of, std::nullopt);
    ASSERT_EQ(verified->proven.rows.size(), 1U);
    EXPECT_EQ(verified->proven.rows[0], (std::pair<Bytes, Bytes>("k", "v")));
    EXPECT_EQ(verified->header->time, ledger::unix_ms(chain_.block(6).header.time));
}

TEST_F(StateReceiptTest, TellsAbsenceAndLists) {
    const auto absent = verify_state_receipt(
        make_state_receipt(chain_.block(6), TinyState::absent(std::nullopt), std::nullopt), *trust_,
        kAnyTime);
    ASSERT_TRUE(absent.ok()) << to_string(absent.error());
    EXPECT_EQ(absent->proven.question.subject, "a");
    EXPECT_TRUE(absent->proven.rows.empty());
    const auto list = verify_state_receipt(
        make_state_receipt(chain_.block(6), TinyState::all(std::nullopt), std::nullopt), *trust_,
        kAnyTime);
    ASSERT_TRUE(list.ok()) << to_string(list.error());
    EXPECT_EQ(list->proven.rows.size(), 1U);
}

TEST_F(StateReceiptTest, TellsTheStateAsOfAMoment) {
    const auto verified = verify_state_receipt(receipt(5, 3, 3), *trust_, kAnyTime);
    ASSERT_TRUE(verified.ok()) << to_string(verified.error());
    ASSERT_TRUE(verified->as_of.has_value());
    EXPECT_EQ(verified->as_of->height, 3U);
    const UnixMs from = ledger::unix_ms(chain_.block(3).header.time);
    const UnixMs until = ledger::unix_ms(chain_.block(4).header.time);
    EXPECT_TRUE(verified->as_of->covers(from));
    EXPECT_FALSE(verified->as_of->covers({from.value - 1}));
    EXPECT_TRUE(verified->as_of->covers({until.value - 1}));
    EXPECT_FALSE(verified->as_of->covers(until));
    // The newest state, as of itself.
    EXPECT_TRUE(verify_state_receipt(receipt(5, 5, 5), *trust_, kAnyTime).ok());
}

// Who holds the keys of validators long gone can sign a header below the pinned checkpoint: the
// state as of height 3 stays what it was, but when that was is that signer's word.
TEST_F(StateReceiptTest, AMomentBelowTheCheckpointRestsOnWhatIsBelowIt) {
    const auto pinned = Trust::make(chain_.genesis(), {chain_.checkpoint(5)}, {});
    ASSERT_TRUE(pinned.ok());
    const auto now = verify_state_receipt(receipt(5), *pinned, kAnyTime);
    ASSERT_TRUE(now.ok());
    EXPECT_EQ(now->anchor.kind, TrustAnchorKind::kCheckpoint);
    const auto below = verify_state_receipt(receipt(5, 3, 3), *pinned, kAnyTime);
    ASSERT_TRUE(below.ok());
    EXPECT_EQ(below->header->anchor.kind, TrustAnchorKind::kCheckpoint);
    EXPECT_EQ(below->anchor.kind, TrustAnchorKind::kGenesis);
    const auto across = verify_state_receipt(receipt(5, 4, 4), *pinned, kAnyTime);
    ASSERT_TRUE(across.ok());
    EXPECT_EQ(across->anchor.kind, TrustAnchorKind::kGenesis);
    const auto above = verify_state_receipt(receipt(5, 5, 5), *pinned, kAnyTime);
    ASSERT_TRUE(above.ok());
    EXPECT_EQ(above->anchor.height, 5U);
}

TEST_F(StateReceiptTest, TimesOfAMomentFitTheHeaderOfTheStateShown) {
    const auto later = [&](Height height, std::int64_t seconds) {
        ledger::Header header = chain_.block(height).header;
        header.time.seconds += seconds;
        return chain_.sign(header, {0});
    };
    const auto refused_as = [&](const ledger::SignedHeader& first,
                                const ledger::SignedHeader& next) {
        return refused(make_state_receipt(chain_.block(6), proof(3), AsOfHeaders{first, next}));
    };
    EXPECT_EQ(refused_as(chain_.block(3), later(4, 2)), std::nullopt);
    EXPECT_EQ(refused_as(chain_.block(3), later(4, 3))->error, VerifyError::kHeaderTime);
    EXPECT_EQ(refused_as(later(3, 1), chain_.block(4)), std::nullopt);
    EXPECT_EQ(refused_as(later(3, 2), chain_.block(4))->error, VerifyError::kHeaderTime);
    EXPECT_EQ(refused_as(later(3, 900), later(4, 900))->error, VerifyError::kHeaderTime);
}

TEST_F(StateReceiptTest, EverySingleBitChangeIsRefused) {
    for (const Bytes& bytes : {receipt(5), receipt(5, 3, 3)}) {
        ASSERT_EQ(refused(bytes), std::nullopt);
        for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit)
            ASSERT_NE(refused(flipped(bytes, bit)), std::nullopt) << bit;
    }
}

TEST_F(StateReceiptTest, MomentsMustBeThoseOfTheProof) {
    EXPECT_EQ(refused(receipt(5, 3))->error, VerifyError::kAsOfMissing);
    EXPECT_EQ(refused(receipt(5, std::nullopt, 3))->error, VerifyError::kAsOfMissing);
    EXPECT_EQ(refused(receipt(5, 3, 4))->error, VerifyError::kAsOfHeight);
    EXPECT_EQ(refused(receipt(5, 3, 2))->error, VerifyError::kAsOfHeight);
    const AsOfHeaders not_neighbours{chain_.block(3), chain_.block(5)};
    EXPECT_EQ(refused(make_state_receipt(chain_.block(6), proof(3), not_neighbours))->error,
              VerifyError::kAsOfHeight);
    AsOfHeaders forged{chain_.block(3), chain_.block(4)};
    forged.next.header.time.seconds += 1;
    EXPECT_EQ(refused(make_state_receipt(chain_.block(6), proof(3), forged))->error,
              VerifyError::kHeaderAltered);
    forged = {chain_.block(3), chain_.block(4)};
    forged.header.commit.signatures[0].signature[0] ^= 1;
    EXPECT_EQ(refused(make_state_receipt(chain_.block(6), proof(3), forged))->error,
              VerifyError::kCommitSignature);
}

TEST_F(StateReceiptTest, AProofAgainstAnotherRootIsNamed) {
    EXPECT_EQ(refused(receipt(1))->state_proof, StateProofError::kStateHeight);
    const auto refusal = refused(receipt(6));  // header 7 holds another root
    ASSERT_TRUE(refusal.has_value());
    EXPECT_EQ(refusal->error, VerifyError::kStateProof);
    EXPECT_EQ(refusal->state_proof, StateProofError::kRoot);
    EXPECT_NE(to_string(*refusal).find(": "), std::string::npos);
    // As of a moment above the state shown.
    EXPECT_EQ(refused(receipt(3, 4, 4))->state_proof, StateProofError::kAsOfAboveState);
}

TEST_F(StateReceiptTest, AnAppHashOfAnotherLengthIsRefused) {
    ledger::Header header = chain_.block(6).header;
    header.app_hash.pop_back();
    const auto signed_header = chain_.sign(header, {0});
    EXPECT_EQ(refused(make_state_receipt(signed_header, proof(std::nullopt), std::nullopt))->error,
              VerifyError::kHeaderFields);
}

TEST_F(StateReceiptTest, KindsAreNotMixedUp) {
    const auto as_outcome = verify_outcome_receipt(receipt(5), *trust_, kAnyTime);
    ASSERT_FALSE(as_outcome.ok());
    EXPECT_EQ(as_outcome.error(), VerifyError::kKind);
    const TestBlock block = add_block_of_bundles(chain_, {1});
    const Bytes outcome = outcome_receipt(chain_, block, 0, 0);
    EXPECT_EQ(refused(outcome)->error, VerifyError::kKind);

    const auto either = verify_receipt(outcome, *trust_, kAnyTime);
    ASSERT_TRUE(either.ok());
    EXPECT_TRUE(std::holds_alternative<VerifiedOutcome>(*either));
    const auto state = verify_receipt(receipt(5), *trust_, kAnyTime);
    ASSERT_TRUE(state.ok());
    EXPECT_TRUE(std::holds_alternative<VerifiedState>(*state));
    EXPECT_FALSE(verify_receipt({}, *trust_, kAnyTime).ok());
    EXPECT_FALSE(verify_receipt("x", *trust_, kAnyTime).ok());
}

// Receipts on both sides of three changes of validators, with history, and from a checkpoint.
TEST(ReceiptsAcrossChanges, VerifyWithHistoryAndNotWithout) {
    TestChain chain({10, 10, 10, 10});
    std::vector<Bytes> receipts;
    for (std::size_t change = 0; change < 4; ++change) {
        const TestBlock block = add_block_of_bundles(chain, {2});
        receipts.push_back(outcome_receipt(chain, block, 0, 1));
        chain.update_validators({{4 + change, 10}, {change, 0}});
        chain.add_blocks(2);
    }
    const Trust whole = trust_of(chain);
    for (const Bytes& receipt : receipts)
        EXPECT_TRUE(verify_outcome_receipt(receipt, whole, kAnyTime).ok());

    const auto genesis_only = Trust::make(chain.genesis(), {}, {});
    EXPECT_TRUE(verify_outcome_receipt(receipts[0], *genesis_only, kAnyTime).ok());
    const auto refused = verify_outcome_receipt(receipts[3], *genesis_only, kAnyTime);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error(), VerifyError::kValidators);

    const auto pinned = Trust::make(chain.genesis(), {chain.checkpoint(chain.height() - 4)}, {});
    const auto verified = verify_outcome_receipt(receipts[3], *pinned, kAnyTime);
    ASSERT_TRUE(verified.ok());
    EXPECT_EQ(verified->header->anchor.kind, TrustAnchorKind::kCheckpoint);
}

}  // namespace
}  // namespace consilium::verify
