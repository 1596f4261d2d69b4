// SPDX-License-Identifier: Apache-2.0
// Every vector of tests/vectors/cometbft/v038.json that concerns hashes, headers, commits and
// votes: real blocks of a CometBFT v0.38 chain, and CometBFT's own golden values. (Its ABCI frames
// concern the engine that speaks ABCI.)
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <sstream>

#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "crypto/merkle.hpp"
#include "crypto/sign.hpp"
#include "ledger/results.hpp"
#include "ledger/validators.hpp"

namespace consilium::ledger {
namespace {

namespace json = boost::json;

const json::value& vectors() {
    static const json::value parsed = [] {
        std::ifstream file(CONSILIUM_SOURCE_DIR "/tests/vectors/cometbft/v038.json");
        std::stringstream text;
        text << file.rdbuf();
        return json::parse(text.str());
    }();
    return parsed;
}

std::string text(const json::value& value) {
    return std::string(value.as_string());
}

Bytes hex(const json::value& value) {
    return from_hex(text(value)).value();
}

Bytes base64(const json::value& value) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Bytes out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text(value)) {
        if (c == '=') break;
        bits = (bits << 6U) | static_cast<std::uint32_t>(kDigits.find(c));
        count += 6;
        if (count >= 8) {
            count -= 8;
            out.push_back(static_cast<char>((bits >> count) & 0xffU));
        }
    }
    return out;
}

// 2023-05-17T14:12:48.347696215Z
Time time_of(const json::value& value) {
    const std::string t = text(value);
    const auto number = [&](std::size_t at, std::size_t length) {
        return std::stoi(t.substr(at, length));
    };
    const std::chrono::sys_days days = std::chrono::year{number(0, 4)} /
                                       std::chrono::month{static_cast<unsigned>(number(5, 2))} /
                                       std::chrono::day{static_cast<unsigned>(number(8, 2))};
    return {days.time_since_epoch().count() * 86400LL + number(11, 2) * 3600 + number(14, 2) * 60 +
                number(17, 2),
            number(20, 9)};
}

BlockId block_id_of(const json::value& value) {
    const json::value& parts = value.at("parts");
    return {hex(value.at("hash")),
            {static_cast<std::uint32_t>(parts.at("total").as_int64()), hex(parts.at("hash"))}};
}

Header header_of(const json::value& value) {
    Header header;
    header.version_block = std::stoull(text(value.at("version").at("block")));
    header.version_app = std::stoull(text(value.at("version").at("app")));
    header.chain_id = text(value.at("chain_id"));
    header.height = std::stoull(text(value.at("height")));
    header.time = time_of(value.at("time"));
    header.last_block_id = block_id_of(value.at("last_block_id"));
    header.last_commit_hash = hex(value.at("last_commit_hash"));
    header.data_hash = hex(value.at("data_hash"));
    header.validators_hash = hex(value.at("validators_hash"));
    header.next_validators_hash = hex(value.at("next_validators_hash"));
    header.consensus_hash = hex(value.at("consensus_hash"));
    header.app_hash = hex(value.at("app_hash"));
    header.last_results_hash = hex(value.at("last_results_hash"));
    header.evidence_hash = hex(value.at("evidence_hash"));
    header.proposer_address = hex(value.at("proposer_address"));
    return header;
}

Commit commit_of(const json::value& value) {
    Commit commit;
    commit.height = std::stoull(text(value.at("height")));
    commit.round = static_cast<std::int32_t>(value.at("round").as_int64());
    commit.block_id = block_id_of(value.at("block_id"));
    for (const json::value& signature : value.at("signatures").as_array()) {
        commit.signatures.push_back(
            {static_cast<BlockIdFlag>(signature.at("block_id_flag").as_int64()),
             hex(signature.at("validator_address")), time_of(signature.at("timestamp")),
             base64(signature.at("signature"))});
    }
    return commit;
}

TEST(CometVectors, RealHeaders) {
    for (const char* name : {"real_block_1", "real_block_10"}) {
        const json::value& vector = vectors().at(name);
        const Header header = header_of(vector.at("header"));
        EXPECT_EQ(header_hash(header).bytes(), hex(vector.at("hash")));
        std::vector<Hash32> leaves;
        for (const json::value& leaf : vector.at("leaves").as_array())
            leaves.push_back(crypto::merkle_leaf_hash(hex(leaf)));
        EXPECT_EQ(crypto::merkle_root(leaves), header_hash(header));
        const auto again = decode_header(encode_header(header));
        ASSERT_TRUE(again.has_value());
        EXPECT_EQ(*again, header);
    }
}

// The part-set hash covers the block's bytes, so header, data, evidence and last commit must all be
// encoded as CometBFT encodes them.
TEST(CometVectors, RealBlocksHaveTheirPartSetHash) {
    for (const char* name : {"real_block_1", "real_block_10"}) {
        const json::value& vector = vectors().at(name);
        const Header header = header_of(vector.at("header"));
        const Commit last = commit_of(vector.at("last_commit"));
        EXPECT_EQ(commit_hash(last).bytes(), header.last_commit_hash);
        EXPECT_EQ(part_set_header(encode_block(header, {}, last)),
                  block_id_of(vector.at("block_id")).parts)
            << name;
    }
}

TEST(CometVectors, RealCommitVerifies) {
    const json::value& vector = vectors().at("real_commit_10");
    const Commit commit = commit_of(vector.at("commit"));
    const json::value& validator = vector.at("validators").at(0);
    const Bytes key = base64(validator.at("pub_key").at("value"));
    EXPECT_EQ(validator_address(key), hex(validator.at("address")));
    const Bytes signed_bytes = vote_sign_bytes("dockerchain", commit, 0);
    EXPECT_EQ(signed_bytes, hex(vector.at("sign_bytes")));
    EXPECT_TRUE(crypto::verify_zip215(key, signed_bytes, commit.signatures[0].signature));
    EXPECT_FALSE(crypto::verify_zip215(key, vote_sign_bytes("dockerchaim", commit, 0),
                                       commit.signatures[0].signature));

    const auto set = ValidatorSet::make({{key, 10}});
    ASSERT_TRUE(set.has_value());
    const Header header = header_of(vectors().at("real_block_10").at("header"));
    EXPECT_EQ(set->hash().bytes(), header.validators_hash);
    const SignedHeader whole{header, commit};
    EXPECT_EQ(decode_signed_header(encode_signed_header(whole)), whole);
}

TEST(CometVectors, NilPrecommit) {
    EXPECT_EQ(vote_sign_bytes("c", 5, 0, std::nullopt, {1704067200, 0}),
              hex(vectors().at("nil_precommit_signbytes_h5_r0_2024-01-01_chain_c")));
}

// types/vote_test.go, TestVoteSignBytesTestVectors: the precommit of height 1, round 1.
TEST(CometVectors, GoldenPrecommit) {
    EXPECT_EQ(to_hex(vote_sign_bytes("", 1, 1, std::nullopt, Time{})),
              "21080211010000000000000019010000000000000"
              "02a0b088092b8c398feffffff01");
}

TEST(CometVectors, AbsentCommitSig) {
    Commit commit;
    commit.signatures.emplace_back();
    const Bytes expected = hex(vectors().at("absent_commit_sig"));
    EXPECT_EQ(commit_hash(commit), crypto::merkle_leaf_hash(expected));
    EXPECT_NE(encode_commit(commit).find(expected), Bytes::npos);
}

TEST(CometVectors, HashedParams) {
    EXPECT_EQ(consensus_params_hash(22020096, -1),
              crypto::sha256(hex(vectors().at("hashed_params_21MiB_gas-1"))));
    const Header header = header_of(vectors().at("real_block_1").at("header"));
    EXPECT_EQ(consensus_params_hash(22020096, -1).bytes(), header.consensus_hash);
}

TEST(CometVectors, MerkleRoots) {
    for (const json::value& vector : vectors().at("merkle").as_array()) {
        std::vector<Hash32> leaves;
        for (const json::value& leaf : vector.at("leaves").as_array())
            leaves.push_back(crypto::merkle_leaf_hash(hex(leaf)));
        EXPECT_EQ(crypto::merkle_root(leaves).bytes(), hex(vector.at("root")));
    }
}

TEST(CometVectors, OneEmptyResult) {
    const std::vector<ExecResult> results(1);
    EXPECT_EQ(to_hex(results_hash(results).view()),
              "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    EXPECT_EQ(results_hash({}), empty_hash());
    EXPECT_EQ(data_hash({}), empty_hash());
}

// types/block_test.go, TestHeaderHash.
TEST(CometVectors, GoldenHeaderHash) {
    const auto digest = [](std::string_view name) { return crypto::sha256(name).bytes(); };
    Header header;
    header.version_block = 1;
    header.version_app = 2;
    header.chain_id = "chainId";
    header.height = 3;
    header.time = {1570983284, 0};  // 2019-10-13T16:14:44Z
    header.last_block_id = {Bytes(32, '\0'), {6, Bytes(32, '\0')}};
    header.last_commit_hash = digest("last_commit_hash");
    header.data_hash = digest("data_hash");
    header.validators_hash = digest("validators_hash");
    header.next_validators_hash = digest("next_validators_hash");
    header.consensus_hash = digest("consensus_hash");
    header.app_hash = digest("app_hash");
    header.last_results_hash = digest("last_results_hash");
    header.evidence_hash = digest("evidence_hash");
    header.proposer_address = digest("proposer_address").substr(0, 20);
    EXPECT_EQ(to_hex(header_hash(header).view()),
              "f740121f553b5418c3efbd343c2dbfe9e007bb67b0d020a0741374bab65242a4");
}

}  // namespace
}  // namespace consilium::ledger
