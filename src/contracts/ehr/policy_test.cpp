// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/policy.hpp"

#include "contracts/ehr/ehr_fixture.hpp"
#include "contracts/registry/registry.hpp"
#include "execution/apply_genesis.hpp"

namespace consilium::contracts::ehr {
namespace {

class EhrPolicyTest : public EhrTest {
 protected:
    EhrPolicyTest() { as("hospital", v1::ROLE_PRIVACY_OFFICER); }

    static v1::EhrCommand set_policy(std::uint32_t version = 0) {
        v1::EhrCommand out;
        auto& made = *out.mutable_set_policy();
        add(made, v1::POLICY_PARAMETER_TREATMENT, v1::POLICY_RULE_OPT_IN);
        add(made, v1::POLICY_PARAMETER_PAYMENT, v1::POLICY_RULE_OPT_OUT);
        made.set_version(version);
        return out;
    }
    static void add(v1::SetPolicy& to, v1::PolicyParameter parameter, v1::PolicyRule rule) {
        auto& entry = *to.add_entries();
        entry.set_parameter(parameter);
        entry.set_rule(rule);
    }
    template <typename Change>
    static v1::EhrCommand policy_with(const Change& change) {
        v1::EhrCommand out = set_policy();
        change(*out.mutable_set_policy());
        return out;
    }
    static v1::Policy policy_row(std::uint32_t version) {
        v1::Policy out;
        out.set_version(version);
        *out.mutable_entries() = set_policy().set_policy().entries();
        return out;
    }
};

TEST_F(EhrPolicyTest, TheOfficerSetsThePolicy) {
    give(set_policy());
    expect.row(kPolicy, policy_row(1));
}

TEST_F(EhrPolicyTest, ALaterPolicyReplacesIt) {
    given.row(kPolicy, policy_row(1));
    as("hospital", v1::ROLE_ADMINISTRATOR);
    auto payload = policy_with([](auto& p) {
        p.clear_entries();
        p.set_version(1);
        p.set_grant_life_ms(limits::kGrantLifeMsMax);
    });
    give(payload);
    v1::Policy row;
    row.set_version(2);
    row.set_grant_life_ms(limits::kGrantLifeMsMax);
    expect.row(kPolicy, row);
}

TEST_F(EhrPolicyTest, AClinicianSetsNone) {
    as("hospital", v1::ROLE_CLINICIAN);
    refuse(set_policy(), Rejection::kRole);
}

TEST_F(EhrPolicyTest, ComparesAndSets) {
    given.row(kPolicy, policy_row(2));
    refuse(set_policy(1), Rejection::kVersion);
}

TEST_F(EhrPolicyTest, TheFirstOneReplacesNone) {
    refuse(set_policy(1), Rejection::kVersion);
}

TEST_F(EhrPolicyTest, TheLastVersionIsTheLast) {
    const auto last = std::numeric_limits<std::uint32_t>::max();
    given.row(kPolicy, policy_row(last));
    refuse(set_policy(last), Rejection::kNumbersUsedUp);
}

TEST_F(EhrPolicyTest, RefusesAParameterTwice) {
    refuse(
        policy_with([](auto& p) { add(p, v1::POLICY_PARAMETER_PAYMENT, v1::POLICY_RULE_NEVER); }),
        Rejection::kPolicy);
}

TEST_F(EhrPolicyTest, RefusesParametersOutOfOrder) {
    refuse(policy_with(
               [](auto& p) { add(p, v1::POLICY_PARAMETER_BREAK_GLASS, v1::POLICY_RULE_NEVER); }),
           Rejection::kPolicy);
}

TEST_F(EhrPolicyTest, RefusesNoParameter) {
    refuse(policy_with([](auto& p) { p.mutable_entries(0)->clear_parameter(); }),
           Rejection::kPolicy);
}

TEST_F(EhrPolicyTest, RefusesNoRule) {
    refuse(policy_with([](auto& p) { p.mutable_entries(1)->clear_rule(); }), Rejection::kPolicy);
}

TEST_F(EhrPolicyTest, RefusesAGrantLifeBelowTheLeast) {
    refuse(policy_with([](auto& p) { p.set_grant_life_ms(limits::kGrantLifeMsMin - 1); }),
           Rejection::kGrantLife);
}

TEST_F(EhrPolicyTest, RefusesAGrantLifeAboveTheGreatest) {
    refuse(policy_with([](auto& p) { p.set_grant_life_ms(limits::kGrantLifeMsMax + 1); }),
           Rejection::kGrantLife);
}

TEST_F(EhrPolicyTest, AnUnknownFieldIsMalformed) {
    v1::Command bad = command(set_policy());
    bad.set_payload(Bytes("\x78\x01", 2));
    transaction.commands.push_back(bad);
    reject(Rejection::kMalformed);
}

TEST(EhrParameters, EachHasALeastAndAGreatest) {
    v1::EhrParameters good;
    good.set_grant_life_ms(limits::kGrantLifeMsMin);
    good.set_break_glass_review_ms(limits::kReviewMsMin);
    good.set_break_glass_per_user_day(1);
    good.set_break_glass_per_member_day(1);
    EXPECT_TRUE(are_parameters(good));
    const auto with = [&](const auto& change) {
        v1::EhrParameters out = good;
        change(out);
        return are_parameters(out);
    };
    EXPECT_TRUE(with([](auto& p) { p.set_grant_life_ms(limits::kGrantLifeMsMax); }));
    EXPECT_FALSE(with([](auto& p) { p.set_grant_life_ms(limits::kGrantLifeMsMax + 1); }));
    EXPECT_FALSE(with([](auto& p) { p.set_grant_life_ms(limits::kGrantLifeMsMin - 1); }));
    EXPECT_TRUE(with([](auto& p) { p.set_break_glass_review_ms(limits::kReviewMsMax); }));
    EXPECT_FALSE(with([](auto& p) { p.set_break_glass_review_ms(limits::kReviewMsMax + 1); }));
    EXPECT_FALSE(with([](auto& p) { p.set_break_glass_review_ms(limits::kReviewMsMin - 1); }));
    EXPECT_TRUE(
        with([](auto& p) { p.set_break_glass_per_user_day(limits::kBreakGlassPerUserDayMax); }));
    EXPECT_FALSE(with(
        [](auto& p) { p.set_break_glass_per_user_day(limits::kBreakGlassPerUserDayMax + 1); }));
    EXPECT_FALSE(with([](auto& p) { p.set_break_glass_per_user_day(0); }));
    EXPECT_TRUE(with(
        [](auto& p) { p.set_break_glass_per_member_day(limits::kBreakGlassPerMemberDayMax); }));
    EXPECT_FALSE(with(
        [](auto& p) { p.set_break_glass_per_member_day(limits::kBreakGlassPerMemberDayMax + 1); }));
    EXPECT_FALSE(with([](auto& p) { p.set_break_glass_per_member_day(0); }));
}

TEST(EhrParameters, GenesisWritesThemOrLeavesTheDefaults) {
    v1::GenesisState genesis = World::genesis();
    const Bytes key = *registry().key_from_path("ehr/policy");
    const Bytes row = key.substr(0, 1) + '\x01';
    const auto plain = execution::apply_genesis(proto::encode(genesis), registry());
    ASSERT_TRUE(plain.ok());
    EXPECT_FALSE(plain->diff.contains(row));
    auto& parameters = *genesis.mutable_ehr();
    parameters.set_grant_life_ms(limits::kGrantLifeMsMin);
    parameters.set_break_glass_review_ms(limits::kReviewMsMin);
    parameters.set_break_glass_per_user_day(2);
    EXPECT_FALSE(execution::apply_genesis(proto::encode(genesis), registry()).ok());
    parameters.set_break_glass_per_member_day(3);
    const auto said = execution::apply_genesis(proto::encode(genesis), registry());
    ASSERT_TRUE(said.ok());
    EXPECT_EQ(said->diff.at(row), proto::encode(parameters));
}

TEST(Ehr, EveryRejectionIsDescribed) {
    const Ehr contract;
    std::set<std::string_view> names;
    for (sdk::Code code = 1; code <= static_cast<sdk::Code>(Rejection::kReviewed); ++code) {
        EXPECT_FALSE(contract.describe(code).text.empty()) << code;
        EXPECT_TRUE(names.insert(contract.describe(code).name).second) << code;
    }
    EXPECT_TRUE(contract.describe(static_cast<sdk::Code>(Rejection::kReviewed) + 1).name.empty());
}

}  // namespace
}  // namespace consilium::contracts::ehr
