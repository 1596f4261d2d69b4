// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/definitions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "formats/fhir/definitions_data.hpp"
#include "formats/fhir/definitions_table.hpp"

namespace consilium::formats::fhir {
namespace {

const Type& type(std::string_view name) {
    const Type* found = definitions().find(name);
    EXPECT_NE(found, nullptr) << name;
    static const Type none;
    return found != nullptr ? *found : none;
}

const Property& property(std::string_view type_name, std::string_view name) {
    const Property* found = type(type_name).find(name);
    EXPECT_NE(found, nullptr) << type_name << "." << name;
    static const Property none;
    return found != nullptr ? *found : none;
}

std::vector<std::string> names(std::span<const std::string_view> items) {
    return {items.begin(), items.end()};
}

TEST(Definitions, HaveTheTypesOfR4) {
    std::size_t resources = 0;
    std::size_t primitives = 0;
    for (const Type& t : definitions().types()) {
        resources += t.kind == TypeKind::kResource && !t.is_abstract ? 1 : 0;
        primitives += t.kind == TypeKind::kPrimitive ? 1 : 0;
    }
    EXPECT_EQ(resources, 146U);
    EXPECT_EQ(primitives, 20U + 2U);
    EXPECT_EQ(definitions().find("SubscriptionStatus"), nullptr);
    EXPECT_EQ(definitions().find_resource("DomainResource"), nullptr);
    EXPECT_EQ(definitions().find_resource("Quantity"), nullptr);
    EXPECT_NE(definitions().find_resource("Observation"), nullptr);
    EXPECT_EQ(definitions().find("Nothing"), nullptr);
    EXPECT_NE(definitions().source().find("5.2.13"), std::string_view::npos);
}

TEST(Definitions, DescribeAnObservation) {
    const Type& observation = type("Observation");
    EXPECT_EQ(observation.kind, TypeKind::kResource);
    EXPECT_EQ(observation.base, &type("DomainResource"));
    EXPECT_TRUE(observation.is_a("Resource"));
    EXPECT_FALSE(observation.is_a("Patient"));
    const Property& status = property("Observation", "status");
    EXPECT_EQ(status.element->min, 1U);
    EXPECT_EQ(status.element->max, 1U);
    EXPECT_TRUE(status.element->is_modifier);
    EXPECT_TRUE(status.element->is_summary);
    EXPECT_EQ(status.type->primitive, Primitive::kCode);
    ASSERT_NE(status.element->required, nullptr);
    EXPECT_TRUE(status.element->required->has("final"));
    EXPECT_FALSE(status.element->required->has("Final"));
    EXPECT_FALSE(status.element->required->has(""));
    const Property& subject = property("Observation", "subject");
    EXPECT_EQ(subject.type->name, "Reference");
    EXPECT_EQ(names(subject.targets),
              (std::vector<std::string>{"Device", "Group", "Location", "Patient"}));
    EXPECT_TRUE(property("Observation", "category").element->is_list());
    EXPECT_EQ(property("Observation", "category").element->max, Element::kUnbounded);
}

TEST(Definitions, ExpandChoices) {
    const Property& quantity = property("Observation", "valueQuantity");
    const Property& time = property("Observation", "valueDateTime");
    EXPECT_EQ(quantity.element, time.element);
    EXPECT_EQ(quantity.element->name, "value");
    EXPECT_TRUE(quantity.element->is_choice);
    EXPECT_EQ(quantity.type->name, "Quantity");
    EXPECT_EQ(time.type->primitive, Primitive::kDateTime);
    EXPECT_EQ(type("Observation").find("value"), nullptr);
    EXPECT_EQ(type("Observation").find("valueMoney"), nullptr);
    EXPECT_EQ(type("Observation").find_element("value"), quantity.element);
    EXPECT_EQ(type("Observation").find_element("valueQuantity"), nullptr);
    EXPECT_EQ(type("Extension").properties.size(), 50U + 3U);
    // A profile goes by the name of what it restricts, with its restriction.
    const Property& dose = property("Dosage.doseAndRate", "doseQuantity");
    EXPECT_EQ(dose.type->name, "SimpleQuantity");
    EXPECT_TRUE(dose.type->is_profile);
    EXPECT_TRUE(dose.type->is_a("Quantity"));
    EXPECT_EQ(property("SimpleQuantity", "comparator").element->max, 0U);
    EXPECT_EQ(property("Quantity", "comparator").element->max, 1U);
}

TEST(Definitions, DescribeWhatIsInsideBackboneElements) {
    const Property& component = property("Observation", "component");
    EXPECT_EQ(component.type->name, "Observation.component");
    EXPECT_EQ(component.type->kind, TypeKind::kBackbone);
    EXPECT_TRUE(component.type->is_a("BackboneElement"));
    EXPECT_NE(component.type->find("modifierExtension"), nullptr);
    EXPECT_EQ(component.type->find("component"), nullptr);
    // A reference to content defined elsewhere.
    EXPECT_EQ(property("Observation.component", "referenceRange").type,
              &type("Observation.referenceRange"));
    EXPECT_EQ(property("Bundle.entry", "link").type, &type("Bundle.link"));
    EXPECT_EQ(property("Bundle.entry", "resource").type, nullptr);
    EXPECT_EQ(property("Patient", "contained").type, nullptr);
    // Inside a data type there are no modifier extensions.
    EXPECT_EQ(property("Timing", "repeat").type->name, "Timing.repeat");
    EXPECT_EQ(type("Timing.repeat").find("modifierExtension"), nullptr);
    EXPECT_EQ(type("Binary").find("text"), nullptr);
    EXPECT_NE(type("Binary").find("meta"), nullptr);
}

TEST(Definitions, AreOfR4Alone) {
    EXPECT_EQ(type("ResearchStudy").find("progressStatus"), nullptr);
    EXPECT_EQ(type("ResearchStudy").find("studyDesign"), nullptr);
    EXPECT_EQ(type("Binary").find("url"), nullptr);
    EXPECT_TRUE(property("ResearchStudy", "status").element->required->has("approved"));
    EXPECT_NE(type("EvidenceVariable.characteristic").find("definitionReference"), nullptr);
    EXPECT_EQ(property("EvidenceVariable", "characteristic").element->min, 1U);
    for (const Type& t : definitions().types())
        for (const Property& p : t.properties)
            for (const std::string_view target : p.targets)
                EXPECT_NE(definitions().find_resource(target), nullptr) << t.name << "." << p.name;
}

TEST(Definitions, KnowValueSets) {
    const ValueSet* clinical = property("AllergyIntolerance", "clinicalStatus").element->required;
    ASSERT_NE(clinical, nullptr);
    constexpr std::string_view kSystem =
        "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
    EXPECT_TRUE(clinical->has(kSystem, "active"));
    EXPECT_TRUE(clinical->has(kSystem, "resolved"));
    EXPECT_FALSE(clinical->has(kSystem, "gone"));
    EXPECT_FALSE(clinical->has("http://example.org", "active"));
    EXPECT_EQ(property("Money", "currency").element->required->kind, ValueSet::Kind::kCurrency);
    EXPECT_EQ(property("Attachment", "contentType").element->required->kind, ValueSet::Kind::kMime);
    EXPECT_EQ(property("Patient", "language").element->required->kind, ValueSet::Kind::kLanguage);
    EXPECT_EQ(property("Patient", "maritalStatus").element->required, nullptr);
}

TEST(Definitions, KnowInvariants) {
    const Type& observation = type("Observation");
    std::set<std::string_view> keys;
    for (const Invariant& i : observation.invariants)
        keys.insert(i.key);
    EXPECT_TRUE(keys.contains("obs-6"));
    EXPECT_TRUE(keys.contains("obs-7"));
    const Element& range = *property("Observation", "referenceRange").element;
    ASSERT_EQ(range.invariants.size(), 1U);
    EXPECT_EQ(range.invariants[0].key, "obs-3");
    EXPECT_EQ(range.invariants[0].expression, "low.exists() or high.exists() or text.exists()");
    EXPECT_TRUE(range.invariants[0].is_error);
    EXPECT_EQ(type("Element").invariants[0].key, "ele-1");
}

TEST(Definitions, KnowSearchParameters) {
    const Definitions& all = definitions();
    const SearchParameter* code = all.find_search_parameter("Observation", "code");
    ASSERT_NE(code, nullptr);
    EXPECT_EQ(code->type, SearchType::kToken);
    // Shared by many types, but each has only its own part.
    EXPECT_EQ(code->expression, "Observation.code");
    EXPECT_EQ(all.find_search_parameter("AllergyIntolerance", "code")->expression,
              "AllergyIntolerance.code | AllergyIntolerance.reaction.substance");
    const SearchParameter* id = all.find_search_parameter("Observation", "_id");
    ASSERT_NE(id, nullptr);
    EXPECT_EQ(id->base, "Resource");
    EXPECT_EQ(all.find_search_parameter("Observation", "nothing"), nullptr);
    EXPECT_EQ(all.find_search_parameter("Nothing", "code"), nullptr);
    const SearchParameter* pair = all.find_search_parameter("Observation", "code-value-quantity");
    ASSERT_NE(pair, nullptr);
    EXPECT_EQ(pair->type, SearchType::kComposite);
    ASSERT_EQ(pair->components.size(), 2U);
    EXPECT_EQ(pair->components[0].code, "code");
    EXPECT_EQ(pair->components[1].type, SearchType::kQuantity);
    EXPECT_EQ(names(all.find_search_parameter("Observation", "subject")->targets),
              (std::vector<std::string>{"Device", "Group", "Location", "Patient"}));
    const auto own = all.search_parameters("Patient");
    EXPECT_GT(own.size(), 15U);
    EXPECT_TRUE(std::is_sorted(own.begin(), own.end(),
                               [](const auto& a, const auto& b) { return a.code < b.code; }));
    EXPECT_EQ(all.search_parameters("Resource").size(), 8U);
    EXPECT_TRUE(all.search_parameters("Nothing").empty());
}

TEST(Definitions, KnowCompartments) {
    const Definitions& all = definitions();
    EXPECT_EQ(names(all.compartment("Patient", "Observation")),
              (std::vector<std::string>{"subject", "performer"}));
    EXPECT_TRUE(all.compartment("Patient", "Organization").empty());
    EXPECT_TRUE(all.compartment("Patient", "Nothing").empty());
    EXPECT_TRUE(all.compartment("Nothing", "Observation").empty());
    for (const char* of : {"Patient", "Device", "Encounter", "Practitioner", "RelatedPerson"})
        EXPECT_FALSE(all.compartment(of, "Observation").empty()) << of;
}

// Every table is sorted as the searches expect, every property leads somewhere, and every parameter
// of a compartment exists.
TEST(Definitions, AreConsistent) {
    const auto types = definitions().types();
    for (std::size_t i = 1; i < types.size(); ++i)
        EXPECT_LT(types[i - 1].name, types[i].name);
    for (const Type& t : types) {
        for (std::size_t i = 1; i < t.properties.size(); ++i)
            EXPECT_LT(t.properties[i - 1].name, t.properties[i].name) << t.name;
        for (std::size_t i = 0; i < t.elements.size(); ++i) {
            EXPECT_EQ(t.elements[i].index, i);
            EXPECT_TRUE(std::any_of(t.properties.begin(), t.properties.end(),
                                    [&](const auto& p) { return p.element == &t.elements[i]; }))
                << t.name << "." << t.elements[i].name;
        }
        EXPECT_EQ(t.elements.empty(), t.kind == TypeKind::kPrimitive) << t.name;
        for (const std::string_view of : {"Patient", "Encounter"})
            for (const std::string_view code : definitions().compartment(of, t.name))
                EXPECT_NE(definitions().find_search_parameter(t.name, code), nullptr)
                    << of << " " << t.name << " " << code;
    }
}

TEST(DefinitionsDeath, AWrongTableIsABug) {
    EXPECT_DEATH(DefinitionsTable(""), "");
    EXPECT_DEATH(DefinitionsTable("consilium-fhir-definitions\t2\t4.0.1\tx\n"), "");
    EXPECT_DEATH(DefinitionsTable("consilium-fhir-definitions\t1\t4.0.1\tx"), "");
    EXPECT_DEATH(DefinitionsTable("consilium-fhir-definitions\t1\t4.0.1\tx\nT\tA\tcomplex\tGone\n"),
                 "");
    DefinitionsTable empty("consilium-fhir-definitions\t1\t4.0.1\tx\n");
    EXPECT_EQ(empty.definitions().find("Patient"), nullptr);
}

}  // namespace
}  // namespace consilium::formats::fhir
