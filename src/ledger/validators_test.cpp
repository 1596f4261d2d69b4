// SPDX-License-Identifier: Apache-2.0
#include "ledger/validators.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "ledger/results.hpp"

namespace consilium::ledger {
namespace {

Bytes key(int number) {
    return crypto::sha256("key " + std::to_string(number)).bytes();
}

TEST(ValidatorSet, IsSortedByPowerThenAddress) {
    const auto set = ValidatorSet::make({{key(1), 5}, {key(2), 9}, {key(3), 5}, {key(4), 5}});
    ASSERT_TRUE(set.has_value());
    EXPECT_EQ(set->at(0).public_key, key(2));
    for (std::size_t i = 1; i + 1 < set->size(); ++i)
        EXPECT_LT(set->address(i), set->address(i + 1));
    EXPECT_EQ(set->total_power(), 24U);
    EXPECT_EQ(set->address(0), validator_address(key(2)));
    EXPECT_EQ(set, ValidatorSet::make({{key(4), 5}, {key(3), 5}, {key(2), 9}, {key(1), 5}}));
}

TEST(ValidatorSet, BrokenSetsAreNone) {
    EXPECT_FALSE(ValidatorSet::make({}).has_value());
    EXPECT_FALSE(ValidatorSet::make({{key(1), 0}}).has_value());
    EXPECT_FALSE(ValidatorSet::make({{Bytes(31, 'k'), 1}}).has_value());
    EXPECT_FALSE(ValidatorSet::make({{key(1), 1}, {key(1), 2}}).has_value());
    EXPECT_TRUE(ValidatorSet::make({{key(1), kTotalPowerMax}}).has_value());
    EXPECT_FALSE(ValidatorSet::make({{key(1), kTotalPowerMax + 1}}).has_value());
    EXPECT_FALSE(ValidatorSet::make({{key(1), kTotalPowerMax}, {key(2), 1}}).has_value());
    EXPECT_FALSE(ValidatorSet::make({{key(1), ~0ULL}, {key(2), 2}}).has_value());
    std::vector<Validator> many;
    for (int i = 0; i < static_cast<int>(limits::kValidatorsMax); ++i)
        many.push_back({key(i), 1});
    EXPECT_TRUE(ValidatorSet::make(many).has_value());
    many.push_back({key(1000), 1});
    EXPECT_FALSE(ValidatorSet::make(many).has_value());
}

TEST(ValidatorSet, Updates) {
    const auto set = ValidatorSet::make({{key(1), 5}, {key(2), 5}});
    const auto added = set->updated(std::vector<Validator>{{key(3), 7}, {key(1), 6}});
    EXPECT_EQ(added, ValidatorSet::make({{key(1), 6}, {key(2), 5}, {key(3), 7}}));
    EXPECT_EQ(added->updated(std::vector<Validator>{{key(3), 0}, {key(1), 5}}), set);
    EXPECT_EQ(set->updated(std::vector<Validator>{}), set);
    EXPECT_FALSE(set->updated(std::vector<Validator>{{key(3), 0}}).has_value());
    EXPECT_FALSE(set->updated(std::vector<Validator>{{key(1), 1}, {key(1), 2}}).has_value());
    EXPECT_FALSE(set->updated(std::vector<Validator>{{key(1), 0}, {key(2), 0}}).has_value());
}

TEST(ValidatorSet, HashCoversKeysAndPowers) {
    const auto set = ValidatorSet::make({{key(1), 5}, {key(2), 5}});
    EXPECT_NE(set->hash(), ValidatorSet::make({{key(1), 5}, {key(2), 6}})->hash());
    EXPECT_NE(set->hash(), ValidatorSet::make({{key(1), 5}, {key(3), 5}})->hash());
    EXPECT_NE(set->hash(), ValidatorSet::make({{key(1), 5}})->hash());
}

TEST(ValidatorSet, EncodingRoundTripsAndIsTheOnlyOne) {
    const auto set = ValidatorSet::make({{key(1), 5}, {key(2), 300}, {key(3), 5}});
    const Bytes good = encode_validator_set(*set);
    EXPECT_EQ(decode_validator_set(good), set);
    for (std::size_t size = 0; size < good.size(); ++size) {
        const auto shorter = decode_validator_set(BytesView(good).substr(0, size));
        if (shorter) {
            EXPECT_LT(shorter->size(), set->size());
        }
    }
    int decoded = 0;
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        Bytes bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        const auto other = decode_validator_set(bad);
        if (!other) continue;
        ++decoded;
        EXPECT_NE(other->hash(), set->hash()) << bit;
    }
    // Only a changed power leaves a set: keys are bound to their addresses.
    EXPECT_LT(decoded, 24);
    EXPECT_FALSE(decode_validator_set({}).has_value());
}

TEST(TwoThirds, IntegerDivisionAsCometBft) {
    EXPECT_FALSE(more_than_two_thirds(2, 3));
    EXPECT_TRUE(more_than_two_thirds(3, 3));
    EXPECT_FALSE(more_than_two_thirds(2, 4));
    EXPECT_TRUE(more_than_two_thirds(3, 4));
    EXPECT_FALSE(more_than_two_thirds(66, 100));
    EXPECT_TRUE(more_than_two_thirds(67, 100));
    EXPECT_FALSE(more_than_two_thirds(200, 300));
    EXPECT_TRUE(more_than_two_thirds(201, 300));
    EXPECT_FALSE(more_than_two_thirds(0, 1));
    EXPECT_TRUE(more_than_two_thirds(1, 1));
    EXPECT_FALSE(more_than_two_thirds(kTotalPowerMax / 3 * 2, kTotalPowerMax));
}

TEST(TrimmedCommit, KeepsWhatPassesTwoThirds) {
    const auto set = ValidatorSet::make({{key(1), 1}, {key(2), 1}, {key(3), 1}, {key(4), 1}});
    Commit commit;
    for (std::size_t i = 0; i < 4; ++i) {
        commit.signatures.push_back(
            {BlockIdFlag::kCommit, Bytes(set->address(i)), {1, 0}, Bytes(64, 's')});
    }
    Commit trimmed = trimmed_commit(commit, *set);
    EXPECT_EQ(trimmed.signatures[2], commit.signatures[2]);
    EXPECT_EQ(trimmed.signatures[3], CommitSig{});

    commit.signatures[0].flag = BlockIdFlag::kNil;
    trimmed = trimmed_commit(commit, *set);
    EXPECT_EQ(trimmed.signatures[0], CommitSig{});
    EXPECT_EQ(trimmed.signatures[3], commit.signatures[3]);

    commit.signatures[1] = CommitSig{};
    EXPECT_EQ(trimmed_commit(commit, *set), commit);
    commit.signatures.pop_back();
    EXPECT_EQ(trimmed_commit(commit, *set), commit);
}

TEST(Results, LeafIsTheDeterministicPart) {
    EXPECT_EQ(encode_exec_result({}), Bytes());
    EXPECT_EQ(encode_exec_result({1, "ab", 2, -1}),
              Bytes("\x08\x01\x12\x02"
                    "ab\x28\x02\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}

TEST(PartSet, PartsAre64KiB) {
    EXPECT_EQ(part_set_header({}).total, 0U);
    EXPECT_EQ(part_set_header(Bytes(1, 'x')).total, 1U);
    EXPECT_EQ(part_set_header(Bytes(kBlockPartBytes, 'x')).total, 1U);
    EXPECT_EQ(part_set_header(Bytes(kBlockPartBytes + 1, 'x')).total, 2U);
    EXPECT_NE(part_set_header(Bytes(kBlockPartBytes, 'x')).hash,
              part_set_header(Bytes(kBlockPartBytes, 'y')).hash);
}

}  // namespace
}  // namespace consilium::ledger
