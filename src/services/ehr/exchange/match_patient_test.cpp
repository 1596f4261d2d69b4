// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/match_patient.hpp"

#include <gtest/gtest.h>

#include "formats/json/parse.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr const char* kVerena = R"({"resourceType":"Patient","id":"p","active":true,
 "name":[{"use":"official","family":"M\u00fcller-Lux","given":["Verena","Anna Maria"]},
         {"use":"maiden","family":"Beispiel","given":["Verena"]},
         {"text":"nobody"}],
 "birthDate":"1961-04-30",
 "identifier":[{"system":"urn:a","value":"7"},{"system":"urn:b","value":"8"},{"value":"9"}]})";

bool meant(const v1::NamedPatient& named, const std::string& patient = kVerena) {
    const auto parsed = formats::json::parse(patient, 4096);
    EXPECT_TRUE(parsed.ok());
    return is_meant(parsed->root(), named);
}

v1::NamedPatient person(const std::string& family, const std::string& given,
                        const std::string& born = "1961-04-30") {
    v1::NamedPatient out;
    out.set_family(family);
    out.set_given(given);
    out.set_birth_date(born);
    return out;
}

v1::NamedPatient identified(const std::string& system, const std::string& value) {
    v1::NamedPatient out;
    out.set_identifier_system(system);
    out.set_identifier_value(value);
    return out;
}

TEST(MatchPatient, NamesAreComparedWholeAndFolded) {
    EXPECT_TRUE(meant(person("M\xc3\xbcller-Lux", "Verena")));
    EXPECT_TRUE(meant(person("MULLER-LUX", " verena ")));
    EXPECT_TRUE(meant(person("muller-lux", "anna maria")));
    EXPECT_TRUE(meant(person("muller-lux", "Verena Anna Maria")));
    EXPECT_TRUE(meant(person("Beispiel", "Verena")));
    // Of two names one each is nobody's; so are parts, patterns and lists.
    EXPECT_FALSE(meant(person("Beispiel", "Anna Maria")));
    for (const char* family : {"Muller", "M%", "*", "Muller-Lux,Beispiel", "", "muller-lux\\"})
        EXPECT_FALSE(meant(person(family, "Verena"))) << family;
    for (const char* given : {"V", "Ver*", "Verena,Anna", "", "Anna", "Maria"})
        EXPECT_FALSE(meant(person("muller-lux", given))) << given;
}

TEST(MatchPatient, ABirthDateIsAFullDate) {
    for (const char* born : {"", "1961", "1961-04", "1961-04-3", "ge1961-04-30", "1961-04-30T00:00",
                             "1961-05-30", "1961-04-30,1961-04-30"})
        EXPECT_FALSE(meant(person("muller-lux", "Verena", born))) << born;
}

TEST(MatchPatient, AnIdentifierIsSystemAndValue) {
    EXPECT_TRUE(meant(identified("urn:a", "7")));
    EXPECT_TRUE(meant(identified("urn:b", "8")));
    EXPECT_FALSE(meant(identified("urn:a", "8")));
    EXPECT_FALSE(meant(identified("", "9")));
    EXPECT_FALSE(meant(identified("urn:a", "")));
    EXPECT_FALSE(meant(identified("urn:a", "7,8")));
    EXPECT_FALSE(meant(identified("", "")));
}

TEST(MatchPatient, AllThatIsGivenMustMatch) {
    auto both = identified("urn:a", "7");
    both.set_family("muller-lux");
    EXPECT_TRUE(meant(both));
    both.set_given("Beate");
    EXPECT_FALSE(meant(both));
    both.set_given("Verena");
    both.set_birth_date("1961-04-30");
    EXPECT_TRUE(meant(both));
    both.set_birth_date("1961-04-29");
    EXPECT_FALSE(meant(both));
    auto wrong = person("muller-lux", "Verena");
    wrong.set_identifier_system("urn:a");
    wrong.set_identifier_value("8");
    EXPECT_FALSE(meant(wrong));
}

TEST(MatchPatient, WhoIsNoActivePatientIsNobody) {
    const auto named = identified("urn:a", "7");
    const std::string id = R"("identifier":[{"system":"urn:a","value":"7"}]})";
    EXPECT_TRUE(meant(named, R"({"resourceType":"Patient",)" + id));
    EXPECT_FALSE(meant(named, R"({"resourceType":"Patient","active":false,)" + id));
    EXPECT_FALSE(meant(named, R"({"resourceType":"Practitioner",)" + id));
    EXPECT_FALSE(meant(named, "[]"));
}

TEST(MatchPatient, AQueryIsDataAlone) {
    EXPECT_EQ(candidates_query(identified("urn:a", "7,8|9$\\")),
              "identifier=urn:a%7C7%5C,8%5C%7C9%5C$%5C%5C");
    EXPECT_EQ(candidates_query(person("a,b", "c")), "family=a%5C,b&birthdate=1961-04-30");
}

}  // namespace
}  // namespace consilium::services::ehr::exchange
