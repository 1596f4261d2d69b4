// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/names.hpp"

#include <gtest/gtest.h>

#include "base/rfc3339.hpp"
#include "formats/fhir/primitive.hpp"
#include "services/ehr/call.hpp"
#include "services/ehr/issue.hpp"

namespace consilium::services::ehr {
namespace {

TEST(Names, Ids) {
    EXPECT_TRUE(formats::fhir::is_logical_id("a.B-9"));
    EXPECT_TRUE(formats::fhir::is_logical_id(std::string(64, 'x')));
    EXPECT_FALSE(formats::fhir::is_logical_id(std::string(65, 'x')));
    EXPECT_FALSE(formats::fhir::is_logical_id(""));
    EXPECT_FALSE(formats::fhir::is_logical_id("a_b"));
    EXPECT_FALSE(formats::fhir::is_logical_id("a/b"));
    EXPECT_TRUE(formats::fhir::is_logical_id(new_fhir_id()));
    EXPECT_NE(new_fhir_id(), new_fhir_id());
}

TEST(Names, Types) {
    EXPECT_TRUE(is_resource_type("Patient"));
    EXPECT_TRUE(is_resource_type("VisionPrescription"));
    EXPECT_FALSE(is_resource_type("patient"));
    EXPECT_FALSE(is_resource_type("Parameters"));
    EXPECT_FALSE(is_resource_type("DomainResource"));
}

TEST(Names, References) {
    EXPECT_EQ(parse_reference("Patient/1", "")->id, "1");
    EXPECT_EQ(parse_reference("Patient/1/_history/2", "")->version, "2");
    EXPECT_EQ(parse_reference("https://h/fhir/Patient/1", "https://h/fhir")->type, "Patient");
    EXPECT_FALSE(parse_reference("https://i/fhir/Patient/1", "https://h/fhir"));
    EXPECT_FALSE(parse_reference("Patient", ""));
    EXPECT_FALSE(parse_reference("Patient/", ""));
    EXPECT_FALSE(parse_reference("Patient/1/x", ""));
    EXPECT_FALSE(parse_reference("#p", ""));
    EXPECT_EQ(parse_conditional_reference("Practitioner?identifier=a|b")->query, "identifier=a|b");
    EXPECT_FALSE(parse_conditional_reference("Nonsense?identifier=a"));
}

TEST(Names, VersionsAndEtags) {
    EXPECT_EQ(parse_version("1"), 1U);
    EXPECT_EQ(parse_version("4294967295"), 4294967295U);
    for (const char* bad : {"0", "01", "-1", "4294967296", "", "1 "})
        EXPECT_FALSE(parse_version(bad)) << bad;
    EXPECT_EQ(version_of_etag("W/\"3\""), 3U);
    EXPECT_EQ(version_of_etag("\"3\""), 3U);
    for (const char* bad : {"3", "W/3", "\"\"", "W/\"x\"", "\""})
        EXPECT_FALSE(version_of_etag(bad)) << bad;
}

TEST(Names, HttpDates) {
    // RFC 9110 section 5.6.7.
    const auto time = from_rfc3339("1994-11-06T08:49:37.250Z");
    EXPECT_EQ(http_date(*time), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"),
              from_rfc3339("1994-11-06T08:49:37Z"));
    for (const char* bad : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Now 1994 08:49:37 GMT",
                            "Sun, 36 Nov 1994 08:49:37 GMT"})
        EXPECT_FALSE(parse_http_date(bad)) << bad;
}

TEST(Names, OutcomesAreEscaped) {
    EXPECT_EQ(operation_outcome({{"error", "invalid", "a \"text\"", "Patient.name"}}),
              R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid",)"
              R"("diagnostics":"a \"text\"","expression":["Patient.name"]}]})");
}

}  // namespace
}  // namespace consilium::services::ehr
