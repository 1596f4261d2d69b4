// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "consilium/v1/ehr.pb.h"
#include "contracts/ehr/rejection.hpp"
#include "contracts/sdk/contract.hpp"

namespace consilium::contracts::ehr {

// Contract 6: requests, the gate's decisions, disclosures, contributions and emergency access.
// docs/formats/contracts.md gives its rules.
class Ehr final : public sdk::TypedContract<v1::EhrCommand, Rejection> {
 public:
    Ehr();

    [[nodiscard]] bool holds(const sdk::Overlay::Change& change,
                             sdk::Context& context) const override;
    [[nodiscard]] bool genesis(const v1::GenesisState& genesis,
                               sdk::Context& context) const override;

 protected:
    [[nodiscard]] Rejection validate(const v1::EhrCommand& command) const override;
    [[nodiscard]] Rejection authorize_command(const v1::EhrCommand& command,
                                              sdk::Context& context) const override;
    [[nodiscard]] Rejection apply_command(const v1::EhrCommand& command,
                                          sdk::Context& context) const override;
    [[nodiscard]] ledger::RejectionText describe_rejection(Rejection rejection) const override;
};

}  // namespace consilium::contracts::ehr
