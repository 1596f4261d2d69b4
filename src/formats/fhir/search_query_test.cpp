// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/search_query.hpp"

#include <gtest/gtest.h>

#include "formats/fhir/search_parse.hpp"

namespace consilium::formats::fhir {
namespace {

Query query(std::string_view type, const QueryParameters& parameters) {
    auto out = parse_query(type, parameters);
    EXPECT_TRUE(out.ok()) << parameters.front().first << " " << parameters.front().second
                          << (out.ok() ? "" : " " + std::string(out.error().front().reason));
    return out.ok() ? std::move(out).value() : Query{};
}

// The issue as "code parameter", or what was read.
std::string refused(std::string_view type, const QueryParameters& parameters) {
    const auto out = parse_query(type, parameters);
    if (out.ok()) return "accepted";
    return std::string(out.error().front().code) + " " + out.error().front().parameter;
}

TEST(SearchQuery, Tokens) {
    const auto values =
        query("Observation", {{"code", "http://loinc.org|718-7,|x,y,s|"}}).criteria.at(0).values;
    ASSERT_EQ(values.size(), 4U);
    EXPECT_EQ(values[0].system, "http://loinc.org");
    EXPECT_EQ(values[0].text, "718-7");
    EXPECT_FALSE(values[1].any_system);
    EXPECT_EQ(values[1].system, "");
    EXPECT_TRUE(values[2].any_system);
    EXPECT_EQ(values[3].text, "");
}

TEST(SearchQuery, Escapes) {
    const auto values =
        query("Patient", {{"name", "a\\,b,c\\\\,d\\|\\$e\\n"}}).criteria.at(0).values;
    ASSERT_EQ(values.size(), 3U);
    EXPECT_EQ(values[0].text, "a,b");
    EXPECT_EQ(values[1].text, "c\\");
    EXPECT_EQ(values[2].text, "d|$e\\n");
}

TEST(SearchQuery, PrefixesDatesAndNumbers) {
    const auto date = query("Observation", {{"date", "ge2020-01,2021"}}).criteria.at(0);
    EXPECT_EQ(date.values.at(0).prefix, Prefix::kGe);
    EXPECT_EQ(date.values.at(0).moment->precision, Precision::kMonth);
    EXPECT_EQ(date.values.at(1).prefix, Prefix::kEq);
    const auto quantity =
        query("Observation", {{"value-quantity", "lt5.40|http://unitsofmeasure.org|mg"}})
            .criteria.at(0);
    EXPECT_EQ(quantity.values.at(0).prefix, Prefix::kLt);
    EXPECT_EQ(quantity.values.at(0).number->exponent, -2);
    EXPECT_EQ(quantity.values.at(0).text, "mg");
    EXPECT_TRUE(
        query("Observation", {{"value-quantity", "5||mg"}}).criteria[0].values[0].any_system);
    for (const std::string_view bad : {"xx2020", "2020-13", "ge", "2020-01-01T00"})
        EXPECT_EQ(refused("Observation", {{"date", std::string(bad)}}), "value date") << bad;
    for (const std::string_view bad : {"abc", "5|mg", "5|s|", "1e", "5|s|c|d"})
        EXPECT_EQ(refused("Observation", {{"value-quantity", std::string(bad)}}),
                  "value value-quantity");
}

TEST(SearchQuery, Modifiers) {
    EXPECT_EQ(query("Patient", {{"name:exact", "A"}}).criteria[0].modifier, Modifier::kExact);
    EXPECT_EQ(query("Patient", {{"name:contains", "a"}}).criteria[0].modifier, Modifier::kContains);
    EXPECT_EQ(query("Patient", {{"gender:not", "male"}}).criteria[0].modifier, Modifier::kNot);
    EXPECT_TRUE(query("Patient", {{"birthdate:missing", "true"}}).criteria[0].missing);
    const auto typed = query("Observation", {{"subject:Patient", "1"}}).criteria[0];
    EXPECT_EQ(typed.modifier, Modifier::kType);
    EXPECT_EQ(typed.target, "Patient");
    EXPECT_EQ(query("Observation", {{"subject:identifier", "s|v"}}).criteria[0].values[0].system,
              "s");
    EXPECT_EQ(refused("Patient", {{"name:not", "a"}}), "not-supported name");
    EXPECT_EQ(refused("Patient", {{"gender:exact", "a"}}), "not-supported gender");
    EXPECT_EQ(refused("Patient", {{"name:above", "a"}}), "not-supported name");
    EXPECT_EQ(refused("Patient", {{"name:missing", "maybe"}}), "value name");
    EXPECT_EQ(refused("Patient", {{"name:", "a"}}), "not-supported name");
}

TEST(SearchQuery, Composites) {
    const auto values =
        query("Observation", {{"code-value-quantity", "http://loinc.org|8480-6$gt140"}})
            .criteria.at(0)
            .values;
    ASSERT_EQ(values.at(0).parts.size(), 2U);
    EXPECT_EQ(values[0].parts[0].text, "8480-6");
    EXPECT_EQ(values[0].parts[1].prefix, Prefix::kGt);
    EXPECT_EQ(refused("Observation", {{"code-value-quantity", "8480-6"}}),
              "value code-value-quantity");
}

TEST(SearchQuery, ChainsAndHas) {
    const auto chain = query("Observation", {{"subject:Patient.name", "peter"}}).criteria.at(0);
    ASSERT_TRUE(chain.is_chain());
    EXPECT_EQ(chain.chain_types, std::vector<std::string>{"Patient"});
    EXPECT_EQ(chain.inner->at(0).code, "name");
    const auto open = query("Observation", {{"subject.name:exact", "p"}}).criteria.at(0);
    EXPECT_EQ(open.inner->size(), open.chain_types.size());
    EXPECT_EQ(open.inner->at(0).modifier, Modifier::kExact);
    EXPECT_EQ(refused("Observation", {{"subject.general-practitioner.name", "x"}}),
              "not-supported subject");
    EXPECT_EQ(refused("Observation", {{"code.name", "x"}}), "not-supported code");
    EXPECT_EQ(refused("Observation", {{"subject.nothing", "x"}}), "not-supported subject");
    const auto has = query("Patient", {{"_has:Observation:patient:code", "1"}}).criteria.at(0);
    EXPECT_EQ(has.has_type, "Observation");
    EXPECT_EQ(has.has_reference, "patient");
    EXPECT_EQ(has.inner->at(0).code, "code");
    EXPECT_EQ(refused("Patient", {{"_has:Observation:code:code", "1"}}), "not-supported _has");
    EXPECT_EQ(refused("Patient", {{"_has:Observation:patient", "1"}}), "not-supported _has");
    EXPECT_EQ(refused("Patient", {{"_has", "1"}}), "not-supported _has");

    const std::vector<std::string> found = {"Patient/1", "Patient/2"};
    EXPECT_EQ(resolve_chain(chain, found).values.size(), 2U);
    EXPECT_FALSE(resolve_chain(chain, found).is_chain());
    EXPECT_EQ(resolve_has(has, found).code, "_id");
}

TEST(SearchQuery, Controls) {
    const Query q = query("Patient", {{"_count", "0"},
                                      {"_sort", "-birthdate,name"},
                                      {"_total", "accurate"},
                                      {"_summary", "count"},
                                      {"_elements", "name,Patient.birthDate"},
                                      {"_include", "Patient:organization:Organization"},
                                      {"_include:iterate", "*"},
                                      {"_revinclude", "Observation:patient"},
                                      {"_format", "json"},
                                      {"_pretty", "true"}});
    EXPECT_EQ(q.count, 0U);
    ASSERT_EQ(q.sort.size(), 2U);
    EXPECT_TRUE(q.sort[0].descending);
    EXPECT_EQ(q.sort[1].parameter->code, "name");
    EXPECT_EQ(q.total, Total::kAccurate);
    EXPECT_EQ(q.summary, Summary::kCount);
    EXPECT_EQ(q.elements, (std::vector<std::string>{"name", "birthDate"}));
    ASSERT_EQ(q.includes.size(), 3U);
    EXPECT_EQ(q.includes[0].target, "Organization");
    EXPECT_EQ(q.includes[1].parameter, nullptr);
    EXPECT_TRUE(q.includes[1].iterate);
    EXPECT_TRUE(q.includes[2].reverse);
    EXPECT_TRUE(q.criteria.empty());

    const std::vector<QueryParameters> bad = {
        {{"_count", "-1"}},     {{"_count", "1x"}},     {{"_count", "99999999999"}},
        {{"_sort", "nothing"}}, {{"_total", "some"}},   {{"_summary", "yes"}},
        {{"_elements", "a b"}}, {{"_include", "x"}},    {{"_include", "Patient:name"}},
        {{"_revinclude", "*"}}, {{"_include:up", "*"}}, {{"_count", "1"}, {"_count", "2"}},
        {{"_sort", ""}},        {{"_text", "a"}},       {{"_content", "a"}}};
    for (const auto& parameters : bad)
        EXPECT_NE(refused("Patient", parameters), "accepted") << parameters[0].first;
}

TEST(SearchQuery, WhatIsNotKnownIsRefusedAndNeverShown) {
    EXPECT_EQ(refused("Patient", {{"Mrs Smith", "x"}}), "not-supported ");
    EXPECT_EQ(refused("Patient", {{"nothing", ""}}), "not-supported ");
    EXPECT_EQ(refused("Patient", {{"name", ""}}), "value name");
    EXPECT_EQ(refused("Patient", {{"name", "a,,b"}}), "value name");
    EXPECT_EQ(refused("Nothing", {}), "not-supported ");
    EXPECT_EQ(refused("Location", {{"near", "1|2"}}), "not-supported ");
    QueryOptions options;
    options.lenient = true;
    const auto lenient = parse_query("Patient", {{"nothing", "x"}, {"name", "y"}}, options);
    ASSERT_TRUE(lenient.ok());
    EXPECT_EQ(lenient.value().ignored, std::vector<std::size_t>{0});
    EXPECT_EQ(lenient.value().criteria.size(), 1U);
    EXPECT_FALSE(parse_query("Patient", {{"name", ""}}, options).ok());
    const std::vector<std::string_view> own = {"_after"};
    options = {};
    options.own = own;
    EXPECT_TRUE(parse_query("Patient", {{"_after", "x"}}, options).ok());
}

TEST(SearchQuery, Limits) {
    const auto many = [](std::size_t count) { return QueryParameters(count, {"name", "a"}); };
    EXPECT_TRUE(parse_query("Patient", many(kMaxQueryParameters)).ok());
    EXPECT_FALSE(parse_query("Patient", many(kMaxQueryParameters + 1)).ok());
    const auto long_value = [](std::size_t size) {
        return QueryParameters{{"name", std::string(size, 'a')}};
    };
    EXPECT_TRUE(parse_query("Patient", long_value(kMaxQueryValueBytes)).ok());
    EXPECT_FALSE(parse_query("Patient", long_value(kMaxQueryValueBytes + 1)).ok());
    const auto values = [](std::size_t count) {
        std::string text = "a";
        for (std::size_t i = 1; i < count; ++i)
            text += ",a";
        return QueryParameters{{"name", text}};
    };
    EXPECT_TRUE(parse_query("Patient", values(kMaxQueryValues)).ok());
    EXPECT_FALSE(parse_query("Patient", values(kMaxQueryValues + 1)).ok());
}

}  // namespace
}  // namespace consilium::formats::fhir
