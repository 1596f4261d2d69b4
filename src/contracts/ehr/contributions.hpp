// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "consilium/v1/ehr.pb.h"
#include "contracts/ehr/rejection.hpp"
#include "contracts/sdk/context.hpp"

// Contributions: documents that a counterparty offers to a custodian's chart.
namespace consilium::contracts::ehr {

[[nodiscard]] Rejection validate_offer(const v1::OfferContribution& command);
[[nodiscard]] Rejection validate_accept(const v1::AcceptContribution& command);
[[nodiscard]] Rejection validate_reject(const v1::RejectContribution& command);

[[nodiscard]] Rejection apply_offer(const v1::OfferContribution& command, sdk::Context& context);
[[nodiscard]] Rejection apply_accept(const v1::AcceptContribution& command, sdk::Context& context);
[[nodiscard]] Rejection apply_reject(const v1::RejectContribution& command, sdk::Context& context);

}  // namespace consilium::contracts::ehr
