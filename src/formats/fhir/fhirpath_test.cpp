// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/fhirpath.hpp"

#include <gtest/gtest.h>

#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"

namespace consilium::formats::fhir::fhirpath {
namespace {

constexpr std::string_view kObservation = R"({
  "resourceType": "Observation", "id": "o1", "status": "final",
  "meta": {"versionId": "1"},
  "contained": [{"resourceType": "Practitioner", "id": "p", "active": true}],
  "category": [{"coding": [{"system": "s", "code": "laboratory"}]}],
  "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"},
                      {"system": "urn:x", "code": "hgb"}], "text": "Hgb"},
  "subject": {"reference": "Patient/7"},
  "performer": [{"reference": "#p"}, {"reference": "http://elsewhere/fhir/Organization/3"},
                {"type": "Device", "identifier": {"value": "d"}}],
  "effectivePeriod": {"start": "2020-01-31", "end": "2020-02-01T00:00:00Z"},
  "_issued": {"extension": [{"url": "urn:why", "valueCode": "unknown"}]},
  "valueQuantity": {"value": 1.50, "unit": "g/dL", "system": "http://unitsofmeasure.org",
                    "code": "g/dL"},
  "note": [{"text": "a"}, {"text": "b"}, {"text": "a"}],
  "component": [{"code": {"text": "x"}, "valueInteger": 5},
                {"code": {"text": "y"}, "valueString": "five"}]
})";

json::Document document(std::string_view text) {
    auto parsed = json::parse(std::string(text), 1U << 20U);
    EXPECT_TRUE(parsed.ok());
    return std::move(parsed).value();
}

// The result as text: items as JSON or their computed text, separated by blanks.
std::string run(std::string_view expression, std::string_view resource = kObservation) {
    const auto compiled = Expression::compile(expression);
    if (!compiled.ok()) return "syntax error " + std::to_string(compiled.error().offset);
    const json::Document parsed = document(resource);
    Evaluator evaluator;
    const Item item = Evaluator::resource_item(parsed.root());
    evaluator.set_resources(item, item);
    const auto result = evaluator.evaluate(compiled.value(), item);
    if (!result.ok()) return "error " + std::to_string(static_cast<int>(result.error()));
    std::string out;
    for (const Item& one : result.value()) {
        if (!out.empty()) out += " ";
        if (one.kind == Item::Kind::kValue)
            out += one.value != nullptr ? json::write(*one.value) : "shadow";
        else if (one.kind == Item::Kind::kInteger)
            out += std::to_string(one.number);
        else if (one.kind == Item::Kind::kTarget)
            out += "->" + std::string(one.type->name);
        else
            out += *text_of(one);
    }
    return out;
}

TEST(FhirPath, Steps) {
    EXPECT_EQ(run("status"), R"("final")");
    EXPECT_EQ(run("Observation.status"), R"("final")");
    EXPECT_EQ(run("Patient.status"), "");
    EXPECT_EQ(run("Resource.id"), R"("o1")");
    EXPECT_EQ(run("code.coding.code"), R"("718-7" "hgb")");
    EXPECT_EQ(run("code.coding[1].code"), R"("hgb")");
    EXPECT_EQ(run("code.coding[2].code"), "");
    EXPECT_EQ(run("nothing.of.that"), "");
    EXPECT_EQ(run("resourceType"), "");
    EXPECT_EQ(run("`code`.text"), R"("Hgb")");
}

TEST(FhirPath, NumbersKeepTheirText) {
    EXPECT_EQ(run("value.value"), "1.50");
}

TEST(FhirPath, ChoiceTypes) {
    EXPECT_EQ(run("(Observation.value as Quantity).code"), R"("g/dL")");
    EXPECT_EQ(run("value.ofType(Quantity).unit"), R"("g/dL")");
    EXPECT_EQ(run("value as string"), "");
    EXPECT_EQ(run("component.value"), R"(5 "five")");
    EXPECT_EQ(run("component.value.ofType(integer)"), "5");
    EXPECT_EQ(run("component.value.as(string)"), R"("five")");
    EXPECT_EQ(run("effective.start"), R"("2020-01-31")");
    EXPECT_EQ(run("value is Quantity"), "true");
    EXPECT_EQ(run("value is Period"), "false");
    EXPECT_EQ(run("value is FHIR.Element"), "true");
    EXPECT_EQ(run("note is Annotation"), "error 0");
}

TEST(FhirPath, PrimitivesThatHaveOnlyExtensions) {
    EXPECT_EQ(run("issued"), "shadow");
    EXPECT_EQ(run("issued.hasValue()"), "false");
    EXPECT_EQ(run("issued.exists()"), "true");
    EXPECT_EQ(run("issued.extension('urn:why').value"), R"("unknown")");
    EXPECT_EQ(run("given.extension.url", R"({"resourceType":"HumanName"})"), "");
    EXPECT_EQ(run("name.given.extension.value",
                  R"({"resourceType":"Patient","name":[{"given":["a",null,"c"],
                      "_given":[null,{"extension":[{"url":"u","valueString":"x"}]}]}]})"),
              R"("x")");
    EXPECT_EQ(run("name.given.count()",
                  R"({"resourceType":"Patient","name":[{"given":["a",null,"c"],
                      "_given":[null,{"extension":[{"url":"u","valueString":"x"}]}]}]})"),
              "3");
}

TEST(FhirPath, ThreeValuedLogic) {
    EXPECT_EQ(run("true and {}"), "");
    EXPECT_EQ(run("{} and false"), "false");
    EXPECT_EQ(run("false and {}"), "false");
    EXPECT_EQ(run("{} or true"), "true");
    EXPECT_EQ(run("false or {}"), "");
    EXPECT_EQ(run("true xor {}"), "");
    EXPECT_EQ(run("true xor false"), "true");
    EXPECT_EQ(run("{} implies true"), "true");
    EXPECT_EQ(run("{} implies false"), "");
    EXPECT_EQ(run("false implies {}"), "true");
    EXPECT_EQ(run("true implies {}"), "");
    EXPECT_EQ(run("{}.not()"), "");
    EXPECT_EQ(run("status and true"), "true");
    EXPECT_EQ(run("note and true"), "error 0");
}

TEST(FhirPath, OperatorsBindAsTheSpecificationSays) {
    EXPECT_EQ(run("true or false and false"), "true");
    EXPECT_EQ(run("true implies false or true"), "true");
    EXPECT_EQ(run("1 + 2 < 4 = true"), "true");
    EXPECT_EQ(run("'a' & 'b' = 'ab'"), "true");
    EXPECT_EQ(run("status = 'final' and code.text = 'Hgb'"), "true");
    EXPECT_EQ(run("status in ('final' | 'amended')"), "true");
    EXPECT_EQ(run("('final' | 'amended') contains status"), "true");
    EXPECT_EQ(run("'x'+id in ('xo1' | 'y')"), "true");
    EXPECT_EQ(run("value as Quantity | value as Period"), run("value"));
}

TEST(FhirPath, Equality) {
    EXPECT_EQ(run("value.value = 1.5"), "true");
    EXPECT_EQ(run("value.value != 1.500"), "false");
    EXPECT_EQ(run("status = {}"), "");
    EXPECT_EQ(run("note[0] = note[2]"), "true");
    EXPECT_EQ(run("note[0] = note[1]"), "false");
    EXPECT_EQ(run("note.text = 'a'"), "false");
    EXPECT_EQ(run("(note.text | 'a').count()"), "2");
    EXPECT_EQ(run("note.isDistinct()"), "false");
    EXPECT_EQ(run("note.text.isDistinct()"), "false");
    EXPECT_EQ(run("code.coding.isDistinct()"), "true");
    EXPECT_EQ(run("note.distinct().count()"), "2");
    EXPECT_EQ(run("code.coding.intersect(%resource.code.coding).count()"), "2");
    EXPECT_EQ(run("status = 1"), "false");
}

TEST(FhirPath, OrderOfDatesGoesAsFarAsBothDo) {
    EXPECT_EQ(run("effective.start <= effective.end"), "true");
    EXPECT_EQ(run("start < end", R"({"start": 1, "end": 2})"), "true");
    const auto period = [](std::string_view start, std::string_view end) {
        return run("period.start <= period.end",
                   R"({"resourceType":"Encounter","period":{"start":")" + std::string(start) +
                       R"(","end":")" + std::string(end) + R"("}})");
    };
    EXPECT_EQ(period("2020", "2021-01-01"), "true");
    EXPECT_EQ(period("2020", "2020-01-01"), "");
    EXPECT_EQ(period("2020-05", "2020-04-01"), "false");
    EXPECT_EQ(period("2020-05-01T00:00:00+01:00", "2020-04-30T23:00:00Z"), "true");
    EXPECT_EQ(period("2020-05-01T00:00:00.001Z", "2020-05-01T00:00:00Z"), "false");
}

TEST(FhirPath, UndecidedIsNotTheSameAsEmpty) {
    const auto holds = [](std::string_view expression, std::string_view resource) {
        const auto compiled = Expression::compile(expression);
        const json::Document parsed = document(resource);
        Evaluator evaluator;
        const Item item = Evaluator::resource_item(parsed.root());
        return evaluator.holds(compiled.value(), item);
    };
    EXPECT_EQ(holds("period.start <= period.end",
                    R"({"resourceType":"Encounter","period":{"start":"2020","end":"2020-01"}})"),
              Truth::kUndecided);
    EXPECT_EQ(holds("period.start <= period.end",
                    R"({"resourceType":"Encounter","period":{"start":"2020"}})"),
              Truth::kEmpty);
    EXPECT_EQ(
        holds("name and true", R"({"resourceType":"Patient","name":[{"text":"a"},{"text":"b"}]})"),
        Truth::kError);
}

TEST(FhirPath, FunctionsOfCollections) {
    EXPECT_EQ(run("note.text.first()"), R"("a")");
    EXPECT_EQ(run("note.text.last()"), R"("a")");
    EXPECT_EQ(run("note.text.tail()"), R"("b" "a")");
    EXPECT_EQ(run("note.text.skip(2)"), R"("a")");
    EXPECT_EQ(run("note.text.take(9).count()"), "3");
    EXPECT_EQ(run("note.where(text = 'b').text"), R"("b")");
    EXPECT_EQ(run("note.exists(text = 'b')"), "true");
    EXPECT_EQ(run("note.all(text.exists())"), "true");
    EXPECT_EQ(run("nothing.all(false)"), "true");
    EXPECT_EQ(run("note.select(text = 'a').allTrue()"), "false");
    EXPECT_EQ(run("note.select(text = 'a').anyTrue()"), "true");
    EXPECT_EQ(run("note.select($this).count()"), "3");
    EXPECT_EQ(run("note.text.combine(status).count()"), "4");
    EXPECT_EQ(run("note.text.union(status).count()"), "3");
    EXPECT_EQ(run("iif(status = 'final', 'yes', 'no')"), "yes");
    EXPECT_EQ(run("iif(status = 'x', 'yes', 'no')"), "no");
    EXPECT_EQ(run("iif(status = 'x', 'yes')"), "");
    EXPECT_EQ(run("note.single()"), "error 0");
    EXPECT_EQ(run("note.text.trace('t', $this).count()"), "3");
    EXPECT_EQ(run("category.children().count()"), "1");
    EXPECT_EQ(run("code.descendants().count()"), "7");
    EXPECT_EQ(run("contained.descendants()"), R"("p" true)");
}

TEST(FhirPath, FunctionsOfStrings) {
    EXPECT_EQ(run("status.startsWith('fi')"), "true");
    EXPECT_EQ(run("status.endsWith('nal')"), "true");
    EXPECT_EQ(run("status.contains('na')"), "true");
    EXPECT_EQ(run("status.substring(2)"), "nal");
    EXPECT_EQ(run("status.substring(1, 2)"), "in");
    EXPECT_EQ(run("status.substring(9)"), "");
    EXPECT_EQ(run("'\\u00e4\\u00f6'.length()"), "2");
    EXPECT_EQ(run("'\\u00e4\\u00f6x'.substring(1,1)"), "\xc3\xb6");
    EXPECT_EQ(run("status.upper()"), "FINAL");
    EXPECT_EQ(run("status.matches('^[a-z]+$')"), "true");
    EXPECT_EQ(run("'a.b.c'.replaceMatches('\\\\..*', '')"), "a");
    EXPECT_EQ(run("'12'.toInteger() + 1"), "13e0");
    EXPECT_EQ(run("'x'.toInteger()"), "");
    EXPECT_EQ(run("value.value.toString().contains('.')"), "true");
    EXPECT_EQ(run("note.text.startsWith('a')"), "error 0");
    EXPECT_EQ(run("code.startsWith('a')"), "error 1");
}

TEST(FhirPath, ReferencesAreResolvedAsFarAsTheirType) {
    EXPECT_EQ(run("subject.resolve()"), "->Patient");
    EXPECT_EQ(run("subject.where(resolve() is Patient).reference"), R"("Patient/7")");
    EXPECT_EQ(run("subject.where(resolve() is Group)"), "");
    EXPECT_EQ(run("performer.where(resolve() is Practitioner).reference"), R"("#p")");
    EXPECT_EQ(run("performer.where(resolve() is Organization).count()"), "1");
    EXPECT_EQ(run("performer.where(resolve() is Device).identifier.value"), R"("d")");
}

TEST(FhirPath, WhatIsOutsideTheSubsetIsRefused) {
    for (const std::string_view bad : {"",
                                       "a b",
                                       "a.",
                                       "(a",
                                       "a)",
                                       "a.memberOf('x')",
                                       "a.where()",
                                       "a.where(b, c)",
                                       "%unknown",
                                       "'open",
                                       "a ~ b",
                                       "$index",
                                       "@2020",
                                       "a[b]",
                                       "a[1.5]",
                                       "-a",
                                       "a.matches('(')",
                                       "a.matches(b)",
                                       "'\\uD800'",
                                       "a as",
                                       "#",
                                       "a.iif(b)"}) {
        EXPECT_FALSE(Expression::compile(bad).ok()) << bad;
    }
}

TEST(FhirPath, LimitsOfAnExpression) {
    EXPECT_TRUE(Expression::compile(std::string(kMaxExpressionBytes, ' ').replace(0, 1, "a")).ok());
    EXPECT_FALSE(
        Expression::compile(std::string(kMaxExpressionBytes + 1, ' ').replace(0, 1, "a")).ok());
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '(') + "a" + std::string(depth, ')');
    };
    EXPECT_TRUE(Expression::compile(nested(kMaxNesting - 1)).ok());
    EXPECT_FALSE(Expression::compile(nested(kMaxNesting)).ok());
}

TEST(FhirPath, WorkIsBounded) {
    std::string notes;
    for (int i = 0; i < 3000; ++i)
        notes += std::string(i == 0 ? "" : ",") + R"({"text":"n)" + std::to_string(i) + R"("})";
    const std::string resource = R"({"resourceType":"Observation","note":[)" + notes + "]}";
    EXPECT_EQ(run("note.isDistinct()", resource), "error 2");
    EXPECT_EQ(run("note.text.isDistinct()", resource), "true");
    EXPECT_EQ(run("note.select(%resource.note).count()", resource), "error 2");
}

}  // namespace
}  // namespace consilium::formats::fhir::fhirpath
