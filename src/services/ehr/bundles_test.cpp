// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/fhir_fixture.hpp"

namespace consilium::services::ehr {
namespace {

Bytes bundle(const std::string& type, const std::vector<std::string>& entries) {
    Bytes out = R"({"resourceType":"Bundle","type":")" + type + R"(","entry":[)";
    for (std::size_t i = 0; i < entries.size(); ++i)
        out += (i == 0 ? "" : ",") + entries[i];
    return out + "]}";
}

std::string entry(const std::string& full_url, const std::string& resource,
                  const std::string& method, const std::string& url, const std::string& more = "") {
    return R"({"fullUrl":")" + full_url + R"(","resource":)" + resource +
           R"(,"request":{"method":")" + method + R"(","url":")" + url + '"' + more + "}}";
}

const std::string kPatient = R"({"resourceType":"Patient"})";

TEST_F(FhirTest, ATransactionResolvesItsUuidsWhateverTheOrder) {
    const auto reply =
        post("", bundle("transaction",
                        {entry("urn:uuid:o", observation_of("urn:uuid:p"), "POST", "Observation"),
                         entry("urn:uuid:p", kPatient, "POST", "Patient")}));
    ASSERT_TRUE(reply.ok()) << reply.error().issues[0].text;
    EXPECT_EQ(entries_of(reply->body), 2U);
    EXPECT_NE(reply->body.find("201 Created"), Bytes::npos);
    EXPECT_EQ(reply->body.find("urn:uuid"), Bytes::npos);
    EXPECT_EQ(count("Observation"), 1U);
}

TEST_F(FhirTest, ATransactionIsAllOrNothingAndNamesAllThatIsWrong) {
    const auto reply =
        post("", bundle("transaction",
                        {entry("urn:uuid:p", kPatient, "POST", "Patient"),
                         entry("urn:uuid:a", observation_of("urn:uuid:x"), "POST", "Observation"),
                         entry("urn:uuid:b", R"({"resourceType":"Condition","bad":1})", "POST",
                               "Condition")}));
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().status, 422);
    ASSERT_EQ(reply.error().issues.size(), 2U);
    EXPECT_EQ(reply.error().issues[0].expression, "Bundle.entry[1].resource.subject");
    EXPECT_EQ(reply.error().issues[1].expression, "Bundle.entry[2].resource.bad");
    EXPECT_EQ(count("Patient"), 0U);
    EXPECT_EQ(vault->totals().documents, 0U);
}

TEST_F(FhirTest, ConditionalReferencesNameWhatIsStored) {
    create("Practitioner",
           R"({"resourceType":"Practitioner","identifier":[{"system":"npi","value":"1"}]})");
    const auto make = [](const std::string& number) {
        const std::string patient = R"({"resourceType":"Patient","generalPractitioner":[)"
                                    R"({"reference":"Practitioner?identifier=npi|)" +
                                    number + R"("}]})";
        return bundle("transaction", {entry("urn:uuid:p", patient, "POST", "Patient")});
    };
    EXPECT_TRUE(post("", make("1")).ok());
    const auto unknown = post("", make("2"));
    EXPECT_EQ(unknown.error().status, 422);
    EXPECT_EQ(unknown.error().issues[0].expression,
              "Bundle.entry[0].resource.generalPractitioner[0]");
    create("Practitioner",
           R"({"resourceType":"Practitioner","identifier":[{"system":"npi","value":"1"}]})");
    EXPECT_EQ(post("", make("1")).error().issues[0].code, "multiple-matches");
}

TEST_F(FhirTest, DeletionsComeFirstAndReadsLast) {
    const std::string old_one = new_patient();
    const auto reply = post(
        "",
        bundle("transaction", {R"({"request":{"method":"GET","url":"Patient?_count=10"}})",
                               entry("urn:uuid:p", kPatient, "POST", "Patient"),
                               R"({"request":{"method":"DELETE","url":")" + old_one + R"("}})"}));
    ASSERT_TRUE(reply.ok()) << reply.error().issues[0].text;
    EXPECT_NE(reply->body.find(R"("total":1)"), Bytes::npos);
    EXPECT_NE(reply->body.find("204 No Content"), Bytes::npos);
    // What refers to something deleted by the same transaction dangles.
    const std::string other = new_patient();
    EXPECT_EQ(post("", bundle("transaction",
                              {R"({"request":{"method":"DELETE","url":")" + other + R"("}})",
                               entry("urn:uuid:o", observation_of(other), "POST", "Observation")}))
                  .error()
                  .status,
              422);
    EXPECT_EQ(get(other)->status, 200);
}

TEST_F(FhirTest, TwoEntriesAboutOneResourceAreRefused) {
    const std::string body = R"({"resourceType":"Patient","id":"a"})";
    const auto reply = post("", bundle("transaction", {entry("x", body, "PUT", "Patient/a"),
                                                       entry("y", body, "PUT", "Patient/a")}));
    EXPECT_EQ(reply.error().issues[0].code, "duplicate");
    EXPECT_EQ(count("Patient"), 0U);
}

TEST_F(FhirTest, OneFullUrlNamesOneEntryAndOneConditionOneResource) {
    const auto twice =
        post("", bundle("transaction", {entry("urn:uuid:p", kPatient, "POST", "Patient"),
                                        entry("urn:uuid:p", kPatient, "POST", "Patient")}));
    EXPECT_EQ(twice.error().issues[0].code, "duplicate");
    const std::string once = R"(,"ifNoneExist":"identifier=s|1")";
    const auto both =
        post("", bundle("transaction", {entry("urn:uuid:1", kPatient, "POST", "Patient", once),
                                        entry("urn:uuid:2", kPatient, "POST", "Patient", once)}));
    EXPECT_EQ(both.error().issues[0].code, "duplicate");
    EXPECT_EQ(count("Patient"), 0U);
}

TEST_F(FhirTest, ABatchTakesWhatItCan) {
    const auto reply = post(
        "",
        bundle(
            "batch",
            {entry("urn:uuid:1", R"({"resourceType":"Patient","bad":1})", "POST", "Patient"),
             entry("urn:uuid:2", kPatient, "POST", "Patient"),
             entry("urn:uuid:3", kPatient, "POST", "Nonsense"),
             entry("urn:uuid:4",
                   R"({"resourceType":"Organization","identifier":[{"system":"s","value":"1"}]})",
                   "POST", "Organization", R"(,"ifNoneExist":"identifier=s|1")"),
             entry("urn:uuid:5",
                   R"({"resourceType":"Organization","identifier":[{"system":"s","value":"1"}]})",
                   "POST", "Organization", R"(,"ifNoneExist":"identifier=s|1")")}));
    ASSERT_TRUE(reply.ok());
    EXPECT_EQ(entries_of(reply->body), 5U);
    EXPECT_NE(reply->body.find("422 Unprocessable Content"), Bytes::npos);
    EXPECT_NE(reply->body.find("400 Bad Request"), Bytes::npos);
    EXPECT_EQ(count("Patient"), 1U);
    EXPECT_EQ(count("Organization"), 1U);
}

TEST_F(FhirTest, ReadsOfOneBundleAnswerNoMoreThanOneBodyHolds) {
    const std::string patient = new_patient();
    std::string large = observation_of(patient);
    large.insert(large.size() - 1, R"(,"note":[{"text":")" + std::string(900'000, 'x') + R"("}])");
    const std::string name = create("Observation", large);
    const std::string get = R"({"request":{"method":"GET","url":")" + name + R"("}})";
    const std::size_t fit = kBodyBytesMax / this->get(name)->body.size();
    for (const char* type : {"batch", "transaction"}) {
        const auto all = post("", bundle(type, std::vector<std::string>(fit, get)));
        ASSERT_TRUE(all.ok());
        EXPECT_EQ(all->body.find("413"), Bytes::npos);
        auto entries = std::vector<std::string>(fit + 1, get);
        entries.push_back(entry("urn:uuid:p", kPatient, "POST", "Patient"));
        const auto more = post("", bundle(type, entries));
        ASSERT_TRUE(more.ok());
        EXPECT_LT(more->body.size(), kBodyBytesMax + (1U << 20U));
        EXPECT_NE(more->body.find("413"), Bytes::npos);
        EXPECT_NE(more->body.find("201 Created"), Bytes::npos);
    }
}

TEST_F(FhirTest, BundlesThatAreNone) {
    EXPECT_EQ(post("", "{").error().status, 400);
    EXPECT_EQ(post("", kPatient).error().status, 400);
    EXPECT_EQ(post("", bundle("collection", {})).error().issues[0].expression, "Bundle.type");
    EXPECT_EQ(post("", bundle("transaction", {"{}"})).error().issues[0].expression,
              "Bundle.entry[0].request");
    EXPECT_EQ(post("", bundle("transaction", {entry("x", kPatient, "POST", "Patient/1")}))
                  .error()
                  .issues[0]
                  .expression,
              "Bundle.entry[0].request.url");
    EXPECT_EQ(entries_of(post("", bundle("transaction", {}))->body), 0U);
    EXPECT_EQ(
        post("", R"({"resourceType":"Bundle","type":"transaction","entry":{}})").error().status,
        413);
}

TEST_F(FhirTest, ALargeResourceGoesInWithOthers) {
    const std::string text(300'000, 'x');
    const auto reply = post(
        "", bundle("transaction", {entry("urn:uuid:p", kPatient, "POST", "Patient"),
                                   entry("urn:uuid:d",
                                         R"({"resourceType":"DocumentReference","description":")" +
                                             text + R"(","subject":{"reference":"urn:uuid:p"}})",
                                         "POST", "DocumentReference")}));
    ASSERT_TRUE(reply.ok());
    EXPECT_EQ(count("DocumentReference"), 1U);
}

}  // namespace
}  // namespace consilium::services::ehr
