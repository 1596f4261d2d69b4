// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <zstd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "formats/fhir/validate.hpp"
#include "formats/json/parse.hpp"

namespace consilium::formats::fhir {
namespace {

using Shown = std::vector<std::string>;

Shown shown_of(std::string text) {
    const auto read = json::parse(std::move(text), json::kBytesMax);
    EXPECT_TRUE(read.ok());
    Shown out;
    if (!read) return out;
    for (const Issue& issue : validate(read->root()))
        out.push_back(std::string(issue.code) + " " + issue.path + ": " + std::string(issue.rule) +
                      " (" + std::to_string(issue.entry) + ")");
    return out;
}

std::string bundle(const std::string& type, const std::string& members) {
    return R"({"resourceType":"Bundle","type":")" + type + "\"" + members + "}";
}

std::string entry(const std::string& url, const std::string& resource) {
    return R"({"fullUrl":")" + url + R"(","resource":)" + resource + "}";
}

const std::string kPatientUrl = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
const std::string kOtherUrl = "urn:uuid:88f151c0-a954-468a-88bd-5ae15c08e059";

std::string observation_of(const std::string& reference) {
    return R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)"
           R"("subject":{"reference":")" +
           reference + "\"}}";
}

TEST(ValidateBundle, FollowsReferencesToItsEntries) {
    const std::string patient = entry(kPatientUrl, R"({"resourceType":"Patient"})");
    const auto with = [&](const std::string& type, const std::string& reference) {
        return shown_of(bundle(type, R"(,"entry":[)" + patient + "," +
                                         entry(kOtherUrl, observation_of(reference)) + "]"));
    };
    EXPECT_EQ(with("collection", kPatientUrl), Shown{});
    const std::string nowhere = "urn:uuid:00000000-0000-4000-8000-000000000000";
    EXPECT_EQ(with("collection", nowhere),
              (Shown{"not-found Bundle.entry[1].resource.subject.reference: reference to no entry "
                     "of the Bundle (1)"}));
    EXPECT_EQ(with("searchset", nowhere), Shown{});
    EXPECT_EQ(with("collection", kOtherUrl),
              (Shown{"value Bundle.entry[1].resource.subject.reference: reference to a type that "
                     "is not allowed here (1)"}));
    EXPECT_EQ(with("collection", "Patient/elsewhere"), Shown{});
    EXPECT_EQ(with("collection", "Patient?identifier=1"),
              (Shown{"value Bundle.entry[1].resource.subject.reference: conditional reference "
                     "outside of a transaction (1)"}));
}

TEST(ValidateBundle, TakesConditionalReferencesInTransactions) {
    const auto with = [](const std::string& reference) {
        return shown_of(
            bundle("transaction", R"(,"entry":[{"resource":)" + observation_of(reference) +
                                      R"(,"request":{"method":"POST","url":"Observation"}}])"));
    };
    EXPECT_EQ(with("Patient?identifier=http://example.org|1"), Shown{});
    EXPECT_EQ(with("Organization?name=a"),
              (Shown{"value Bundle.entry[0].resource.subject.reference: reference to a type that "
                     "is not allowed here (0)"}));
    EXPECT_EQ(with("Patent?name=a"),
              (Shown{"value Bundle.entry[0].resource.subject.reference: reference to an unknown "
                     "type (0)"}));
}

TEST(ValidateBundle, HasRulesOfItsOwn) {
    const std::string patient = R"({"resourceType":"Patient","id":"1"})";
    const std::string request = R"("request":{"method":"PUT","url":"Patient/1"})";
    EXPECT_EQ(shown_of(bundle("collection", "")), Shown{});
    EXPECT_EQ(shown_of(R"({"resourceType":"Bundle"})"),
              (Shown{"required Bundle.type: required element missing (-1)"}));
    EXPECT_EQ(shown_of(bundle("collection", R"(,"total":1)")),
              (Shown{"invariant Bundle: bdl-1 (-1)"}));
    EXPECT_EQ(shown_of(bundle("collection", R"(,"entry":[{"search":{"mode":"match"},"resource":)" +
                                                patient + "}]")),
              (Shown{"invariant Bundle.entry[0]: bdl-2 (0)"}));
    EXPECT_EQ(shown_of(bundle("transaction", R"(,"entry":[{"resource":)" + patient + "}]")),
              (Shown{"invariant Bundle.entry[0]: bdl-3 (0)"}));
    EXPECT_EQ(shown_of(bundle("collection",
                              R"(,"entry":[{)" + request + R"(,"resource":)" + patient + "}]")),
              (Shown{"invariant Bundle.entry[0]: bdl-3 (0)"}));
    EXPECT_EQ(shown_of(bundle("batch-response", R"(,"entry":[{"resource":)" + patient + "}]")),
              (Shown{"invariant Bundle.entry[0]: bdl-4 (0)"}));
    EXPECT_EQ(shown_of(bundle("collection", R"(,"entry":[{"id":"x","fullUrl":"urn:oid:1.2"}])")),
              (Shown{"invariant Bundle.entry[0]: bdl-5 (0)"}));
    EXPECT_EQ(shown_of(bundle("collection", R"(,"entry":[)" + entry("urn:oid:1.2", patient) + "," +
                                                entry("urn:oid:1.2", patient) + "]")),
              (Shown{"invariant Bundle.entry[1]: bdl-7 (1)"}));
    const auto version = [](const char* id) {
        return std::string(R"({"resourceType":"Patient","meta":{"versionId":")") + id + "\"}}";
    };
    EXPECT_EQ(shown_of(bundle("collection", R"(,"entry":[)" + entry("urn:oid:1.2", version("1")) +
                                                "," + entry("urn:oid:1.2", version("2")) + "]")),
              Shown{});
    EXPECT_EQ(shown_of(bundle("collection",
                              R"(,"entry":[)" +
                                  entry("http://example.org/Patient/1/_history/1", patient) + "]")),
              (Shown{"invariant Bundle.entry[0].fullUrl: bdl-8 (0)"}));
    EXPECT_EQ(
        shown_of(bundle("collection",
                        R"(,"entry":[)" + entry("http://example.org/Patient/2", patient) + "]")),
        (Shown{"value Bundle.entry[0].fullUrl: fullUrl names another type or id than the "
               "resource (0)"}));
    EXPECT_EQ(
        shown_of(bundle("collection", R"(,"entry":[)" + entry("Patient/1", patient) + "]")),
        (Shown{"value Bundle.entry[0].fullUrl: fullUrl must be an absolute URL or a urn (0)"}));
    EXPECT_EQ(
        shown_of(bundle("collection",
                        R"(,"entry":[)" + entry("http://example.org/Any/thing", patient) + "]")),
        Shown{});
    EXPECT_EQ(shown_of(bundle("message", R"(,"entry":[)" + entry("urn:oid:1.2", patient) + "]")),
              (Shown{"invariant Bundle: bdl-12 (-1)"}));
    EXPECT_EQ(shown_of(bundle("document", "")),
              (Shown{"invariant Bundle: bdl-9 (-1)", "invariant Bundle: bdl-10 (-1)",
                     "invariant Bundle: bdl-11 (-1)"}));
}

std::string read_zst(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string packed((std::istreambuf_iterator<char>(in)), {});
    std::string out(ZSTD_getFrameContentSize(packed.data(), packed.size()), '\0');
    const std::size_t size = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
    EXPECT_EQ(size, out.size());
    return out;
}

// What Synthea wrote, 636 resources of 24 types, has nothing wrong.
TEST(ValidateBundle, AcceptsTheDemosInput) {
    for (const char* name : {"hospitals", "practitioners", "patient-1", "patient-2", "patient-3"})
        EXPECT_EQ(shown_of(read_zst(std::string(CONSILIUM_SOURCE_DIR "/demo/data/") + name +
                                    ".json.zst")),
                  Shown{})
            << name;
}

}  // namespace
}  // namespace consilium::formats::fhir
