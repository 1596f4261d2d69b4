// SPDX-License-Identifier: Apache-2.0
#include "contracts/sdk/purpose.hpp"

#include <gtest/gtest.h>

namespace consilium::contracts::sdk {
namespace {

// The whole table, written down: what each named purpose covers besides itself.
TEST(Purpose, CoversItselfAndWhatLiesBelowIt) {
    const std::map<int, std::set<int>> below = {
        {v1::PURPOSE_OF_USE_TREAT, {v1::PURPOSE_OF_USE_ETREAT, v1::PURPOSE_OF_USE_COC}},
        {v1::PURPOSE_OF_USE_HOPERAT, {v1::PURPOSE_OF_USE_CAREMGT}},
        {v1::PURPOSE_OF_USE_HRESCH, {v1::PURPOSE_OF_USE_CLINTRCH}},
    };
    for (int named = v1::PurposeOfUse_MIN; named <= v1::PurposeOfUse_MAX; ++named) {
        for (int asked = v1::PurposeOfUse_MIN; asked <= v1::PurposeOfUse_MAX; ++asked) {
            const auto found = below.find(named);
            const bool want =
                named != 0 &&
                (named == asked || (found != below.end() && found->second.contains(asked)));
            EXPECT_EQ(
                covers(static_cast<v1::PurposeOfUse>(named), static_cast<v1::PurposeOfUse>(asked)),
                want)
                << named << " " << asked;
        }
    }
}

TEST(Purpose, BreakingTheGlassIsCoveredOnlyWhereItIsNamed) {
    EXPECT_TRUE(covers(v1::PURPOSE_OF_USE_BTG, v1::PURPOSE_OF_USE_BTG));
    EXPECT_FALSE(covers(v1::PURPOSE_OF_USE_TREAT, v1::PURPOSE_OF_USE_BTG));
    EXPECT_FALSE(covers(v1::PURPOSE_OF_USE_ETREAT, v1::PURPOSE_OF_USE_BTG));
}

TEST(Purpose, EveryPurposeHasAParameter) {
    for (int purpose = v1::PurposeOfUse_MIN; purpose <= v1::PurposeOfUse_MAX; ++purpose) {
        EXPECT_EQ(parameter_of(static_cast<v1::PurposeOfUse>(purpose)) ==
                      v1::POLICY_PARAMETER_UNSPECIFIED,
                  purpose == 0)
            << purpose;
    }
    EXPECT_EQ(parameter_of(v1::PURPOSE_OF_USE_COC), v1::POLICY_PARAMETER_TREATMENT);
    EXPECT_EQ(parameter_of(v1::PURPOSE_OF_USE_FAMRQT), v1::POLICY_PARAMETER_INDIVIDUAL_REQUEST);
}

TEST(Purpose, WithoutAPolicyConsentIsAskedForButInAnEmergency) {
    for (int parameter = 1; parameter <= v1::PolicyParameter_MAX; ++parameter) {
        const auto rule = rule_of(nullptr, static_cast<v1::PolicyParameter>(parameter));
        EXPECT_EQ(rule, parameter == v1::POLICY_PARAMETER_BREAK_GLASS ? v1::POLICY_RULE_OPT_OUT
                                                                      : v1::POLICY_RULE_OPT_IN);
    }
    v1::Policy policy;
    EXPECT_EQ(rule_of(&policy, v1::POLICY_PARAMETER_TREATMENT), v1::POLICY_RULE_OPT_IN);
    auto& entry = *policy.add_entries();
    entry.set_parameter(v1::POLICY_PARAMETER_TREATMENT);
    entry.set_rule(v1::POLICY_RULE_NEVER);
    EXPECT_EQ(rule_of(&policy, v1::POLICY_PARAMETER_TREATMENT), v1::POLICY_RULE_NEVER);
    EXPECT_EQ(rule_of(&policy, v1::POLICY_PARAMETER_BREAK_GLASS), v1::POLICY_RULE_OPT_OUT);
}

}  // namespace
}  // namespace consilium::contracts::sdk
