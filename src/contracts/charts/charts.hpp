// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "consilium/v1/charts.pb.h"
#include "contracts/charts/rejection.hpp"
#include "contracts/sdk/contract.hpp"

namespace consilium::contracts::charts {

// Contract 3: charts, their link slots, and links. docs/formats/contracts.md gives its rules.
class Charts final : public sdk::TypedContract<v1::ChartsCommand, Rejection>,
                     public sdk::ChartsLookup {
 public:
    Charts();

    [[nodiscard]] bool holds(const sdk::Overlay::Change& change,
                             sdk::Context& context) const override;

    [[nodiscard]] std::optional<v1::Chart> chart(sdk::Overlay& state,
                                                 const ledger::ChartId& chart) const override;
    [[nodiscard]] std::optional<v1::Link> link(sdk::Overlay& state,
                                               const ledger::LinkId& link) const override;

 protected:
    [[nodiscard]] Rejection validate(const v1::ChartsCommand& command) const override;
    [[nodiscard]] Rejection authorize_command(const v1::ChartsCommand& command,
                                              sdk::Context& context) const override;
    [[nodiscard]] Rejection apply_command(const v1::ChartsCommand& command,
                                          sdk::Context& context) const override;
    [[nodiscard]] ledger::RejectionText describe_rejection(Rejection rejection) const override;
};

}  // namespace consilium::contracts::charts
