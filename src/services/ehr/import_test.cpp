// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "services/ehr/fhir_fixture.hpp"
#include "services/ehr/validate_resource.hpp"

namespace consilium::services::ehr {
namespace {

const std::string kKey(64, 'a');

std::string post_entry(const std::string& url, const std::string& resource,
                       const std::string& type) {
    return R"({"fullUrl":")" + url + R"(","resource":)" + resource +
           R"(,"request":{"method":"POST","url":")" + type + R"("}})";
}

// One good entry, two faulty ones, two that refer to a faulty one (the last through the other).
Bytes imperfect() {
    return R"({"resourceType":"Bundle","type":"transaction","entry":[)" +
           post_entry("urn:uuid:p", R"({"resourceType":"Patient"})", "Patient") + ',' +
           post_entry("urn:uuid:e", R"({"resourceType":"Encounter","bad":1})", "Encounter") + ',' +
           post_entry("urn:uuid:o",
                      R"({"resourceType":"Observation","encounter":{"reference":"urn:uuid:e"}})",
                      "Observation") +
           ',' +
           post_entry(
               "urn:uuid:d",
               R"({"resourceType":"DiagnosticReport","result":[{"reference":"urn:uuid:o"}]})",
               "DiagnosticReport") +
           ',' +
           post_entry("urn:uuid:c",
                      R"({"resourceType":"Condition","subject":{"reference":"urn:uuid:nobody"}})",
                      "Condition") +
           "]}";
}

TEST_F(FhirTest, AnImportTakesWhatIsValidAndNamesTheCauses) {
    const auto refused = post("$import?key=" + kKey, imperfect());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().status, 422);
    EXPECT_EQ(count("Patient"), 0U);
    const auto taken = post("$import?quarantine=true&key=" + kKey, imperfect());
    ASSERT_TRUE(taken.ok()) << taken.error().issues[0].text;
    EXPECT_EQ(count("Patient"), 1U);
    EXPECT_EQ(count("Observation") + count("DiagnosticReport") + count("Condition"), 0U);
    const auto expect_report = [](const Bytes& body, const char* repeated) {
        EXPECT_NE(body.find(R"({"name":"stored","valueInteger":1})"), Bytes::npos) << body;
        EXPECT_NE(body.find(R"({"name":"quarantined","valueInteger":4})"), Bytes::npos);
        EXPECT_NE(body.find(repeated), Bytes::npos);
        EXPECT_NE(
            body.find(R"({"name":"entry","valueInteger":2},{"name":"cause","valueInteger":1})"),
            Bytes::npos);
        EXPECT_NE(
            body.find(R"({"name":"entry","valueInteger":3},{"name":"cause","valueInteger":2})"),
            Bytes::npos);
        EXPECT_EQ(body.find("urn:uuid"), Bytes::npos);
    };
    expect_report(taken->body, R"("repeated","valueBoolean":false)");
    open();
    const auto again = post("$import?quarantine=true&key=" + kKey, imperfect());
    expect_report(again->body, R"("repeated","valueBoolean":true)");
    EXPECT_EQ(count("Patient"), 1U);
    EXPECT_NE(get("$quarantine")->body.find(R"("entry","valueInteger":4)"), Bytes::npos);
    // The four entries and the Patient.
    EXPECT_EQ(vault->totals().documents, 5U);
}

TEST_F(FhirTest, AnImportWithoutRequestsKeepsItsIds) {
    const auto reply = post("$import?key=" + kKey,
                            R"({"resourceType":"Bundle","type":"collection","entry":[
        {"resource":{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/p"}}},
        {"resource":{"resourceType":"Patient","id":"p"}}]})");
    ASSERT_TRUE(reply.ok()) << reply.error().issues[0].text;
    EXPECT_EQ(get("Patient/p")->status, 200);
    EXPECT_EQ(count("Patient/p/Observation"), 1U);
}

std::string put_entry(const std::string& type, const std::string& id, const std::string& more) {
    return R"({"resource":{"resourceType":")" + type + R"(","id":")" + id + '"' + more + "}}";
}

// "entry 3 because of 1", ascending.
std::vector<std::string> causes_of(const Bytes& report) {
    std::vector<std::string> out;
    const auto document = formats::json::parse(report, report.size());
    for (const auto& parameter : document->root().find("parameter")->array()) {
        if (parameter.find("part") == nullptr) continue;
        std::string& text = out.emplace_back();
        for (const auto& part : parameter.find("part")->array()) {
            const auto name = part.find("name")->string();
            if (name != "entry" && name != "cause") continue;
            if (name == "cause") text += '<';
            text += part.find("valueInteger")->number();
        }
    }
    return out;
}

TEST_F(FhirTest, AnImportNamesTheNearestCauseAndKeepsWhatWasThere) {
    ASSERT_EQ(put("Group/known", R"({"resourceType":"Group","id":"known"})")->status, 201);
    const std::string ref = R"(,"a":{"reference":")";
    const Bytes bundle =
        R"({"resourceType":"Bundle","type":"collection","entry":[)" +
        put_entry("Claim", "c", ref + R"(Encounter/e"},"b":{"reference":"Condition/x"})") + ',' +
        put_entry("Encounter", "e", ref + R"(Condition/x"})") + ',' +
        put_entry("Condition", "x", R"(,"bad":1)") + ',' +
        put_entry("Task", "t", ref + R"(Claim/c"})") + ',' +
        put_entry("Flag", "f", ref + R"(Flag/g"})") + ',' +
        put_entry("Flag", "g", ref + R"(Flag/f"})") + ',' +
        put_entry("Group", "known", R"(,"bad":1)") + ',' +
        put_entry("List", "l", ref + R"(Group/known"})") + "]}";
    const auto reply = post("$import?quarantine=true&key=" + kKey, bundle);
    ASSERT_TRUE(reply.ok()) << reply.error().issues[0].text;
    EXPECT_EQ(causes_of(reply->body), (std::vector<std::string>{"0<2", "1<2", "2", "3<0", "6"}));
    EXPECT_EQ(get("Flag/f")->status, 200);
    EXPECT_EQ(get("List/l")->status, 200);
    EXPECT_EQ(get("Group/known")->version, 1U);
}

TEST_F(FhirTest, AnImportPutsAsideALongChainAndWhatIsTooLong) {
    constexpr std::size_t kChain = 3000;
    Bytes bundle = R"({"resourceType":"Bundle","type":"collection","entry":[)";
    for (std::size_t i = 0; i < kChain; ++i) {
        const std::string to = R"(,"a":{"reference":"Flag/f)" + std::to_string(i + 1) + R"("})";
        bundle += put_entry("Flag", "f" + std::to_string(i), to) + ',';
    }
    bundle += put_entry("Flag", "f" + std::to_string(kChain), R"(,"bad":1)") + ',';
    const std::string text(vault::kInlineBytesMax, 'x');
    bundle += put_entry("Basic", "long", R"(,"text":")" + text + '"') + ',';
    bundle += put_entry("Patient", "p", {}) + "]}";
    const auto reply = post("$import?quarantine=true&key=" + kKey, bundle);
    ASSERT_TRUE(reply.ok()) << reply.error().issues[0].text;
    const auto causes = causes_of(reply->body);
    ASSERT_EQ(causes.size(), kChain + 2);
    EXPECT_EQ(causes[0], "0<1");
    EXPECT_EQ(causes[kChain], std::to_string(kChain));
    EXPECT_EQ(get("Patient/p")->status, 200);
    EXPECT_EQ(get("Basic/long").error().status, 404);
}

TEST_F(FhirTest, OfManyOfTheSameImportOneStores) {
    std::atomic<int> stored{0};
    std::atomic<int> repeated{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&] {
            const auto reply = post("$import?quarantine=true&key=" + kKey, imperfect());
            ASSERT_TRUE(reply.ok());
            const bool again = reply->body.find(R"("repeated","valueBoolean":true)") != Bytes::npos;
            ++(again ? repeated : stored);
        });
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(stored, 1);
    EXPECT_EQ(repeated, 5);
    EXPECT_EQ(count("Patient"), 1U);
}

TEST_F(FhirTest, AnImportNeedsAKeyAndItsScopes) {
    EXPECT_EQ(post("$import", imperfect()).error().status, 400);
    EXPECT_EQ(post("$import?key=abc", imperfect()).error().status, 400);
    scopes = http::Scopes::parse("user/Import.cr user/Patient.c");
    EXPECT_EQ(post("$import?quarantine=true&key=" + kKey, imperfect()).error().status, 403);
    scopes = http::Scopes::parse("user/Patient.cruds");
    EXPECT_EQ(get("$quarantine").error().status, 403);
}

TEST(ValidateResource, ConditionalReferencesAreNoFaultAndPathsGoOnFromTheirPlace) {
    const auto check = [](const char* text) {
        const auto document = formats::json::parse(text, 10'000);
        return validate_resource(document->root(), "Bundle.entry[3].resource");
    };
    EXPECT_TRUE(check(R"({"resourceType":"Patient","generalPractitioner":[)"
                      R"({"reference":"Practitioner?identifier=npi|1"}]})")
                    .empty());
    const auto issues = check(R"({"resourceType":"Condition","category":{},)"
                              R"("subject":{"reference":"Patient/1"}})");
    ASSERT_EQ(issues.size(), 1U);
    EXPECT_EQ(issues[0].severity, "error");
    EXPECT_EQ(issues[0].expression, "Bundle.entry[3].resource.category");
    EXPECT_EQ(check(R"({"resourceType":"Nonsense"})").size(), 1U);
}

}  // namespace
}  // namespace consilium::services::ehr
