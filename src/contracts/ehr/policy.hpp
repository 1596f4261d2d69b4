// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/time.hpp"
#include "consilium/v1/ehr.pb.h"
#include "contracts/ehr/rejection.hpp"
#include "contracts/sdk/context.hpp"

// The network's parameters and custodians' policies.
namespace consilium::contracts::ehr {

// What genesis said, else the defaults.
[[nodiscard]] v1::EhrParameters parameters(sdk::Context& context);
[[nodiscard]] bool are_parameters(const v1::EhrParameters& parameters);

[[nodiscard]] std::optional<v1::Policy> policy_of(BytesView custodian, sdk::Context& context);
// Until when a grant made now may be served.
[[nodiscard]] UnixMs grant_expiry(BytesView custodian, sdk::Context& context);

[[nodiscard]] Rejection validate_policy(const v1::SetPolicy& command);
[[nodiscard]] Rejection apply_policy(const v1::SetPolicy& command, sdk::Context& context);

}  // namespace consilium::contracts::ehr
