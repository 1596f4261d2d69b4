// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "cli/demo_person.hpp"
#include "consilium/v1/ehr.pb.h"
#include "crypto/random.hpp"

// The hospital discloses by law, and the accounting of disclosures has that row and no other.
namespace consilium::cli {
namespace {

using formats::json::Value;

// "Immunization/ID" and its text, the first of the patient's.
Result<std::pair<std::string, std::string>, Problem> immunization(DemoWorld& world) {
    auto desk = demo_person(world, "hospital", {"user/*.rs"});
    if (!desk) return fail(desk.error());
    const auto told =
        desk->get_expecting(200, "/fhir/Immunization?patient=" + world.patient.id + "&_count=1");
    if (!told) return fail(told.error());
    const auto found = resources_of(told->root());
    if (found.empty()) return fail(demo_failed("the patient has an immunization"));
    return std::pair<std::string, std::string>(*found.begin());
}

// What came to the regulator, once it has acknowledged it.
Status<Problem> arrives(DemoWorld& world, const std::string& link, const std::string& text) {
    auto regulator = demo_person(world, "regulator", {"user/Disclosure.r"});
    if (!regulator) return fail(regulator.error());
    const auto acknowledged = [&]() -> Result<bool, Problem> {
        const auto told = regulator->get_expecting(200, "/v1/exchange/disclosures?link=" + link);
        if (!told) return fail(told.error());
        const auto items = list_in(told->root(), "items");
        const Value* flag = items.empty() ? nullptr : items.front().find("acknowledged");
        return flag != nullptr && flag->is_boolean() && flag->boolean();
    };
    if (auto waited = demo_wait("the report arrives", acknowledged); !waited) return waited;
    const auto came = regulator->get_expecting(200, "/v1/exchange/disclosures/" + link + "/1");
    if (!came) return fail(came.error());
    const auto resources = resources_of(came->root());
    if (resources.size() != 1 || resources.begin()->second != text)
        return fail(demo_failed("that resource arrives, and nothing else"));
    return Done{};
}

// Of the link to the regulator; and that the link to the clinic has none.
Status<Problem> accounted_for(DemoWorld& world, const std::string& link) {
    const auto rows = proven_list(
        world, "payer", "ehr/accountable/" + link, "accountable",
        [](const std::vector<Bytes>& shown) -> Result<bool, Problem> { return !shown.empty(); });
    if (!rows) return fail(rows.error());
    const auto row = row_as<v1::AccountableDisclosure>(rows->front());
    if (!row) return fail(row.error());
    if (rows->size() != 1 || row->recipient() != "regulator" ||
        row->basis() != v1::LEGAL_BASIS_PUBLIC_HEALTH)
        return fail(demo_failed("the accounting has exactly the report to the regulator"));
    const auto none = proven_list(
        world, "payer", "ehr/accountable/" + to_hex(world.patient.link), "not-accountable",
        [](const std::vector<Bytes>& shown) -> Result<bool, Problem> { return shown.empty(); });
    if (!none) return fail(none.error());
    return Done{};
}

// Sent again until the ledger has it: the same order is carried out once.
Result<Told, Problem> report(DemoWorld& world, Person& officer, const std::string& resource) {
    const std::string order = R"({"basis":"public-health","order":")" +
                              to_hex(crypto::random_bytes(16)) + R"(","patient":")" +
                              world.patient.id + R"(","recipient":"regulator","resources":[")" +
                              resource + "\"]}";
    Told out;
    const auto recorded = [&]() -> Result<bool, Problem> {
        auto told = officer.post_order("/v1/exchange/disclosures", order);
        if (!told) return fail(told.error());
        out = std::move(told).value();
        return out.status == 201;
    };
    if (auto waited = demo_wait("the report is on the ledger", recorded); !waited)
        return fail(waited.error());
    return out;
}

}  // namespace

StepResult demo_law(DemoWorld& world) {
    const auto resource = immunization(world);
    if (!resource) return fail(resource.error());
    auto officer = demo_person(world, "hospital", {"user/Disclosure.cr"});
    if (!officer) return fail(officer.error());
    const auto told = report(world, *officer, resource->first);
    if (!told) return fail(told.error());
    const std::string link = text_in(&told->root(), "link");
    if (auto arrived = arrives(world, link, resource->second); !arrived)
        return fail(arrived.error());
    if (auto accounted = accounted_for(world, link); !accounted) return fail(accounted.error());
    world.patient.immunization = resource->first;
    world.patient.report_link = link;
    std::vector<std::string> findings{
        "The hospital reports an immunization to the regulator (45 CFR 164.512(b)), over a link of "
        "its own: on the ledger in " +
            duration_text(told->took_us) + ", then sealed to the regulator, which has it unchanged",
        "The ledger has exactly that accountable row of the patient, proven complete by the "
        "payer's node"};
    const auto reported = demo_reports(world);
    if (!reported) return fail(reported.error());
    findings.insert(findings.end(), reported->begin(), reported->end());
    return findings;
}

}  // namespace consilium::cli
