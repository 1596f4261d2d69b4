// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/policy.hpp"

#include "base/limits.hpp"
#include "contracts/sdk/record_keys.hpp"

namespace consilium::contracts::ehr {
namespace {

bool within(std::uint64_t value, std::uint64_t least, std::uint64_t greatest) {
    return least <= value && value <= greatest;
}

bool is_grant_life(std::uint64_t life_ms) {
    return within(life_ms, limits::kGrantLifeMsMin, limits::kGrantLifeMsMax);
}

}  // namespace

v1::EhrParameters parameters(sdk::Context& context) {
    if (auto row = context.get<v1::EhrParameters>(sdk::ehr_parameters_row())) return *row;
    v1::EhrParameters out;
    out.set_grant_life_ms(limits::kGrantLifeMsDefault);
    out.set_break_glass_review_ms(limits::kReviewMsDefault);
    out.set_break_glass_per_user_day(limits::kBreakGlassPerUserDayDefault);
    out.set_break_glass_per_member_day(limits::kBreakGlassPerMemberDayDefault);
    return out;
}

bool are_parameters(const v1::EhrParameters& parameters) {
    return is_grant_life(parameters.grant_life_ms()) &&
           within(parameters.break_glass_review_ms(), limits::kReviewMsMin, limits::kReviewMsMax) &&
           within(parameters.break_glass_per_user_day(), 1, limits::kBreakGlassPerUserDayMax) &&
           within(parameters.break_glass_per_member_day(), 1, limits::kBreakGlassPerMemberDayMax);
}

std::optional<v1::Policy> policy_of(BytesView custodian, sdk::Context& context) {
    return context.get<v1::Policy>(sdk::policy_row(custodian));
}

UnixMs grant_expiry(BytesView custodian, sdk::Context& context) {
    const auto policy = policy_of(custodian, context);
    const std::uint64_t life_ms = policy && policy->grant_life_ms() != 0
                                      ? policy->grant_life_ms()
                                      : parameters(context).grant_life_ms();
    return {context.block().time.value + life_ms};
}

Rejection validate_policy(const v1::SetPolicy& command) {
    int last = v1::POLICY_PARAMETER_UNSPECIFIED;
    for (const v1::PolicyEntry& entry : command.entries()) {
        if (entry.parameter() <= last || entry.rule() == v1::POLICY_RULE_UNSPECIFIED)
            return Rejection::kPolicy;
        last = entry.parameter();
    }
    return command.grant_life_ms() == 0 || is_grant_life(command.grant_life_ms())
               ? Rejection::kNone
               : Rejection::kGrantLife;
}

Rejection apply_policy(const v1::SetPolicy& command, sdk::Context& context) {
    const auto before = policy_of(context.member_id(), context);
    const std::uint32_t version = before ? before->version() : 0;
    if (version != command.version()) return Rejection::kVersion;
    if (version == std::numeric_limits<std::uint32_t>::max()) return Rejection::kNumbersUsedUp;
    v1::Policy policy;
    policy.set_version(version + 1);
    *policy.mutable_entries() = command.entries();
    policy.set_grant_life_ms(command.grant_life_ms());
    context.put(sdk::policy_row(context.member_id()), policy);
    return Rejection::kNone;
}

}  // namespace consilium::contracts::ehr
