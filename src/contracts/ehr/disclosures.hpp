// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "consilium/v1/ehr.pb.h"
#include "contracts/ehr/rejection.hpp"
#include "contracts/sdk/context.hpp"

// Disclosures: what a custodian sent, what the counterparty received, and what an accounting of
// disclosures lists (45 CFR 164.528).
namespace consilium::contracts::ehr {

[[nodiscard]] Rejection validate_send(const v1::SendDisclosure& command);
[[nodiscard]] Rejection validate_by_law(const v1::DiscloseByLaw& command);
[[nodiscard]] Rejection validate_acknowledge(const v1::AcknowledgeDisclosure& command);

[[nodiscard]] Rejection apply_send(const v1::SendDisclosure& command, sdk::Context& context);
[[nodiscard]] Rejection apply_by_law(const v1::DiscloseByLaw& command, sdk::Context& context);
[[nodiscard]] Rejection apply_acknowledge(const v1::AcknowledgeDisclosure& command,
                                          sdk::Context& context);

// Lists disclosure `number` of the link among the accountable ones and notes the place in
// `disclosure`, which the caller writes.
[[nodiscard]] Rejection add_accountable(BytesView link_id, std::uint32_t number,
                                        BytesView recipient, v1::LegalBasis basis,
                                        v1::Disclosure& disclosure, sdk::Context& context);

}  // namespace consilium::contracts::ehr
