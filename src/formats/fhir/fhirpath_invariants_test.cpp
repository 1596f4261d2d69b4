// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/fhirpath_invariants.hpp"

#include <gtest/gtest.h>

#include <set>

#include "formats/fhir/fhirpath.hpp"
#include "formats/json/parse.hpp"

namespace consilium::formats::fhir {
namespace {

// The broken rules as "key@path", blank between them.
std::string broken(std::string_view text, const InvariantOptions& options = {}) {
    const auto document = json::parse(std::string(text), 1U << 24U);
    EXPECT_TRUE(document.ok()) << text;
    if (!document.ok()) return "no JSON";
    std::string out;
    for (const BrokenInvariant& one : check_invariants(document.value().root(), options))
        out += (out.empty() ? "" : " ") + std::string(one.rule->key) + "@" + one.path;
    return out;
}

std::string observation(std::string_view members) {
    return R"({"resourceType":"Observation","status":"final","code":{"coding":[{"code":"c"}]},)" +
           std::string(members) + "}";
}

// Every rule of the definitions is within the subset: none is passed over in silence.
TEST(Invariants, EveryExpressionOfTheDefinitionsCompiles) {
    std::set<std::string_view> expressions;
    for (const Type& type : definitions().types()) {
        for (const Invariant& rule : type.invariants)
            expressions.insert(rule.expression);
        for (const Element& element : type.elements) {
            for (const Invariant& rule : element.invariants)
                expressions.insert(rule.expression);
        }
    }
    EXPECT_GT(expressions.size(), 150U);
    for (const std::string_view expression : expressions)
        EXPECT_TRUE(fhirpath::Expression::compile(expression).ok()) << expression;
}

TEST(Invariants, OfAResource) {
    EXPECT_EQ(broken(observation(R"("valueString":"v")")), "");
    EXPECT_EQ(broken(observation(R"("valueString":"v","dataAbsentReason":{"text":"t"})")),
              "obs-6@Observation");
    EXPECT_EQ(broken(observation(
                  R"("valueString":"v","component":[{"code":{"coding":[{"code":"c"}]}}])")),
              "obs-7@Observation");
    EXPECT_EQ(broken(observation(
                  R"("valueString":"v","component":[{"code":{"coding":[{"code":"d"}]}}])")),
              "");
}

TEST(Invariants, OfAnElementAndItsType) {
    EXPECT_EQ(broken(observation(
                  R"("referenceRange":[{"low":{"value":1}},{"appliesTo":[{"text":"x"}]}])")),
              "obs-3@Observation.referenceRange[1]");
    EXPECT_EQ(broken(observation(R"("effectivePeriod":{"start":"2021","end":"2020"})")),
              "per-1@Observation.effectivePeriod");
    EXPECT_EQ(broken(observation(R"("effectivePeriod":{"start":"2020","end":"2020-01"})")), "");
    EXPECT_EQ(broken(observation(R"("valueQuantity":{"value":1,"code":"g"})")),
              "qty-3@Observation.valueQuantity");
    EXPECT_EQ(broken(observation(R"("referenceRange":[{"low":{"value":1,"comparator":"<"}}])")),
              "sqty-1@Observation.referenceRange[0].low");
    EXPECT_EQ(broken(observation(R"("valueRange":{"low":{"value":2.50},"high":{"value":2.5}})")),
              "");
    EXPECT_EQ(broken(observation(R"("valueRange":{"low":{"value":2.51},"high":{"value":2.5}})")),
              "rng-2@Observation.valueRange");
}

TEST(Invariants, EveryElementHasAValueOrChildren) {
    EXPECT_EQ(broken(observation(R"("method":{})")), "ele-1@Observation.method");
    EXPECT_EQ(broken(observation(R"("method":{"id":"x"})")), "ele-1@Observation.method");
    EXPECT_EQ(broken(observation(R"("_issued":{"id":"x"})")), "ele-1@Observation.issued");
    EXPECT_EQ(broken(observation(R"("_issued":{"extension":[{"url":"u","valueCode":"c"}]})")), "");
    EXPECT_EQ(broken(observation(R"("_status":{"id":"x"})")), "");
}

TEST(Invariants, ExtensionsHaveAValueOrExtensions) {
    EXPECT_EQ(broken(observation(R"("extension":[{"url":"u"}])")),
              "ext-1@Observation.extension[0]");
    EXPECT_EQ(broken(observation(
                  R"("extension":[{"url":"u","valueCode":"c",
                      "extension":[{"url":"v","valueCode":"d"}]}])")),
              "ext-1@Observation.extension[0]");
    EXPECT_EQ(broken(observation(R"("_status":{"extension":[{"url":"u"}]})")),
              "ext-1@Observation.status.extension[0]");
}

TEST(Invariants, ContainedResources) {
    const std::string inner = R"("contained":[{"resourceType":"Patient","id":"p","name":[{}]}],)";
    EXPECT_EQ(broken(observation(inner + R"("subject":{"reference":"#p"})")),
              "ele-1@Observation.contained[0].name[0]");
    EXPECT_EQ(broken(observation(R"("contained":[{"resourceType":"Patient","id":"p"}])")),
              "dom-3@Observation");
    EXPECT_EQ(broken(observation(R"("subject":{"reference":"#q"})")), "ref-1@Observation.subject");
    EXPECT_EQ(broken(observation(
                  R"("contained":[{"resourceType":"Patient","id":"p","meta":{"versionId":"1"}}],
                      "subject":{"reference":"#p"})")),
              "dom-4@Observation");
    // A contained resource that refers to its container needs no reference to it.
    EXPECT_EQ(
        broken(observation(
            R"("contained":[{"resourceType":"Provenance","id":"p","target":[{"reference":"#"}],
                   "recorded":"2020-01-01T00:00:00Z","agent":[{"who":{"display":"x"}}]}])")),
        "");
    // References inside a contained resource are to its siblings, in the container's list.
    EXPECT_EQ(broken(observation(
                  R"("contained":[{"resourceType":"Practitioner","id":"a"},
                   {"resourceType":"PractitionerRole","id":"b","practitioner":{"reference":"#a"}}],
                   "performer":[{"reference":"#b"}])")),
              "");
}

TEST(Invariants, BundlesAndWhatIsInThem) {
    EXPECT_EQ(broken(R"({"resourceType":"Bundle","type":"collection","entry":[
                {"fullUrl":"urn:a","resource":)" +
                     observation(R"("method":{})") + R"(},
                {"fullUrl":"urn:a","resource":)" +
                     observation(R"("issued":"2020-01-01T00:00:00Z")") + "}]}"),
              "bdl-7@Bundle ele-1@Bundle.entry[0].resource.method");
    EXPECT_EQ(broken(R"({"resourceType":"Bundle","type":"transaction","entry":[{"resource":)" +
                     observation(R"("issued":"2020-01-01T00:00:00Z")") + "}]}"),
              "bdl-3@Bundle");
}

TEST(Invariants, WarningsOnlyWhenAskedFor) {
    const std::string text = observation(R"("valueString":"v")");
    EXPECT_EQ(broken(text), "");
    InvariantOptions options;
    options.warnings = true;
    EXPECT_EQ(broken(text, options), "dom-6@Observation");
}

TEST(Invariants, Narratives) {
    EXPECT_EQ(broken(observation(R"("text":{"status":"generated","div":"<div>x</div>"})")), "");
    EXPECT_EQ(broken(observation(
                  R"("text":{"status":"generated","div":"<div><script>x</script></div>"})")),
              "txt-1@Observation.text.div");
}

TEST(Invariants, TheLimitAndTheRoot) {
    std::string list;
    for (int i = 0; i < 200; ++i)
        list += R"({"id":"x"},)";
    const std::string text = observation("\"category\":[" + list + R"({"text":"t"}]})");
    const std::string resource = text.substr(0, text.size() - 1);
    const auto document = json::parse(resource, 1U << 20U);
    ASSERT_TRUE(document.ok());
    InvariantOptions options;
    EXPECT_EQ(check_invariants(document.value().root(), options).size(), 100U);
    options.limit = 3;
    options.root = "Bundle.entry[3].resource";
    const auto found = check_invariants(document.value().root(), options);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].path, "Bundle.entry[3].resource.category[0]");
}

// The validator reports wrong shapes; here they must do no harm.
TEST(Invariants, WrongShapesAreLeftToTheValidator) {
    for (const std::string_view text :
         {"[]", "1", "null", "{}", R"({"resourceType":"Nothing"})", R"({"resourceType":5})",
          R"({"resourceType":"Observation","code":[[]],"status":{},"component":"x"})",
          R"({"resourceType":"Observation","subject":{"reference":5},"note":[null,7]})",
          R"({"resourceType":"Observation","unknown":{"a":[{}]}})",
          R"({"resourceType":"Patient","contained":[1,[],{"resourceType":"X"}]})"})
        broken(text);
}

}  // namespace
}  // namespace consilium::formats::fhir
