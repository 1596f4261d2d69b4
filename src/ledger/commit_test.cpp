// SPDX-License-Identifier: Apache-2.0
#include "ledger/commit.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/limits.hpp"
#include "ledger/comet_wire.hpp"

namespace consilium::ledger {
namespace {

SignedHeader sample() {
    SignedHeader out;
    Header& header = out.header;
    header.chain_id = "consilium-test";
    header.version_app = 1;
    header.height = 7;
    header.time = {1700000000, 123456789};
    header.last_block_id = {Bytes(32, 'b'), {3, Bytes(32, 'p')}};
    header.last_commit_hash = Bytes(32, '1');
    header.data_hash = Bytes(32, '2');
    header.validators_hash = Bytes(32, '3');
    header.next_validators_hash = Bytes(32, '4');
    header.consensus_hash = Bytes(32, '5');
    header.app_hash = Bytes(32, '6');
    header.last_results_hash = Bytes(32, '7');
    header.evidence_hash = Bytes(32, '8');
    header.proposer_address = Bytes(20, '9');
    out.commit.height = 7;
    out.commit.round = 1;
    out.commit.block_id = {header_hash(header).bytes(), {1, Bytes(32, 'q')}};
    out.commit.signatures = {
        {BlockIdFlag::kCommit, Bytes(20, 'v'), {1700000001, 1}, Bytes(64, 's')},
        {},
        {BlockIdFlag::kNil, Bytes(20, 'w'), {1700000001, 2}, Bytes(64, 't')}};
    return out;
}

TEST(SignedHeader, RoundTrips) {
    EXPECT_EQ(decode_signed_header(encode_signed_header(sample())), sample());
}

TEST(SignedHeader, EveryTruncationAndExtensionIsRefused) {
    const Bytes good = encode_signed_header(sample());
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_EQ(decode_signed_header(BytesView(good).substr(0, size)), std::nullopt) << size;
    EXPECT_EQ(decode_signed_header(good + '\0'), std::nullopt);
    EXPECT_EQ(decode_signed_header(good + good), std::nullopt);
}

// Two values never share bytes: whatever a flipped bit still decodes to encodes to those bytes.
TEST(SignedHeader, EverySingleBitChangeIsRefusedOrAnotherValue) {
    const Bytes good = encode_signed_header(sample());
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        Bytes bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        const auto decoded = decode_signed_header(bad);
        if (!decoded) continue;
        EXPECT_NE(*decoded, sample()) << bit;
        EXPECT_EQ(encode_signed_header(*decoded), bad) << bit;
    }
}

TEST(Header, HashChangesWithEveryField) {
    std::set<Hash32> seen;
    const auto with = [&](auto change) {
        Header header = sample().header;
        change(header);
        EXPECT_TRUE(seen.insert(header_hash(header)).second);
        EXPECT_EQ(decode_header(encode_header(header)), header);
    };
    with([](Header&) {});
    with([](Header& h) { h.version_block = 12; });
    with([](Header& h) { h.version_app = 2; });
    with([](Header& h) { h.chain_id = "x"; });
    with([](Header& h) { h.height = 8; });
    with([](Header& h) { h.time.seconds += 1; });
    with([](Header& h) { h.time.nanos += 1; });
    with([](Header& h) { h.last_block_id.hash = Bytes(32, 'x'); });
    with([](Header& h) { h.last_block_id.parts.total = 4; });
    with([](Header& h) { h.last_block_id.parts.hash = Bytes(32, 'x'); });
    with([](Header& h) { h.last_commit_hash = Bytes(32, 'x'); });
    with([](Header& h) { h.data_hash = Bytes(32, 'x'); });
    with([](Header& h) { h.validators_hash = Bytes(32, 'x'); });
    with([](Header& h) { h.next_validators_hash = Bytes(32, 'x'); });
    with([](Header& h) { h.consensus_hash = Bytes(32, 'x'); });
    with([](Header& h) { h.app_hash = Bytes(32, 'x'); });
    with([](Header& h) { h.last_results_hash = Bytes(32, 'x'); });
    with([](Header& h) { h.evidence_hash = Bytes(32, 'x'); });
    with([](Header& h) { h.proposer_address = Bytes(20, 'x'); });
}

TEST(Header, FieldsOverTheirLimitAreRefused) {
    const auto decodes = [](auto change) {
        Header header = sample().header;
        change(header);
        return decode_header(encode_header(header)).has_value();
    };
    EXPECT_TRUE(decodes([](Header& h) { h.chain_id = std::string(kChainIdBytesMax, 'c'); }));
    EXPECT_FALSE(decodes([](Header& h) { h.chain_id = std::string(kChainIdBytesMax + 1, 'c'); }));
    EXPECT_TRUE(decodes([](Header& h) { h.height = kHeightMax; }));
    EXPECT_FALSE(decodes([](Header& h) { h.height = kHeightMax + 1; }));
    EXPECT_TRUE(decodes([](Header& h) { h.app_hash = Bytes(kAppHashBytesMax, 'a'); }));
    EXPECT_FALSE(decodes([](Header& h) { h.app_hash = Bytes(kAppHashBytesMax + 1, 'a'); }));
    EXPECT_TRUE(decodes([](Header& h) { h.data_hash.clear(); }));
    EXPECT_FALSE(decodes([](Header& h) { h.data_hash.pop_back(); }));
    EXPECT_FALSE(decodes([](Header& h) { h.evidence_hash += 'x'; }));
    EXPECT_FALSE(decodes([](Header& h) { h.proposer_address.clear(); }));
    EXPECT_FALSE(decodes([](Header& h) { h.proposer_address += 'x'; }));
    EXPECT_FALSE(decodes([](Header& h) { h.last_block_id.hash.pop_back(); }));
    EXPECT_FALSE(decodes([](Header& h) { h.last_block_id.parts.hash += 'x'; }));
    EXPECT_TRUE(decodes([](Header& h) { h.time.nanos = 999'999'999; }));
    EXPECT_FALSE(decodes([](Header& h) { h.time.nanos = 1'000'000'000; }));
    EXPECT_TRUE(decodes([](Header& h) { h.time = Time{}; }));
    EXPECT_FALSE(decodes([](Header& h) { h.time.seconds = Time{}.seconds - 1; }));
    EXPECT_TRUE(decodes([](Header& h) { h.time.seconds = 253402300799; }));
    EXPECT_FALSE(decodes([](Header& h) { h.time.seconds = 253402300800; }));
}

TEST(Commit, ImplausibleSignaturesAreRefused) {
    const auto decodes = [](auto change) {
        Commit commit = sample().commit;
        change(commit);
        return decode_commit(encode_commit(commit)).has_value();
    };
    EXPECT_TRUE(decodes([](Commit&) {}));
    EXPECT_TRUE(decodes([](Commit& c) { c.signatures.clear(); }));
    EXPECT_TRUE(decodes([](Commit& c) { c.round = 0x7fffffff; }));
    EXPECT_FALSE(decodes([](Commit& c) { c.round = -1; }));
    EXPECT_FALSE(decodes([](Commit& c) { c.height = kHeightMax + 1; }));
    EXPECT_FALSE(decodes([](Commit& c) { c.signatures[1].signature = Bytes(64, 's'); }));
    EXPECT_FALSE(decodes([](Commit& c) { c.signatures[1].validator_address = Bytes(20, 's'); }));
    EXPECT_FALSE(decodes([](Commit& c) { c.signatures[1].timestamp.nanos = 1; }));
    EXPECT_FALSE(decodes([](Commit& c) { c.signatures[0].signature.clear(); }));
    EXPECT_FALSE(decodes([](Commit& c) { c.signatures[0].signature += 'x'; }));
    EXPECT_FALSE(decodes([](Commit& c) { c.signatures[0].validator_address.clear(); }));
    EXPECT_FALSE(decodes([](Commit& c) { c.signatures[0].flag = BlockIdFlag{0}; }));
    EXPECT_FALSE(decodes([](Commit& c) { c.signatures[0].flag = BlockIdFlag{4}; }));
    EXPECT_TRUE(decodes([](Commit& c) { c.signatures.resize(limits::kValidatorsMax); }));
    EXPECT_FALSE(decodes([](Commit& c) { c.signatures.resize(limits::kValidatorsMax + 1); }));
}

// A hundred validators fit the bound that decode_signed_header sets on its input.
TEST(SignedHeader, TheLargestFits) {
    SignedHeader large = sample();
    large.header.chain_id = std::string(kChainIdBytesMax, 'c');
    large.commit.signatures.assign(limits::kValidatorsMax, large.commit.signatures[0]);
    const Bytes bytes = encode_signed_header(large);
    EXPECT_LE(bytes.size(), kSignedHeaderBytesMax);
    EXPECT_EQ(decode_signed_header(bytes), large);
}

TEST(Vote, SignBytesDependOnEveryPart) {
    std::set<Bytes> seen;
    const BlockId id{Bytes(32, 'b'), {1, Bytes(32, 'p')}};
    EXPECT_TRUE(seen.insert(vote_sign_bytes("c", 5, 0, id, {1, 2})).second);
    EXPECT_TRUE(seen.insert(vote_sign_bytes("d", 5, 0, id, {1, 2})).second);
    EXPECT_TRUE(seen.insert(vote_sign_bytes("c", 6, 0, id, {1, 2})).second);
    EXPECT_TRUE(seen.insert(vote_sign_bytes("c", 5, 1, id, {1, 2})).second);
    EXPECT_TRUE(seen.insert(vote_sign_bytes("c", 5, 0, std::nullopt, {1, 2})).second);
    EXPECT_TRUE(seen.insert(vote_sign_bytes("c", 5, 0, id, {1, 3})).second);
    EXPECT_TRUE(seen.insert(vote_sign_bytes("c", 5, 0, id, {2, 2})).second);
}

TEST(Vote, AFlagOfNilSignsNoBlockId) {
    const Commit commit = sample().commit;
    EXPECT_EQ(vote_sign_bytes("c", commit, 0),
              vote_sign_bytes("c", 7, 1, commit.block_id, {1700000001, 1}));
    EXPECT_EQ(vote_sign_bytes("c", commit, 2),
              vote_sign_bytes("c", 7, 1, std::nullopt, {1700000001, 2}));
}

TEST(Time, UnixMillisecondsRoundDown) {
    EXPECT_EQ(unix_ms({1, 999'999}), UnixMs{1000});
    EXPECT_EQ(unix_ms({1, 1'000'000}), UnixMs{1001});
    EXPECT_EQ(unix_ms(Time{}), UnixMs{0});
    EXPECT_EQ(time_from_unix_ms({1'700'000'000'123}), (Time{1'700'000'000, 123'000'000}));
    EXPECT_EQ(unix_ms(time_from_unix_ms({1'700'000'000'123})), UnixMs{1'700'000'000'123});
}

}  // namespace
}  // namespace consilium::ledger
