// SPDX-License-Identifier: Apache-2.0
#include "crypto/hash.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace consilium::crypto {
namespace {

TEST(Sha256, KnownAnswers) {
    EXPECT_EQ(to_hex(sha256(BytesView()).view()),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(to_hex(sha256(BytesView("abc")).view()),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, PartsAreJoined) {
    EXPECT_EQ(sha256({BytesView("a"), BytesView(), BytesView("bc")}), sha256(BytesView("abc")));
}

TEST(TaggedHash, IsTheDocumentedPreimage) {
    const Bytes preimage = Bytes("\x01t\x00\x00\x00\x02", 6) + "ab" + Bytes(4, '\0');
    EXPECT_EQ(tagged_hash("t", {"ab", ""}), sha256(preimage));
}

TEST(TaggedHash, TagAndPartBoundariesCount) {
    EXPECT_NE(tagged_hash("t", {"ab", "c"}), tagged_hash("t", {"a", "bc"}));
    EXPECT_NE(tagged_hash("t", {"a"}), tagged_hash("t", {"a", ""}));
    EXPECT_NE(tagged_hash("ta", {"b"}), tagged_hash("t", {"ab"}));
}

TEST(TaggedHash, InPiecesIsTheSame) {
    const Bytes payload(2000, 'p');
    for (const std::size_t piece : {1U, 7U, 2000U}) {
        TaggedHashStream stream("consilium/document/1", {"salt"}, payload.size());
        for (std::size_t at = 0; at < payload.size(); at += piece)
            stream.update(BytesView(payload).substr(at, piece));
        EXPECT_EQ(stream.finish(), tagged_hash("consilium/document/1", {"salt", payload}));
    }
    TaggedHashStream empty("t", {}, 0);
    EXPECT_EQ(empty.finish(), tagged_hash("t", {""}));
}

}  // namespace
}  // namespace consilium::crypto
