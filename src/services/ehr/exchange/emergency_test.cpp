// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/emergency.hpp"

#include <gtest/gtest.h>

namespace consilium::services::ehr::exchange {
namespace {

TEST(Emergency, AHeaderGivesCodeAndText) {
    const auto reason = read_emergency_header("treatment-cannot-wait; chest%20pain%2C M%C3%BCller");
    ASSERT_TRUE(reason);
    EXPECT_EQ(reason->code, v1::EMERGENCY_REASON_TREATMENT_CANNOT_WAIT);
    EXPECT_EQ(reason->text, "chest pain, M\xc3\xbcller");
    EXPECT_TRUE(read_emergency_header(" patient-cannot-consent ;x"));
    for (const char* bad :
         {"", "treatment-cannot-wait", "treatment-cannot-wait;", "treatment-cannot-wait; %20",
          "unspecified; x", "TREATMENT; x", "; x", "treatment-cannot-wait; %zz",
          "treatment-cannot-wait; %ff", "treatment-cannot-wait; x%00"})
        EXPECT_FALSE(read_emergency_header(bad)) << bad;
    const std::string code = "public-emergency;";
    EXPECT_TRUE(read_emergency_header(code + std::string(kReasonBytesMax, 'x')));
    EXPECT_FALSE(read_emergency_header(code + std::string(kReasonBytesMax + 1, 'x')));
}

std::string order(const std::string& patient,
                  const std::string& more = R"("custodian":"hospital",)") {
    return "{" + more + R"("reason_code":"public-emergency","reason":"flood","patient":)" +
           patient + "}";
}

TEST(Emergency, AnOrderNamesAPatientInFullOrByCard) {
    const auto named = read_emergency_order(
        order(R"({"family":"Muster","given":"Verena","birth_date":"1961-04-30"})"));
    ASSERT_TRUE(named && named->named);
    EXPECT_EQ(named->custodian, "hospital");
    EXPECT_EQ(named->named->given(), "Verena");
    EXPECT_TRUE(named->ask.resource_type().empty());
    const auto by_identifier =
        read_emergency_order(order(R"({"identifier":{"system":"urn:x","value":"7"}})"));
    ASSERT_TRUE(by_identifier && by_identifier->named);
    EXPECT_EQ(by_identifier->named->identifier_value(), "7");
    const auto by_card =
        read_emergency_order(order(R"("p1")", R"("ask":"Observation?category=laboratory",)"));
    ASSERT_TRUE(by_card);
    EXPECT_FALSE(by_card->named);
    EXPECT_EQ(by_card->patient, "p1");
    EXPECT_EQ(by_card->ask.resource_type(), "Observation");
    EXPECT_EQ(by_card->ask.query(), "category=laboratory");
}

TEST(Emergency, WhoIsNotNamedInFullIsNotLookedFor) {
    for (const char* bad :
         {R"({})", R"({"family":"Muster"})", R"({"family":"Muster","given":"Verena"})",
          R"({"family":"Muster","birth_date":"1961-04-30"})",
          R"({"given":"Verena","birth_date":"1961-04-30"})",
          R"({"family":"","given":"","birth_date":""})",
          R"({"family":"Muster","given":"Verena","birth_date":"1961"})",
          R"({"family":"Muster","given":"Verena","birth_date":"ge1961-04-30"})",
          R"({"family":"Muster","given":"Verena","birth_date":"1961-04-3%"})",
          R"({"identifier":{"value":"7"}})", R"({"identifier":{"system":"urn:x"}})",
          R"({"identifier":{"system":"urn:x","value":""}})", R"({"identifier":"7"})",
          R"({"family":"Muster","given":"Verena","birth_date":"1961-04-30",)"
          R"("identifier":{"system":"x"}})",
          R"({"family":["Muster"],"given":"Verena","birth_date":"1961-04-30"})",
          R"({"name":"Verena","family":"Muster","given":"Verena","birth_date":"1961-04-30"})"})
        EXPECT_FALSE(read_emergency_order(order(bad))) << bad;
    const std::string good = R"({"identifier":{"system":"urn:x","value":"7"}})";
    EXPECT_TRUE(read_emergency_order(order(good)));
    EXPECT_FALSE(read_emergency_order(order(good, "")));
    EXPECT_FALSE(read_emergency_order(order(good, R"("custodian":"Not A Member",)")));
    EXPECT_FALSE(read_emergency_order(order(good, R"("custodian":"hospital","more":1,)")));
    EXPECT_FALSE(read_emergency_order(order(good, R"("custodian":"hospital","ask":"Nonsense",)")));
    EXPECT_FALSE(read_emergency_order(R"({"custodian":"hospital","patient":"p1"})"));
    EXPECT_FALSE(read_emergency_order("[]"));
}

}  // namespace
}  // namespace consilium::services::ehr::exchange
