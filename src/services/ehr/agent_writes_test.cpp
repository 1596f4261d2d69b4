// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/agent_writes.hpp"

#include "services/ehr/fhir_fixture.hpp"
#include "services/ehr/names.hpp"

namespace consilium::services::ehr {
namespace {

class AgentWritesTest : public FhirTest {
 protected:
    static constexpr const char* kRow = "fhir-test/row";
    AgentWrites writes{*store, fhir->options()};
    std::vector<formats::json::Document> parsed;

    const formats::json::Value* value(Bytes text) {
        const std::size_t size = text.size();
        parsed.push_back(*formats::json::parse(std::move(text), size));
        return &parsed.back().root();
    }
    AgentEntry entry(const std::string& id, const std::string& patient) {
        return {"Observation", id, value(observation_of(patient)), {}, false};
    }
    static AgentExtra with_row(std::optional<Bytes> expected = {}) {
        return [expected](const std::vector<AgentVersion>&) -> Result<Extra, Problem> {
            Extra extra;
            extra.rows = {{kRow, Bytes("1")}};
            extra.expected = {{kRow, expected}};
            return extra;
        };
    }
    bool has_row() { return vault->row(kRow)->has_value(); }
    AgentWritesTest() { parsed.reserve(8); }
};

TEST_F(AgentWritesTest, StoresResourcesUnderTheirIdsInOneStepWithRows) {
    const std::string patient = new_patient();
    const auto written = writes.write({entry("o-1", patient), entry("o-2", patient)}, with_row());
    ASSERT_TRUE(written.ok());
    EXPECT_EQ(written->at(1).document.version, 1U);
    EXPECT_EQ(get("Observation/o-1")->body, written->at(0).stored);
    EXPECT_EQ(count(patient + "/Observation"), 2U);
    EXPECT_TRUE(has_row());
}

TEST_F(AgentWritesTest, ARowThatIsOtherwiseLeavesNothing) {
    const std::string patient = new_patient();
    const auto written = writes.write({entry("o-1", patient)}, with_row(Bytes("other")));
    ASSERT_FALSE(written.ok());
    EXPECT_EQ(written.error().status, 409);
    EXPECT_EQ(get("Observation/o-1").error().status, 404);
    EXPECT_FALSE(has_row());
}

TEST_F(AgentWritesTest, WhatTheRowsRefuseIsNotStored) {
    const auto refuse = [](const std::vector<AgentVersion>&) -> Result<Extra, Problem> {
        return fail(problem_of(413, "too-long", "Too large"));
    };
    EXPECT_EQ(writes.write({entry("o-1", new_patient())}, refuse).error().status, 413);
    EXPECT_EQ(get("Observation/o-1").error().status, 404);
}

TEST_F(AgentWritesTest, AVersionToFollowMustBeCurrent) {
    const std::string patient = new_patient();
    const std::string name = create("Observation", observation_of(patient));
    AgentEntry next = entry(name.substr(12), patient);
    next.replaces = 1;
    ASSERT_TRUE(writes.write({next}, with_row()).ok());
    EXPECT_EQ(get(name)->version, 2U);
    EXPECT_EQ(get(name + "/_history/1")->version, 1U);
    EXPECT_EQ(writes.write({next}, with_row(Bytes("1"))).error().status, 412);
    next.id = "never-there";
    EXPECT_EQ(writes.write({next}, with_row(Bytes("1"))).error().status, 412);
    EXPECT_EQ(get(name)->version, 2U);
}

TEST_F(AgentWritesTest, WhatIsAboutSomebodyElsesPatientIsInNoRecordHere) {
    EXPECT_EQ(writes.write({entry("o-1", "Patient/far-away")}, with_row()).error().status, 422);
    AgentEntry foreign = entry("o-1", "Patient/far-away");
    foreign.foreign = true;
    ASSERT_TRUE(writes.write({foreign}, with_row()).ok());
    EXPECT_EQ(get("Observation/o-1")->status, 200);
    EXPECT_EQ(count("Patient/far-away/Observation"), 0U);
    EXPECT_TRUE(store->find("Observation", "o-1").value()->chart.is_zero());
}

TEST_F(AgentWritesTest, ResourcesAreCheckedAsAClientsAre) {
    AgentEntry bad{
        "Observation", "o-1", value(R"({"resourceType":"Observation","bad":1})"), {}, true};
    EXPECT_EQ(writes.write({bad}, with_row()).error().status, 422);
}

}  // namespace
}  // namespace consilium::services::ehr
