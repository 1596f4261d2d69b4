// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/ehr.pb.h"
#include "contracts/ehr/rejection.hpp"
#include "contracts/sdk/context.hpp"
#include "ledger/ids.hpp"

// The consent gate: whether what is asked may be served. It is coarse (link, purpose, action,
// moment), and the custodian may only narrow what it grants.
namespace consilium::contracts::ehr {

struct NamedLink {
    ledger::LinkId id;
    v1::Link row;
};
// The link of that id, open or closed.
[[nodiscard]] Result<NamedLink, Rejection> find_link(BytesView link_id, sdk::Context& context);

struct Question {
    BytesView requester;
    v1::PurposeOfUse purpose = v1::PURPOSE_OF_USE_UNSPECIFIED;
    v1::AccessAction action = v1::ACCESS_ACTION_UNSPECIFIED;
};
// Granted or denied, with the rule that decided: whose link it is, whether it is open, the
// patient's objections and consents in force, and the custodian's policy.
[[nodiscard]] v1::GateDecision decide(const NamedLink& link, const Question& question,
                                      sdk::Context& context);
// What is asked of a custodian before it is known which link it concerns: denied where its policy
// says never; granted where it is emergency access that needs no consent; else pending.
[[nodiscard]] v1::GateDecision decide_without_link(BytesView custodian, v1::PurposeOfUse purpose,
                                                   sdk::Context& context);

[[nodiscard]] v1::GateDecision denied(v1::DecisionRule rule);

}  // namespace consilium::contracts::ehr
