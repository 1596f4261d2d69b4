// SPDX-License-Identifier: Apache-2.0
// The index against the slow reference: what a plan finds must be what matches() finds.
#include "formats/fhir/search_index.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "formats/fhir/search_keys.hpp"
#include "formats/fhir/search_match.hpp"
#include "formats/json/parse.hpp"

namespace consilium::formats::fhir {
namespace {

constexpr std::string_view kBase = "https://a.example/fhir";

struct Stored {
    json::Document document;
    std::vector<Bytes> keys;
};

// A handful of values for everything, so that queries find some and not others.
class Population {
 public:
    explicit Population(unsigned seed) : random_(seed) {}

    std::string pick(std::initializer_list<std::string_view> choices) {
        return std::string(*(choices.begin() + random_() % choices.size()));
    }

    std::string reference() {
        return pick({R"({"reference":"Patient/1"})", R"({"reference":"Patient/2"})",
                     R"({"reference":"Group/1"})", R"({"reference":"urn:uuid:0"})",
                     R"({"reference":"bare","type":"Patient"})", R"({"reference":"bare"})",
                     R"({"reference":"https://a.example/fhir/Patient/1"})",
                     R"({"reference":"https://b.example/fhir/Patient/1"})",
                     R"({"identifier":{"system":"s","value":"V"}})",
                     R"({"type":"Patient","identifier":{"value":"V"}})"});
    }

    std::string date() {
        return pick({R"("effectiveDateTime":"2020")", R"("effectiveDateTime":"2020-02-03")",
                     R"("effectiveDateTime":"2021-01-01T00:00:00+05:00")",
                     R"("effectivePeriod":{"start":"2019-12-31","end":"2020-01-05"})",
                     R"("effectivePeriod":{"start":"2020-06"})",
                     R"("effectivePeriod":{"end":"2018"})",
                     R"("effectivePeriod":{"start":"2021","end":"2020"})",
                     R"("effectiveTiming":{"event":["2020-01-01","2020-12-01"]})"});
    }

    std::string value() {
        return pick(
            {R"("valueQuantity":{"value":5.4,"code":"mg","system":"u"})",
             R"("valueQuantity":{"value":-5,"unit":"mg"})",
             R"("valueQuantity":{"value":100,"comparator":">"})",
             R"("valueString":"Straße und mehr")", R"("valueString":"ÉTAT")",
             R"("valueCodeableConcept":{"coding":[{"system":"s","code":"C"},{"code":"d"}]})",
             R"("valueBoolean":true)"});
    }

    std::string coding() {
        return pick({R"({"system":"s","code":"C"})", R"({"system":"t","code":"c"})",
                     R"({"code":"c"})", R"({"system":"s","code":"other"})", R"({"system":"s"})"});
    }

    std::string observation() {
        return R"({"resourceType":"Observation","id":"x","status":")" + pick({"final", "amended"}) +
               R"(","meta":{"lastUpdated":")" +
               pick({"2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"}) +
               R"("},"category":[{"coding":[)" + coding() + R"(]}],"code":{"coding":[)" + coding() +
               "," + coding() + R"(]},"subject":)" + reference() + R"(,"performer":[)" +
               reference() + "," + reference() + R"(],"identifier":[{"system":"s","value":")" +
               pick({"1", "2"}) + R"("}],)" + date() + "," + value() + "}";
    }

 private:
    std::mt19937 random_;
};

std::vector<std::pair<std::string, std::string>> questions() {
    std::vector<std::pair<std::string, std::string>> out;
    const auto ask = [&](std::string name, std::initializer_list<std::string_view> values) {
        for (const std::string_view value : values)
            out.emplace_back(name, value);
    };
    for (const std::string_view name : {"code", "category", "value-concept", "combo-code"})
        ask(std::string(name), {"c", "s|C", "|c", "s|", "x,c", "other", "none"});
    ask("code:not", {"c", "s|C"});
    ask("identifier", {"1", "s|2", "t|1"});
    ask("status", {"final", "final,amended", "x|final"});
    for (const std::string_view name : {"subject", "patient", "performer"})
        ask(std::string(name),
            {"1", "Patient/1", "Group/1", "Patient/1,Patient/2", "urn:uuid:0",
             "https://a.example/fhir/Patient/1", "9", "https://b.example/fhir/Patient/1", "bare"});
    ask("subject:Patient", {"1", "Group/1", "urn:uuid:0", "bare"});
    ask("subject:identifier", {"V", "s|v", "|V", "w"});
    ask("performer:identifier", {"v"});
    for (const std::string_view prefix :
         {"", "eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap"}) {
        for (const std::string_view date :
             {"2020", "2020-02", "2020-02-03", "2020-12-31T19:00:00Z", "2018", "2021"})
            out.emplace_back("date", std::string(prefix) + std::string(date));
        for (const std::string_view number : {"5.4", "-5", "100", "5", "0", "5.4|u|mg", "5.4||mg"})
            out.emplace_back("value-quantity", std::string(prefix) + std::string(number));
    }
    ask("value-string", {"strasse", "etat", "STRASSE UND M", "x"});
    ask("value-string:exact", {"ÉTAT", "etat"});
    ask("value-string:contains", {"und", "tat"});
    ask("_lastUpdated", {"gt2024-01-01", "2024-01-02"});
    ask("date:missing", {"true", "false"});
    return out;
}

// What a caller does with a plan, over the keys of each resource.
bool found_by(const Plan& plan, const Query& query, const Stored& stored) {
    bool hit = plan.all;
    bool exact = false;
    for (const KeyRange& range : plan.ranges) {
        EXPECT_TRUE(range.first.starts_with(range.prefix));
        for (const Bytes& key : stored.keys) {
            if (!admits(range, key)) continue;
            hit = true;
            exact = exact || range.exact;
        }
    }
    if (!hit) return false;
    const auto fits = [&](std::size_t i) {
        return matches(stored.document.root(), query.criteria[i], kBase);
    };
    if (!std::all_of(plan.residual.begin(), plan.residual.end(), fits)) return false;
    return exact || std::all_of(plan.driving.begin(), plan.driving.end(), fits);
}

class SearchIndex : public testing::TestWithParam<std::size_t> {
 protected:
    // The population with its keys, at most GetParam() of them.
    static std::vector<Stored> stored() {
        Population population(7);
        std::vector<Stored> out;
        for (int i = 0; i < 150; ++i) {
            auto document = json::parse(population.observation(), 100'000);
            EXPECT_TRUE(document.ok());
            Stored one{std::move(document).value(), {}};
            one.keys = index_keys(one.document.root(), {kBase, GetParam()});
            out.push_back(std::move(one));
        }
        return out;
    }
};

TEST_P(SearchIndex, FindsWhatTheReferenceFinds) {
    const auto resources = stored();
    const auto all = questions();
    std::mt19937 random(11);
    std::size_t hits = 0;
    for (std::size_t i = 0; i < all.size() * 3; ++i) {
        QueryParameters parameters = {all[i % all.size()]};
        for (std::size_t more = i / all.size(); more > 0; --more)
            parameters.push_back(all[random() % all.size()]);
        const auto query = parse_query("Observation", parameters);
        ASSERT_TRUE(query.ok()) << parameters[0].first << "=" << parameters[0].second;
        const Plan plan = plan_of(query.value(), kBase);
        for (const Stored& one : resources) {
            const bool expected = matches(one.document.root(), query.value(), kBase);
            hits += expected ? 1 : 0;
            EXPECT_EQ(found_by(plan, query.value(), one), expected)
                << parameters[0].first << "=" << parameters[0].second << " and "
                << parameters.back().first << "=" << parameters.back().second;
        }
    }
    EXPECT_GT(hits, 1000U);
}

INSTANTIATE_TEST_SUITE_P(Limits, SearchIndex, testing::Values(kMaxIndexKeys, std::size_t{16}));

TEST(SearchIndexKeys, PatientsRecordsAreFoundAtOnce) {
    const auto plan = [](const QueryParameters& parameters) {
        return plan_of(parse_query("Observation", parameters).value(), kBase);
    };
    const Plan category = plan({{"patient", "7"}, {"category", "laboratory"}});
    EXPECT_TRUE(category.residual.empty());
    EXPECT_EQ(category.driving, (std::vector<std::size_t>{0, 1}));
    EXPECT_TRUE(category.ranges[0].first.starts_with(index_scope("Observation", "7")));
    EXPECT_TRUE(category.ranges[0].exact);
    const Plan subject = plan({{"category", "laboratory"}, {"subject", "Patient/7"}});
    EXPECT_TRUE(subject.residual.empty());
    const Plan both = plan({{"patient", "7"}, {"code", "c"}, {"date", "ge2020"}});
    EXPECT_EQ(both.residual, std::vector<std::size_t>{2});
    EXPECT_TRUE(plan({{"status", "final"}}).all);
    EXPECT_FALSE(plan({{"status", "final"}, {"patient", "7"}}).all);
    // The outcome of a chain that found nothing finds nothing.
    Query none;
    none.type = "Observation";
    none.criteria.push_back(resolve_chain(
        parse_query("Observation", {{"subject:Patient.name", "x"}}).value().criteria[0], {}));
    EXPECT_FALSE(plan_of(none).all);
    EXPECT_TRUE(plan_of(none).ranges.empty());
}

TEST(SearchIndexKeys, SizesAndCounts) {
    std::string codings;
    for (int i = 0; i < 400; ++i)
        codings += R"({"system":")" + std::string(500, 's') + R"(","code":")" + std::to_string(i) +
                   std::string(500, 'c') + R"("},)";
    const auto document =
        json::parse(R"({"resourceType":"Observation","id":"x","subject":{"reference":"Patient/)" +
                        std::string(64, 'p') + R"("},"code":{"coding":[)" + codings +
                        R"({"code":"last"}]},"status":"final"})",
                    1U << 22U);
    ASSERT_TRUE(document.ok());
    const auto keys = index_keys(document.value().root());
    EXPECT_LE(keys.size(), kMaxIndexKeys);
    for (const Bytes& key : keys) {
        EXPECT_LE(key.size(), kMaxIndexKeyBytes);
        EXPECT_TRUE(key.front() == 's' || key.front() == 'p');
    }
    EXPECT_EQ(std::set<Bytes>(keys.begin(), keys.end()).size(), keys.size());
    const auto query = parse_query("Observation", {{"code", "last"}}).value();
    Stored stored{document.value(), keys};
    EXPECT_TRUE(found_by(plan_of(query), query, stored));
}

TEST(SearchIndexKeys, ResourcesOfManyPatients) {
    std::string agents;
    for (int i = 0; i < 100; ++i)
        agents += std::string(i == 0 ? "" : ",") + R"({"who":{"reference":"Patient/)" +
                  std::to_string(i) + R"("},"requestor":false})";
    const auto document = json::parse(
        R"({"resourceType":"AuditEvent","id":"x","type":{"code":"rest"},"agent":[)" + agents +
            R"(],"recorded":"2020-01-01T00:00:00Z","source":{"observer":{"display":"x"}}})",
        1U << 20U);
    ASSERT_TRUE(document.ok());
    Stored stored{document.value(), index_keys(document.value().root())};
    EXPECT_LE(stored.keys.size(), kMaxIndexKeys);
    for (const std::string patient : {"5", "99", "100"}) {
        const auto query =
            parse_query("AuditEvent", {{"patient", patient}, {"type", "rest"}, {"date", "2020"}})
                .value();
        EXPECT_EQ(found_by(plan_of(query), query, stored), patient != "100") << patient;
    }
}

// Bytes that are stored for ever: docs/formats/search-index.md shows the same.
TEST(SearchIndexKeys, GoldenBytes) {
    const auto document = json::parse(
        R"({"resourceType":"Observation","id":"x","status":"final",
            "code":{"coding":[{"system":"http://loinc.org","code":"LP-1"}]},
            "subject":{"reference":"Patient/7"},"effectiveDateTime":"1970-01-01T00:00:00.001Z",
            "valueQuantity":{"value":-1.50}})",
        10'000);
    auto keys = index_keys(document.value().root());
    std::sort(keys.begin(), keys.end());
    using namespace std::string_literals;
    const std::string date = "\x80\x00\x00\x00\x00\x00\x00\x01"s;
    const std::vector<Bytes> expected = {
        "p7\0Observation\0ddate\0"s + date + date,
        "p7\0Observation\0tcode\0lp-1\0http://loinc.org\0"s,
        "sObservation\0ddate\0"s + date + date,
        "sObservation\0nvalue-quantity\0\0\x7f\xfe\xef\xff"s,
        "sObservation\0rpatient\0Patient/7\0"s,
        "sObservation\0tcode\0lp-1\0http://loinc.org\0"s,
    };
    EXPECT_EQ(keys, expected);
}

}  // namespace
}  // namespace consilium::formats::fhir
