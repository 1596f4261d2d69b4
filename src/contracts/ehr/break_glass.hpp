// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "consilium/v1/ehr.pb.h"
#include "contracts/ehr/rejection.hpp"
#include "contracts/sdk/context.hpp"

// Emergency access (45 CFR 164.312(a)(2)(ii)): who may break the glass, how often, and the reviews
// that follow.
namespace consilium::contracts::ehr {

// The rule that keeps this member's user from breaking the glass now, unspecified when none does.
[[nodiscard]] v1::DecisionRule break_glass_rule(sdk::Context& context);

// The glass is broken with that request: counts it, sets the deadline of its review and writes down
// who owes one.
void record_break_glass(v1::AccessRequest& request, BytesView id, std::uint32_t number,
                        sdk::Context& context);

// A request moves from a fresh id to a link: the reviews that are still owed move with it.
void move_reviews(const v1::AccessRequest& request, BytesView from_id, BytesView link_id,
                  std::uint32_t number, sdk::Context& context);

[[nodiscard]] Rejection validate_clear(const v1::ClearUsers& command);
[[nodiscard]] Rejection apply_clear(const v1::ClearUsers& command, sdk::Context& context);
[[nodiscard]] Rejection validate_review(const v1::ReviewBreakGlass& command);
[[nodiscard]] Rejection apply_review(const v1::ReviewBreakGlass& command, sdk::Context& context);

}  // namespace consilium::contracts::ehr
