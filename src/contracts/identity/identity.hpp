// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "consilium/v1/identity.pb.h"
#include "contracts/identity/rejection.hpp"
#include "contracts/sdk/contract.hpp"

namespace consilium::contracts::identity {

// Contract 5: the patient's consents and objections, per link. docs/formats/contracts.md gives its
// rules.
class Identity final : public sdk::TypedContract<v1::IdentityCommand, Rejection>,
                       public sdk::ConsentLookup {
 public:
    Identity();

    [[nodiscard]] bool holds(const sdk::Overlay::Change& change,
                             sdk::Context& context) const override;

    [[nodiscard]] sdk::ConsentAnswer consents(sdk::Overlay& state, const ledger::LinkId& link,
                                              v1::PurposeOfUse purpose, v1::AccessAction action,
                                              UnixMs now) const override;

 protected:
    [[nodiscard]] Rejection validate(const v1::IdentityCommand& command) const override;
    [[nodiscard]] Rejection authorize_command(const v1::IdentityCommand& command,
                                              sdk::Context& context) const override;
    [[nodiscard]] Rejection apply_command(const v1::IdentityCommand& command,
                                          sdk::Context& context) const override;
    [[nodiscard]] ledger::RejectionText describe_rejection(Rejection rejection) const override;
};

}  // namespace consilium::contracts::identity
