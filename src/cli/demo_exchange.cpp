// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "cli/consent_terms.hpp"
#include "cli/demo_person.hpp"
#include "consilium/v1/ehr.pb.h"

// The patient consents, and the record crosses.
namespace consilium::cli {
namespace {

Result<Height, Problem> consent(DemoWorld& world) {
    ConsentTerms terms;
    terms.purposes = {"treat"};
    const auto command = grant_command(terms, world.patient.link, world.node("clinic"));
    if (!command) return fail(command.error());
    return demo_relay(world, "clinic", *command, "consent");
}

struct Crossed {
    std::size_t resources = 0;
    std::size_t bytes = 0;
    std::uint64_t took_us = 0;
};

// The same question at the clinic and at home: the same resources, byte for byte.
Result<Crossed, Problem> crosses(DemoWorld& world, const std::string& asked,
                                 const std::string& at_home) {
    auto clinician = demo_person(world, "clinic", {"user/*.rs", "TREAT"});
    if (!clinician) return fail(clinician.error());
    const auto here = clinician->get_expecting(200, asked);
    if (!here) return fail(here.error());
    ++world.patient.asked;
    auto hospital = demo_person(world, "hospital", {"user/*.rs"});
    if (!hospital) return fail(hospital.error());
    const auto there = hospital->get_expecting(200, at_home);
    if (!there) return fail(there.error());
    const auto came = resources_of(here->root());
    if (came.empty() || came != resources_of(there->root()))
        return fail(demo_failed("the clinic has the hospital's resources, unchanged"));
    return Crossed{came.size(), here->bytes, here->took_us};
}

// Every disclosure of the link, proven by the regulator's node: sent by the hospital's word and
// received by the clinic's, which committed to the same.
Result<std::size_t, Problem> both_commit(DemoWorld& world, std::size_t disclosures) {
    const std::string path = "ehr/disclosure/" + to_hex(world.patient.link);
    const auto rows =
        proven_list(world, "regulator", path, "disclosures",
                    [&](const std::vector<Bytes>& shown) -> Result<bool, Problem> {
                        for (const Bytes& row : shown) {
                            const auto disclosure = row_as<v1::Disclosure>(row);
                            if (!disclosure) return fail(disclosure.error());
                            if (disclosure->status() == v1::DISCLOSURE_STATUS_DISPUTED)
                                return fail(demo_failed("both sides commit to the same"));
                            if (disclosure->status() != v1::DISCLOSURE_STATUS_RECEIVED)
                                return false;
                        }
                        return shown.size() == disclosures;
                    });
    if (!rows) return fail(rows.error());
    return rows->size();
}

}  // namespace

StepResult demo_consent(DemoWorld& world) {
    const auto height = consent(world);
    if (!height) return fail(height.error());
    const std::string& id = world.patient.id;
    const std::string everything = "/fhir/Patient/" + id + "/$everything";
    const auto all = crosses(world, everything, everything);
    if (!all) return fail(all.error());
    const std::string labs = "/fhir/Observation?patient=" + id + "&category=laboratory";
    const auto some = crosses(world, labs, labs + "&_count=1000");
    if (!some) return fail(some.error());
    const auto committed = both_commit(world, 2);
    if (!committed) return fail(committed.error());
    const auto sentence = [](const Crossed& crossed) {
        return counted(crossed.resources, "resource", "resources") + ", " +
               size_text(crossed.bytes) + " in " + duration_text(crossed.took_us);
    };
    return std::vector<std::string>{
        "The wallet signs a consent for this link alone (TREAT, read, one year): block " +
            std::to_string(*height),
        "GET Patient/{id}/$everything at the clinic: " + sentence(*all) +
            ", byte for byte the hospital's",
        "GET Observation?patient={id}&category=laboratory: " + sentence(*some),
        "Each was a request on the ledger, granted, judged by the hospital's agent, sealed to the "
        "clinic and delivered over mutual TLS",
        counted(*committed, "disclosure", "disclosures") +
            " on the ledger, each with the hospital's commitment and the clinic's, which agree"};
}

}  // namespace consilium::cli
