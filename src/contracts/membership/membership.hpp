// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "consilium/v1/membership.pb.h"
#include "contracts/membership/rejection.hpp"
#include "contracts/sdk/contract.hpp"

namespace consilium::contracts::membership {

// Contract 2: members, nodes, keys and users. docs/formats/contracts.md gives its rules. Members
// are admitted by genesis; governance comes with a later protocol version.
class Membership final : public sdk::TypedContract<v1::MembershipCommand, Rejection>,
                         public sdk::MembershipLookup {
 public:
    Membership();

    [[nodiscard]] bool holds(const sdk::Overlay::Change& change,
                             sdk::Context& context) const override;
    [[nodiscard]] bool genesis(const v1::GenesisState& genesis,
                               sdk::Context& context) const override;

    [[nodiscard]] std::optional<v1::Member> member(sdk::Overlay& state,
                                                   BytesView member_id) const override;
    [[nodiscard]] std::optional<v1::User> user(sdk::Overlay& state, BytesView member_id,
                                               const ledger::UserId& user) const override;
    [[nodiscard]] sdk::StateKey key_row(BytesView member_id, std::uint32_t key_id) const override;
    [[nodiscard]] sdk::StateKey retirement_row(BytesView member_id,
                                               std::uint32_t key_id) const override;
    [[nodiscard]] bool renews_key(const google::protobuf::Message& command) const override;
    [[nodiscard]] bool renews_users(const google::protobuf::Message& command) const override;

 protected:
    [[nodiscard]] Rejection validate(const v1::MembershipCommand& command) const override;
    [[nodiscard]] Rejection authorize_command(const v1::MembershipCommand& command,
                                              sdk::Context& context) const override;
    [[nodiscard]] Rejection apply_command(const v1::MembershipCommand& command,
                                          sdk::Context& context) const override;
    [[nodiscard]] ledger::RejectionText describe_rejection(Rejection rejection) const override;
};

}  // namespace consilium::contracts::membership
