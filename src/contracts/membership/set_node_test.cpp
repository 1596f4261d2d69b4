// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "contracts/membership/membership.hpp"
#include "execution/testing/contract_test.hpp"

namespace consilium::contracts::membership {
namespace {

using namespace execution::testing;

class PeerEndpointTest : public ContractTest {
 protected:
    PeerEndpointTest() { transaction.sender.role = v1::ROLE_ADMINISTRATOR; }

    void give(const std::string& peer_endpoint) {
        v1::MembershipCommand payload;
        payload.mutable_set_node()->set_endpoint("https://hospital.example:8443");
        payload.mutable_set_node()->set_peer_endpoint(peer_endpoint);
        transaction.commands.push_back(command(payload));
    }
};

TEST_F(PeerEndpointTest, SaysWhereOthersDeliver) {
    give("https://hospital.example:8444");
    v1::Node row;
    row.set_endpoint("https://hospital.example:8443");
    row.set_peer_endpoint("https://hospital.example:8444");
    row.set_validator_public_key(test_key("validator hospital").public_key());
    row.set_validator_power(10);
    expect.row("membership/node/hospital", row);
}

TEST_F(PeerEndpointTest, IsNoPlainHttp) {
    give("http://hospital.example:8444");
    expect.rejected(ledger::ContractId::kMembership, Rejection::kEndpoint);
}

}  // namespace
}  // namespace consilium::contracts::membership
