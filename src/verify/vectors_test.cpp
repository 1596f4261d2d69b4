// SPDX-License-Identifier: Apache-2.0
// Golden receipts, good and bad, with their verdicts, for every other implementation of
// docs/formats/receipt.md: tests/vectors/receipts/. This test makes them anew and compares; with
// CONSILIUM_WRITE_VECTORS set it writes them. Published vectors change only by additions.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

#include "base/hex.hpp"
#include "consilium/v1/receipt.pb.h"
#include "crypto/testing/torsion.hpp"
#include "ledger/outcome.hpp"
#include "proto/canonical.hpp"
#include "verify/receipt.hpp"
#include "verify/testing/chain.hpp"
#include "verify/testing/tiny_state.hpp"

namespace consilium::verify {
namespace {

using ledger::SignedHeader;
using testing::add_block_of_bundles;
using testing::outcome_receipt;
using testing::TestBlock;
using testing::TestChain;
using testing::TinyState;

constexpr std::uint64_t kNow = 1'700'001'000'000;

struct Case {
    std::string name;
    Bytes receipt;  // empty: the case is about trust alone
    Bytes history;
    std::vector<Bytes> checkpoints;
    std::uint64_t now = kNow;
    std::optional<std::uint64_t> age_ms_max;
};

std::string json_text(std::string_view text) {
    return '"' + std::string(text) + '"';
}

std::string facts_of(const HeaderRef& header, const TrustAnchor& anchor) {
    const bool pinned = anchor.kind == TrustAnchorKind::kCheckpoint;
    return "\"header_height\": " + std::to_string(header->header.height) +
           ", \"header_hash\": " + json_text(to_hex(header->hash.view())) +
           ", \"time_unix_ms\": " + std::to_string(header->time.value) +
           ", \"anchor\": " + (pinned ? "\"checkpoint\"" : "\"genesis\"") +
           ", \"anchor_height\": " + std::to_string(anchor.height);
}

std::string facts_of(const VerifiedOutcome& outcome) {
    return "{\"transaction_id\": " + json_text(to_hex(outcome.transaction_id.view())) +
           ", \"member_id\": " + json_text(outcome.member_id) +
           ", \"outcome\": " + json_text(to_hex(ledger::encode_outcome(outcome.outcome))) +
           ", \"height\": " + std::to_string(outcome.height) +
           ", \"bundle_id\": " + json_text(to_hex(outcome.bundle_id.view())) +
           ", \"index\": " + std::to_string(outcome.index) +
           ", \"count\": " + std::to_string(outcome.count) + ", " +
           facts_of(outcome.header, outcome.header->anchor) + "}";
}

std::string facts_of(const VerifiedState& state) {
    std::string rows;
    for (const auto& [key, value] : state.proven.rows) {
        rows += (rows.empty() ? "[" : ", [") + json_text(to_hex(key)) + ", " +
                json_text(to_hex(value)) + "]";
    }
    std::string out = "{\"height\": " + std::to_string(state.height) +
                      ", \"subject\": " + json_text(to_hex(state.proven.question.subject)) +
                      ", \"rows\": [" + rows + "]";
    if (state.as_of) {
        out += ", \"as_of_height\": " + std::to_string(state.as_of->height) +
               ", \"from_unix_ms\": " + std::to_string(state.as_of->from.value) +
               ", \"until_unix_ms\": " + std::to_string(state.as_of->until.value);
    }
    return out + ", " + facts_of(state.header, state.anchor) + "}";
}

// One line of JSON: the input and what this implementation makes of it.
std::string line_of(const Case& each, const TestChain& chain, BytesView history) {
    std::string pinned;
    for (const Bytes& checkpoint : each.checkpoints)
        pinned += (pinned.empty() ? "" : ", ") + json_text(to_hex(checkpoint));
    std::string verdict = "ok";
    std::string facts;
    const auto trust =
        Trust::make(*read_genesis(chain.app_state()), each.checkpoints, each.history);
    if (!trust) {
        verdict = name_of(trust.error());
    } else if (!each.receipt.empty()) {
        const auto verified =
            verify_receipt(each.receipt, *trust, Freshness{{each.now}, each.age_ms_max});
        if (!verified) {
            verdict = name_of(verified.error().error);
        } else if (const auto* outcome = std::get_if<VerifiedOutcome>(&*verified)) {
            facts = facts_of(*outcome);
        } else {
            facts = facts_of(std::get<VerifiedState>(*verified));
        }
    }
    return "{\"name\": " + json_text(each.name) + ", \"verdict\": " + json_text(verdict) +
           ", \"now_unix_ms\": " + std::to_string(each.now) +
           (each.age_ms_max ? ", \"age_ms_max\": " + std::to_string(*each.age_ms_max) : "") +
           ", \"checkpoints\": [" + pinned + "]" +
           (each.history == history ? "" : ", \"history\": " + json_text(to_hex(each.history))) +
           ", \"receipt\": " + json_text(to_hex(each.receipt)) +
           (facts.empty() ? "" : ", \"facts\": " + facts) + "}";
}

class Vectors : public ::testing::Test {
 protected:
    Vectors() {
        block_ = add_block_of_bundles(chain_, {3, 1, 5});
        chain_.update_validators({{4, 10}});
        chain_.add_block(TinyState::root(), crypto::sha256("none"));
        chain_.add_block(TinyState::root(), crypto::sha256("none"));
        chain_.update_validators({{0, 0}, {1, 12}});
        chain_.add_block(TinyState::root(), crypto::sha256("none"));
        chain_.add_block(TinyState::root(), crypto::sha256("none"));
        chain_.update_validators({{5, 200}});
        chain_.add_block(TinyState::root(), crypto::sha256("none"));
        chain_.add_blocks(2);
        late_ = add_block_of_bundles(chain_, {2});
        history_ = chain_.history();
    }

    void add(std::string name, Bytes receipt) {
        cases_.push_back({std::move(name), std::move(receipt), history_, {}, kNow, std::nullopt});
    }
    // The receipt of the third bundle's second transaction with one thing changed.
    void altered(std::string name, const std::function<void(v1::OutcomeReceipt&)>& change) {
        v1::Receipt receipt;
        ASSERT_TRUE(receipt.ParseFromString(outcome_receipt(chain_, block_, 2, 1)));
        change(*receipt.mutable_outcome());
        add(std::move(name), proto::encode(receipt));
    }
    // The same with another signed header.
    void with_header(std::string name, const std::function<void(SignedHeader&)>& change) {
        altered(std::move(name), [&](v1::OutcomeReceipt& receipt) {
            auto signed_header = *ledger::decode_signed_header(receipt.signed_header());
            change(signed_header);
            receipt.set_signed_header(ledger::encode_signed_header(signed_header));
        });
    }
    // The receipt's header with another field, signed again by everybody.
    void resigned(std::string name, const std::function<void(ledger::Header&)>& change) {
        const ledger::ValidatorSet& set = chain_.validators(block_.height + 1);
        with_header(std::move(name), [&](SignedHeader& signed_header) {
            change(signed_header.header);
            signed_header = TestChain::sign(signed_header.header, set, {0, 1, 2});
        });
    }
    Bytes state_receipt(Height state, std::optional<Height> as_of, std::optional<Height> moment) {
        std::optional<AsOfHeaders> headers;
        if (moment) headers = AsOfHeaders{chain_.block(*moment), chain_.block(*moment + 1)};
        return make_state_receipt(chain_.block(state + 1), TinyState::present(as_of), headers);
    }

    void compare(const std::string& file) {
        std::string text = "{\"app_state\": " + json_text(to_hex(chain_.app_state())) +
                           ",\n \"network_id\": " + json_text(to_hex(chain_.network_id().view())) +
                           ",\n \"chain_id\": " + json_text(chain_.chain_id()) +
                           ",\n \"history\": " + json_text(to_hex(history_)) + ",\n \"cases\": [\n";
        for (std::size_t i = 0; i < cases_.size(); ++i)
            text += line_of(cases_[i], chain_, history_) + (i + 1 < cases_.size() ? ",\n" : "\n");
        text += "]}\n";
        const std::string path = CONSILIUM_SOURCE_DIR "/tests/vectors/receipts/" + file;
        if (std::getenv("CONSILIUM_WRITE_VECTORS") != nullptr) std::ofstream(path) << text;
        std::ifstream stored(path);
        std::stringstream content;
        content << stored.rdbuf();
        EXPECT_EQ(content.str() == text, true) << path << " differs from what is made";
    }

    TestChain chain_{{10, 10, 10, 10}};
    TestBlock block_;
    TestBlock late_;
    Bytes history_;
    std::vector<Case> cases_;
};

TEST_F(Vectors, Outcomes) {
    for (std::size_t b = 0; b < block_.bundles.size(); ++b) {
        for (std::uint32_t i = 0; i < block_.bundles[b].outcomes.size(); ++i) {
            add("bundle " + std::to_string(b) + " transaction " + std::to_string(i),
                outcome_receipt(chain_, block_, b, i));
        }
    }
    add("three changes of validators later", outcome_receipt(chain_, late_, 0, 1));
    cases_.push_back({"from a pinned checkpoint without history",
                      outcome_receipt(chain_, late_, 0, 1),
                      {},
                      {chain_.checkpoint(chain_.height() - 2)},
                      kNow,
                      std::nullopt});
    cases_.push_back(
        {"history too short", outcome_receipt(chain_, late_, 0, 1), {}, {}, kNow, std::nullopt});
    const std::uint64_t time = ledger::unix_ms(chain_.block(block_.height + 1).header.time).value;
    const Bytes good = outcome_receipt(chain_, block_, 0, 0);
    cases_.push_back({"just young enough", good, history_, {}, time + 5000, 5000});
    cases_.push_back({"too old", good, history_, {}, time + 5001, 5000});
    cases_.push_back({"clock 10 s behind", good, history_, {}, time - 10'000, std::nullopt});
    cases_.push_back({"from the future", good, history_, {}, time - 10'001, std::nullopt});

    altered("transaction altered", [](auto& r) { (*r.mutable_transaction())[3] ^= 1; });
    altered("transaction id altered", [](auto& r) { (*r.mutable_transaction_id())[3] ^= 1; });
    altered("another member", [](auto& r) { r.set_member_id("member-ab"); });
    altered("height one more", [](auto& r) { r.set_height(r.height() + 1); });
    altered("outcome removed", [](auto& r) { r.clear_outcome(); });
    altered("outcome of another",
            [this](auto& r) { r.set_outcome(block_.bundles[0].outcomes[2]); });
    altered("outcome that is none", [](auto& r) { r.set_outcome("x"); });
    altered("index one more", [](auto& r) { r.set_index(r.index() + 1); });
    altered("index at count", [](auto& r) { r.set_index(r.count()); });
    altered("count 7 with a path of the same shape", [](auto& r) { r.set_count(7); });
    altered("outcome path altered", [](auto& r) { (*r.mutable_outcome_path(1))[31] ^= 1; });
    altered("outcome path longer", [](auto& r) { r.add_outcome_path(Bytes(32, 'x')); });
    altered("outcome path shorter", [](auto& r) { r.mutable_outcome_path()->RemoveLast(); });
    altered("outcome root altered", [](auto& r) { (*r.mutable_outcome_root())[0] ^= 1; });
    altered("bundle id altered", [](auto& r) { (*r.mutable_bundle_id())[0] ^= 1; });
    altered("bundle id short", [](auto& r) { r.mutable_bundle_id()->pop_back(); });
    altered("result path altered", [](auto& r) { (*r.mutable_result_path(0))[0] ^= 1; });
    altered("result side altered", [](auto& r) { r.set_result_left(r.result_left() ^ 1U); });
    altered("result side beyond the path",
            [](auto& r) { r.set_result_left(r.result_left() | 8U); });
    altered("no signed header", [](auto& r) { r.clear_signed_header(); });
    add("trailing byte", good + "x");
    add("cut", good.substr(0, good.size() - 1));
    Bytes flipped = good;
    flipped[flipped.size() / 2] ^= 4;
    add("a bit in the middle", flipped);
    TestChain other({10, 10, 10, 10}, {1'700'000'000'001});
    const TestBlock foreign = add_block_of_bundles(other, {1});
    add("another network", outcome_receipt(other, foreign, 0, 0));
    compare("outcomes.json");
}

TEST_F(Vectors, Signatures) {
    const Height above = block_.height + 1;
    const ledger::ValidatorSet& set = chain_.validators(above);
    const auto signed_by = [&](std::vector<std::size_t> places) {
        return [&set, places](SignedHeader& s) { s = TestChain::sign(s.header, set, places); };
    };
    with_header("three of four", signed_by({0, 2, 3}));
    with_header("all four", signed_by({0, 1, 2, 3}));
    with_header("two of four", signed_by({1, 2}));
    with_header("nobody", signed_by({}));
    with_header("the fourth signature wrong", [&](SignedHeader& s) {
        s = TestChain::sign(s.header, set, {0, 1, 2, 3});
        s.commit.signatures[3].signature[40] ^= 1;
    });
    with_header("signature altered",
                [](SignedHeader& s) { s.commit.signatures[0].signature[0] ^= 1; });
    with_header("vote time altered",
                [](SignedHeader& s) { s.commit.signatures[0].timestamp.nanos += 1; });
    with_header("flag nil over a vote for the block",
                [](SignedHeader& s) { s.commit.signatures[0].flag = ledger::BlockIdFlag::kNil; });
    const auto key_at = [&](std::size_t place) {
        for (std::size_t i = 0;; ++i) {
            auto key = testing::validator_key(i);
            if (key.public_key() == set.at(place).public_key) return key;
        }
    };
    const auto nil_vote = [&](SignedHeader& s) {
        ledger::CommitSig& vote = s.commit.signatures[3];
        vote = {ledger::BlockIdFlag::kNil, Bytes(set.address(3)), {1'700'000'100, 5}, "x"};
        vote.signature = key_at(3).sign(ledger::vote_sign_bytes(chain_.chain_id(), s.commit, 3));
    };
    with_header("three for the block and one for nil", [&](SignedHeader& s) { nil_vote(s); });
    with_header("two for the block and one for nil", [&](SignedHeader& s) {
        s = TestChain::sign(s.header, set, {0, 1});
        nil_vote(s);
    });
    with_header("a signature that only ZIP-215 accepts", [&](SignedHeader& s) {
        s.commit.signatures[1].signature = crypto::testing::torsion_signature(
            key_at(1), ledger::vote_sign_bytes(chain_.chain_id(), s.commit, 1));
        EXPECT_FALSE(crypto::verify(crypto::Algorithm::kEd25519, set.at(1).public_key,
                                    ledger::vote_sign_bytes(chain_.chain_id(), s.commit, 1),
                                    s.commit.signatures[1].signature));
    });
    with_header("s not below the order", [&](SignedHeader& s) {
        s.commit.signatures[1].signature.replace(32, 32, Bytes(31, '\xff') + '\x1f');
    });
    with_header("places exchanged",
                [](SignedHeader& s) { std::swap(s.commit.signatures[0], s.commit.signatures[1]); });
    with_header("a place too few", [](SignedHeader& s) { s.commit.signatures.pop_back(); });
    with_header("a place too many", [](SignedHeader& s) { s.commit.signatures.emplace_back(); });
    compare("signatures.json");
}

TEST_F(Vectors, Headers) {
    const Height above = block_.height + 1;
    const ledger::ValidatorSet& set = chain_.validators(above);
    with_header("app hash altered", [](SignedHeader& s) { s.header.app_hash[0] ^= 1; });
    with_header("header time altered", [](SignedHeader& s) { s.header.time.nanos += 1; });
    with_header("block id altered", [](SignedHeader& s) { s.commit.block_id.hash[0] ^= 1; });
    with_header("part set altered", [](SignedHeader& s) { s.commit.block_id.parts.hash[0] ^= 1; });
    with_header("commit height altered", [](SignedHeader& s) { s.commit.height += 1; });
    with_header("commit round altered", [](SignedHeader& s) { s.commit.round += 1; });
    resigned("another block version", [](ledger::Header& h) { h.version_block = 12; });
    resigned("another chain id", [](ledger::Header& h) { h.chain_id = "consilium-x"; });
    resigned("another validator set named",
             [](ledger::Header& h) { h.validators_hash = Bytes(32, 'x'); });
    resigned("before genesis", [this](ledger::Header& h) {
        h.time = ledger::time_from_unix_ms({chain_.genesis().time.value - 1});
    });
    resigned("later than the change above it", [](ledger::Header& h) { h.time.seconds += 100; });
    cases_.push_back({"another header at a pinned height",
                      outcome_receipt(chain_, block_, 2, 1),
                      history_,
                      {},
                      kNow,
                      std::nullopt});
    ledger::Header forged = chain_.block(above).header;
    forged.app_hash = Bytes(32, 'x');
    cases_.back().checkpoints.push_back(make_checkpoint(TestChain::sign(forged, set, {0, 1, 2}),
                                                        set, chain_.next_validators(above)));
    resigned("a chain id that is not UTF-8", [](ledger::Header& h) { h.chain_id = "\xff\xfe"; });
    compare("headers.json");
}

TEST_F(Vectors, States) {
    add("present now", state_receipt(6, std::nullopt, std::nullopt));
    add("present as of block 4", state_receipt(6, 4, 4));
    add("present as of the state shown", state_receipt(6, 6, 6));
    add("absent", make_state_receipt(chain_.block(7), TinyState::absent(std::nullopt), {}));
    add("everything", make_state_receipt(chain_.block(7), TinyState::all(std::nullopt), {}));
    add("as of without headers", state_receipt(6, 4, std::nullopt));
    add("headers without as of", state_receipt(6, std::nullopt, 4));
    add("headers of another moment", state_receipt(6, 4, 5));
    add("headers that are no neighbours",
        make_state_receipt(chain_.block(7), TinyState::present(4),
                           AsOfHeaders{chain_.block(4), chain_.block(6)}));
    AsOfHeaders moment{chain_.block(4), chain_.block(5)};
    moment.next.header.time.nanos += 1;
    add("next header altered", make_state_receipt(chain_.block(7), TinyState::present(4), moment));
    add("another root", state_receipt(7, std::nullopt, std::nullopt));
    add("as of above the state shown", state_receipt(5, 6, 6));
    Bytes proof = TinyState::present(std::nullopt);
    proof[proof.find('v', proof.find('k'))] = 'w';
    add("value altered", make_state_receipt(chain_.block(7), proof, {}));
    add("no proof", make_state_receipt(chain_.block(7), {}, {}));
    moment = {chain_.block(4), chain_.block(5)};
    moment.next.header.time.seconds += 3;
    moment.next = TestChain::sign(moment.next.header, chain_.validators(5), {0, 1, 2, 3});
    add("a moment that ends after the state shown",
        make_state_receipt(chain_.block(7), TinyState::present(4), moment));
    add("a moment below the checkpoint", state_receipt(6, 4, 4));
    cases_.back().checkpoints.push_back(chain_.checkpoint(6));
    compare("states.json");
}

TEST_F(Vectors, Trust) {
    const auto history = [&](std::string name, Bytes bytes) {
        cases_.push_back({std::move(name), {}, std::move(bytes), {}, kNow, std::nullopt});
    };
    const auto checkpoint = [&](std::string name, Bytes bytes) {
        cases_.push_back({std::move(name), {}, history_, {std::move(bytes)}, kNow, std::nullopt});
    };
    const std::vector<ValidatorStep> steps = chain_.steps();
    history("no change", {});
    history("three changes", history_);
    history("the first left out", make_validator_history(std::span(steps).subspan(1)));
    history("the second left out",
            make_validator_history(std::vector<ValidatorStep>{steps[0], steps[2]}));
    history("out of order", make_validator_history(std::vector<ValidatorStep>{steps[0], steps[0]}));
    history("another next set", make_validator_history(std::vector<ValidatorStep>{
                                    {steps[0].signed_header, chain_.validators(1)}}));
    history("a step without change", make_validator_history(std::vector<ValidatorStep>{
                                         {chain_.block(1), chain_.validators(1)}}));
    Bytes bad = history_;
    bad[bad.size() - 5] ^= 1;
    history("a bit near the end", bad);
    history("cut", history_.substr(0, history_.size() - 1));
    for (Height height = 1; height <= chain_.height(); ++height)
        checkpoint("checkpoint at " + std::to_string(height), chain_.checkpoint(height));
    checkpoint("checkpoint with another next set",
               make_checkpoint(chain_.block(1), chain_.validators(1), chain_.validators(8)));
    checkpoint("checkpoint with another set",
               make_checkpoint(chain_.block(1), chain_.validators(8), chain_.validators(1)));
    bad = chain_.checkpoint(2);
    bad[bad.size() / 2] ^= 1;
    checkpoint("checkpoint with a bit altered", bad);
    compare("trust.json");
}

}  // namespace
}  // namespace consilium::verify
