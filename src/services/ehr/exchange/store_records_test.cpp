// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/store_records.hpp"

#include "services/ehr/exchange/rules.hpp"
#include "services/ehr/fhir_fixture.hpp"

namespace consilium::services::ehr::exchange {
namespace {

class StoreRecordsTest : public FhirTest {
 protected:
    StoreRecordsTest() {
        patient = new_patient();
        id = patient.substr(patient.find('/') + 1);
        other = new_patient("Beispiel");
        pressure = create("Observation", observation_of(patient));
        glucose = create("Observation", observation_of(patient, "2339-0", "laboratory"));
        elsewhere = create("Observation", observation_of(other));
    }
    std::vector<std::string> names(const v1::ExchangeAsk& ask) {
        std::vector<std::string> out;
        const auto found = records.current(id, ask);
        EXPECT_TRUE(found.ok());
        if (!found) return out;
        for (const auto& version : *found)
            out.push_back(version.type + "/" + version.id);
        std::sort(out.begin(), out.end());
        return out;
    }
    static std::vector<std::string> sorted(std::vector<std::string> names) {
        std::sort(names.begin(), names.end());
        return names;
    }
    static v1::ExchangeAsk ask(const std::string& type, const std::string& query = {}) {
        v1::ExchangeAsk out;
        out.set_resource_type(type);
        out.set_query(query);
        return out;
    }

    StoreRecords records{*store, [] { return std::string("https://hospital.example/fhir"); }};
    std::string patient;
    std::string id;
    std::string other;
    std::string pressure;
    std::string glucose;
    std::string elsewhere;  // of the other patient
};

TEST_F(StoreRecordsTest, TheCompartmentAndNoOther) {
    EXPECT_EQ(names({}), sorted({patient, pressure, glucose}));
    EXPECT_EQ(names(ask("Observation")), sorted({pressure, glucose}));
    EXPECT_EQ(names(ask("Patient")), std::vector{patient});
    EXPECT_TRUE(names(ask("Condition")).empty());
}

TEST_F(StoreRecordsTest, ASearchWithinTheCompartment) {
    EXPECT_EQ(names(ask("Observation", "category=laboratory")), std::vector{glucose});
    EXPECT_EQ(names(ask("Observation", "code=http%3A%2F%2Floinc.org%7C8480-6")),
              std::vector{pressure});
    EXPECT_TRUE(names(ask("Observation", "category=imaging")).empty());
    auto one = ask("Observation");
    one.set_resource_id(glucose.substr(glucose.find('/') + 1));
    EXPECT_EQ(names(one), std::vector{glucose});
    // Another patient's and one that is not there are told apart by nothing.
    one.set_resource_id(elsewhere.substr(elsewhere.find('/') + 1));
    EXPECT_TRUE(names(one).empty());
    one.set_resource_id("nobody");
    EXPECT_TRUE(names(one).empty());
    one.set_resource_id("no id");
    EXPECT_TRUE(names(one).empty());
}

TEST_F(StoreRecordsTest, CurrentVersionsOnly) {
    const auto key = pressure.substr(pressure.find('/') + 1);
    ASSERT_TRUE(remove(glucose).ok());
    EXPECT_EQ(names({}), sorted({patient, pressure}));
    auto changed = observation_of(patient, "8462-4");
    changed.insert(1, "\"id\":\"" + key + "\",");
    ASSERT_TRUE(put(pressure, changed).ok());
    const auto found = records.current(id, ask("Observation"));
    ASSERT_TRUE(found.ok());
    ASSERT_EQ(found->size(), 1U);
    EXPECT_EQ((*found)[0].document.version, 2U);
    EXPECT_EQ((*found)[0].patients, std::vector{id});
    // What the store answers is what the rules expect.
    const auto stored = vault->read((*found)[0].document, 1U << 20U);
    ASSERT_TRUE(stored.ok());
    EXPECT_EQ(judge({(*found)[0].type, (*found)[0].id, (*found)[0].patients, *stored}, id),
              v1::VERDICT_SEND);
}

TEST_F(StoreRecordsTest, WhatIsAboutTwoPatientsNamesBoth) {
    auto both = observation_of(patient);
    both.insert(1, R"("performer":[{"reference":")" + other + R"("}],)");
    const auto name = create("Observation", both);
    const auto found = records.current(id, ask("Observation"));
    ASSERT_TRUE(found.ok());
    const auto at = std::find_if(found->begin(), found->end(), [&](const auto& version) {
        return version.type + "/" + version.id == name;
    });
    ASSERT_NE(at, found->end());
    EXPECT_EQ(at->patients.size(), 2U);
}

TEST_F(StoreRecordsTest, WhatIsNoSearchIsRefused) {
    auto bad = ask("", "category=laboratory");
    EXPECT_EQ(records.current(id, bad).error(), RecordsError::kBadQuery);
    EXPECT_EQ(records.current(id, ask("Nonsense")).error(), RecordsError::kBadQuery);
    EXPECT_EQ(records.current("a/b", {}).error(), RecordsError::kBadQuery);
    EXPECT_EQ(records.current(id, ask("Observation", "category=%zz")).error(),
              RecordsError::kBadQuery);
}

// Whether something fits must not tell of resources that are not judged.
TEST_F(StoreRecordsTest, ASearchThatLooksElsewhereIsRefused) {
    for (const char* query :
         {"performer.name=x", "subject:Patient.birthdate=1961-04-30", "category=x&encounter.type=y",
          "_has:Provenance:target:agent=x", "_security=R", "_filter=x", "_text=x",
          "_include=Observation:encounter"})
        EXPECT_EQ(records.current(id, ask("Observation", query)).error(), RecordsError::kBadQuery)
            << query;
}

TEST_F(StoreRecordsTest, TheChartAndItsSlots) {
    const auto chart = records.chart(id);
    ASSERT_TRUE(chart.ok() && *chart);
    const auto row = store->chart_of(id);
    ASSERT_TRUE(row.ok() && *row);
    EXPECT_EQ((*chart)->chart, (*row)->chart);
    ASSERT_EQ((*chart)->slots.size(), 8U);
    EXPECT_EQ((*chart)->slots[3].link, (*row)->slots[3].link);
    EXPECT_EQ((*chart)->slots[3].salt.size(), 32U);
    EXPECT_FALSE(*records.chart("nobody"));
    EXPECT_FALSE(*records.chart("a/b"));
    ASSERT_TRUE(remove(other).ok());
    EXPECT_FALSE(*records.chart(other.substr(other.find('/') + 1)));
}

}  // namespace
}  // namespace consilium::services::ehr::exchange
