// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/directory.hpp"

#include <gtest/gtest.h>

#include "consilium/v1/membership.pb.h"
#include "proto/canonical.hpp"
#include "services/port/map_reads_testing.hpp"

namespace consilium::vault::delivery {
namespace {

class Members final : public services::MapReads {
 public:
    void add(const Bytes& id, const v1::Node& node, v1::MemberStatus status) {
        v1::Member member;
        member.set_name(id);
        member.add_kinds(v1::MEMBER_KIND_PROVIDER);
        member.set_status(status);
        rows[Bytes("\x02\x01", 2) + id + '\0'] = proto::encode(member);
        rows[Bytes("\x02\x02", 2) + id + '\0'] = proto::encode(node);
    }
};

v1::Node node_of(char key, const std::string& peer_endpoint) {
    v1::Node node;
    node.set_endpoint("https://a.example:443");
    node.set_tls_key_sha256(Bytes(32, key));
    node.set_peer_endpoint(peer_endpoint);
    return node;
}

Hash32 hash_of(char key) {
    Hash32 out;
    EXPECT_TRUE(assign(out, Bytes(32, key)));
    return out;
}

TEST(LedgerDirectory, reads_members_and_their_keys) {
    Members reads;
    reads.add("clinic", node_of('c', "https://clinic.example:7543"), v1::MEMBER_STATUS_ACTIVE);
    reads.add("clinic-two", node_of('d', ""), v1::MEMBER_STATUS_ACTIVE);
    reads.add("gone", node_of('g', "https://gone.example:1"), v1::MEMBER_STATUS_SUSPENDED);
    reads.add("keyless", v1::Node{}, v1::MEMBER_STATUS_ACTIVE);
    const LedgerDirectory directory(reads);
    EXPECT_EQ(directory.peer("clinic")->endpoint, "https://clinic.example:7543");
    EXPECT_EQ(directory.peer("clinic")->tls_key_sha256, hash_of('c'));
    EXPECT_EQ(directory.peer("clinic-two")->endpoint, "");
    EXPECT_FALSE(directory.peer("clini"));
    EXPECT_FALSE(directory.peer("gone"));
    EXPECT_FALSE(directory.peer("keyless"));
    EXPECT_TRUE(directory.is_known(hash_of('c')));
    EXPECT_TRUE(directory.is_known(hash_of('d')));
    EXPECT_FALSE(directory.is_known(hash_of('g')));
    EXPECT_FALSE(directory.is_known(hash_of('x')));
    EXPECT_FALSE(directory.is_known({}));
    // Two members with one key: one of them active is enough to be let in.
    reads.add("also-gone", node_of('c', ""), v1::MEMBER_STATUS_SUSPENDED);
    reads.add("later", node_of('l', ""), v1::MEMBER_STATUS_ACTIVE);
    EXPECT_FALSE(directory.is_known(hash_of('l')));  // with the next block
    ++reads.height;
    EXPECT_TRUE(directory.is_known(hash_of('c')));
    EXPECT_TRUE(directory.is_known(hash_of('l')));
}

}  // namespace
}  // namespace consilium::vault::delivery
