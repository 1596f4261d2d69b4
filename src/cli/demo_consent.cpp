// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "cli/consent_terms.hpp"
#include "cli/demo_person.hpp"
#include "cli/wallet_file.hpp"
#include "consilium/v1/ehr.pb.h"
#include "formats/json/write.hpp"
#include "node/member_vault.hpp"

// A chart card without consent, and a revocation: the clinic is told no.
namespace consilium::cli {
namespace {

constexpr const char* kReadScope = "user/*.rs";
constexpr const char* kCardScope = "user/ChartCard.cr";

// The patient's own: a key for this link and no other. The file opens with the passphrase beside
// it.
Status<Problem> make_wallet(DemoWorld& world) {
    auto& patient = world.patient;
    patient.wallet = wallet::Wallet::create();
    const auto key =
        patient.wallet->hand_out(world.process->genesis().network_id, "hospital", "clinic");
    if (!key) return fail(demo_failed("a wallet hands out a key"));
    patient.key = *key;
    return Done{};
}

Status<Problem> keep_wallet(DemoWorld& world) {
    const WalletOptions file{(world.home.folder / "patient.wallet").string(),
                             (world.home.folder / "patient.passphrase").string()};
    if (auto made = node::make_passphrase_file(file.passphrase_file); !made)
        return fail(Problem{Exit::kDisk, made.error().message, made.error().hint});
    return save_wallet(file, *world.patient.wallet);
}

// The hospital's desk opens the link with the patient's key; the patient keeps the card and shows
// it at the clinic.
Status<Problem> hand_over_card(DemoWorld& world) {
    auto& patient = world.patient;
    auto desk = demo_person(world, "hospital", {kCardScope});
    if (!desk) return fail(desk.error());
    const auto issued = desk->post_expecting(
        201, "/v1/cards/issued",
        R"({"algorithm":"ed25519","counterparty":"clinic","patient":")" + patient.id +
            R"(","public_key":")" + to_hex(patient.wallet->key(patient.key).public_key()) + "\"}");
    if (!issued) return fail(issued.error());
    const auto card = wallet::read_card(formats::json::write(issued->root()));
    if (!card || !patient.wallet->add_card(*card, patient.key))
        return fail(demo_failed("the wallet takes the card"));
    patient.link = card->link.bytes();
    auto reception = demo_person(world, "clinic", {kCardScope});
    if (!reception) return fail(reception.error());
    const auto kept = reception->post_expecting(201, "/v1/cards", wallet::write_card(*card));
    if (!kept) return fail(kept.error());
    return keep_wallet(world);
}

// The id behind "transaction " in what a denial says.
std::string transaction_in(const std::string& words) {
    constexpr std::string_view kBefore = "transaction ";
    const auto at = words.find(kBefore);
    return at == std::string::npos ? std::string() : words.substr(at + kBefore.size(), 64);
}

// What was said before the ids.
std::string reason_in(const std::string& words) {
    return words.substr(0, words.find(" (transaction"));
}

struct Denied {
    std::string reason;
    std::uint64_t took_us = 0;
    Height height = 0;
    v1::AccessRequest row;
};

// The clinician asks for everything and is told no; the row is proven by the regulator's node.
Result<Denied, Problem> ask_and_be_denied(DemoWorld& world, const std::string& name) {
    auto& patient = world.patient;
    auto clinician = demo_person(world, "clinic", {kReadScope, "TREAT"});
    if (!clinician) return fail(clinician.error());
    const auto told = clinician->get_expecting(403, "/fhir/Patient/" + patient.id + "/$everything");
    if (!told) return fail(told.error());
    ++patient.asked;
    const std::string words = outcome_words(told->root());
    const auto outcome = keep_outcome(world, "clinic", transaction_in(words), name);
    if (!outcome) return fail(outcome.error());
    const auto row = proven_row(
        world, "regulator",
        "ehr/request/" + to_hex(patient.link) + "/" + std::to_string(patient.asked), name + "-row");
    if (!row) return fail(row.error());
    const auto request = row_as<v1::AccessRequest>(*row);
    if (!request) return fail(request.error());
    const auto& gate = request->gate();
    if (gate.decision() != v1::ACCESS_DECISION_DENIED ||
        gate.rule() != v1::DECISION_RULE_NO_CONSENT ||
        gate.parameter() != v1::POLICY_PARAMETER_TREATMENT) {
        return fail(demo_failed("the row says denied, for want of a consent to treatment"));
    }
    return Denied{reason_in(words), told->took_us, outcome->height, *request};
}

Result<Height, Problem> revoke(DemoWorld& world, std::uint32_t number, const std::string& name) {
    const auto command = revoke_command(world.patient.link, number, world.node("payer"));
    if (!command) return fail(command.error());
    return demo_relay(world, "payer", *command, name);
}

std::string row_name(const DemoWorld& world) {
    return "ehr/request/" + short_id(world.patient.link) + "/" +
           std::to_string(world.patient.asked);
}

}  // namespace

StepResult demo_card(DemoWorld& world) {
    if (auto made = make_wallet(world); !made) return fail(made.error());
    auto clinician = demo_person(world, "clinic", {kReadScope, "TREAT"});
    if (!clinician) return fail(clinician.error());
    const std::string everything = "/fhir/Patient/" + world.patient.id + "/$everything";
    if (auto unknown = clinician->get_expecting(404, everything); !unknown)
        return fail(unknown.error());
    if (auto given = hand_over_card(world); !given) return fail(given.error());
    const auto denied = ask_and_be_denied(world, "denial");
    if (!denied) return fail(denied.error());
    auto officer = demo_person(world, "hospital", {"user/Disclosure.r"});
    if (!officer) return fail(officer.error());
    const auto served = officer->get_expecting(200, "/v1/exchange/served");
    if (!served) return fail(served.error());
    if (!list_in(served->root(), "items").empty())
        return fail(demo_failed("the hospital is not asked for what the ledger denies"));
    return std::vector<std::string>{
        "The hospital opens a link with the key of the patient's wallet and gives a chart card; "
        "the patient shows it at the clinic, which had not known the patient (404)",
        "The clinician asks the clinic's own FHIR API for $everything: 403 in " +
            duration_text(denied->took_us),
        "  " + denied->reason,
        "The row " + row_name(world) +
            " says so in every member's ledger copy; the regulator's "
            "node proves it; the hospital was not even asked"};
}

StepResult demo_revoke(DemoWorld& world) {
    auto& patient = world.patient;
    if (auto other = revoke(world, 2, "revocation-of-contributing"); !other)
        return fail(other.error());
    const auto height = revoke(world, 1, "revocation");
    if (!height) return fail(height.error());
    patient.revoked = *height;
    const auto denied = ask_and_be_denied(world, "denial-after-revocation");
    if (!denied) return fail(denied.error());
    if (denied->height <= *height)
        return fail(demo_failed("the denial stands after the revocation"));
    auto officer = demo_person(world, "clinic", {"user/Disclosure.r"});
    if (!officer) return fail(officer.error());
    const std::string link = to_hex(patient.link);
    const auto listed = officer->get_expecting(200, "/v1/exchange/disclosures?link=" + link);
    if (!listed) return fail(listed.error());
    std::vector<std::string> findings{
        "The patient revokes both consents through the payer's node, the one to read in block " +
            std::to_string(*height) + ". The same read in block " + std::to_string(denied->height) +
            ": 403, " + denied->reason,
        "What was disclosed before is listed, and stays in the clinic's record as it came:"};
    for (const auto& item : list_in(listed->root(), "items")) {
        const auto number = number_in(&item, "disclosure");
        const auto kept = officer->get_expecting(
            200, "/v1/exchange/disclosures/" + link + "/" + std::to_string(number));
        if (!kept) return fail(kept.error());
        const auto resources = list_in(kept->root(), "entry").size();
        if (resources == 0 || resources != number_in(&item, "documents"))
            return fail(demo_failed("a disclosure is kept whole"));
        findings.push_back("  disclosure " + std::to_string(number) + " of " +
                           text_in(&item, "custodian") + ": " +
                           counted(resources, "resource", "resources"));
    }
    if (findings.size() == 2) return fail(demo_failed("former disclosures are listed"));
    return findings;
}

}  // namespace consilium::cli
