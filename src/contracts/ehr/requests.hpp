// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "consilium/v1/ehr.pb.h"
#include "contracts/ehr/rejection.hpp"
#include "contracts/sdk/context.hpp"

// Requests, from filing to the custodian's refusal.
namespace consilium::contracts::ehr {

[[nodiscard]] Rejection validate_request(const v1::RequestAccess& command);
[[nodiscard]] Rejection validate_without_card(const v1::RequestWithoutCard& command);
[[nodiscard]] Rejection validate_bind(const v1::BindRequest& command);
[[nodiscard]] Rejection validate_refuse(const v1::RefuseRequest& command);

[[nodiscard]] Rejection apply_request(const v1::RequestAccess& command, sdk::Context& context);
[[nodiscard]] Rejection apply_without_card(const v1::RequestWithoutCard& command,
                                           sdk::Context& context);
[[nodiscard]] Rejection apply_bind(const v1::BindRequest& command, sdk::Context& context);
[[nodiscard]] Rejection apply_refuse(const v1::RefuseRequest& command, sdk::Context& context);

// Tells the custodian of a new row.
void add_to_inbox(BytesView custodian, v1::InboxKind kind, BytesView id, std::uint32_t number,
                  sdk::Context& context);

}  // namespace consilium::contracts::ehr
