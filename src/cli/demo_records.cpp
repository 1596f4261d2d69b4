// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <thread>

#include "base/assert.hpp"
#include "base/hex.hpp"
#include "cli/demo.hpp"
#include "contracts/registry/registry.hpp"
#include "crypto/random.hpp"
#include "crypto/sign.hpp"
#include "node/key_file.hpp"
#include "proto/canonical.hpp"

// Steps 2 and 3 of the demo: documents are anchored; some change, one is shared, one is erased.
namespace consilium::cli {
namespace {

constexpr std::string_view kGiveDemoData = "Give --data the folder demo/data of the repository.";
constexpr std::uint64_t kBackupLifeMs = 90ULL * 24 * 3600 * 1000;

Status<Problem> save_vault(DemoWorld& world) {
    const auto file = world.home.folder / "hospital-vault.json";
    if (auto saved = node::write_private_file(file, format_demo_vault(world.vault), true); !saved) {
        return fail(Problem{Exit::kDisk, saved.error(), {}});
    }
    return Done{};
}

// Opens the chart, unless it is the hospital's own list, and anchors all of it as one manifest.
Status<Problem> anchor_list(DemoWorld& world, DemoList& list, const std::string& name) {
    std::vector<v1::Command> commands;
    if (!list.own) {
        v1::ChartsCommand open;
        open.mutable_open_chart()->set_chart_id(list.chart.bytes());
        for (const auto& slot : list.slots) {
            open.mutable_open_chart()->add_slots(
                ledger::link_slot_commitment(slot.salt, list.chart, slot.link).bytes());
        }
        commands.push_back(command_of(open));
    }
    const ledger::Manifest manifest = list.manifest();
    v1::DocumentsCommand anchor;
    auto& to = *anchor.mutable_anchor_manifest();
    if (!list.own) to.set_chart_id(list.chart.bytes());
    to.set_root(manifest.root().bytes());
    to.set_leaf_count(manifest.leaf_count());
    commands.push_back(command_of(anchor));
    const auto applied = demo_apply(world, "hospital", v1::ROLE_SERVICE, commands, name);
    if (!applied) return fail(applied.error());
    if (applied->outcome.assigned.empty()) {
        return fail(demo_failed("an anchored manifest gets a number"));
    }
    list.manifest_sequence = applied->outcome.assigned.back();
    return Done{};
}

// Names a document that has only its manifest's leaf so far.
v1::RecordRef leaf_ref(const DemoList& list, const DemoDocument& document) {
    v1::RecordRef ref;
    ref.set_chart_id(list.chart.bytes());
    auto& leaf = *ref.mutable_leaf();
    leaf.set_manifest_sequence(list.manifest_sequence);
    leaf.set_leaf_index(document.leaf_index);
    leaf.set_record_id(document.record.bytes());
    leaf.set_commitment(document.commitment().bytes());
    for (const auto& sibling : list.manifest().path(document.leaf_index))
        leaf.add_path(sibling.bytes());
    return ref;
}

DemoDocument* first_of(DemoList& list, std::string_view type) {
    for (auto& document : list.documents) {
        if (document.type == type && document.sequence == 0) return &document;
    }
    return nullptr;
}

Status<Problem> supersede(DemoWorld& world, DemoList& list, DemoDocument& document,
                          const std::string& name) {
    v1::DocumentsCommand command;
    auto& supersede = *command.mutable_supersede_record();
    *supersede.mutable_record() = leaf_ref(list, document);
    supersede.set_version(document.version);
    // The new version is the old one with its language said, under a salt of its own.
    DemoDocument next = document;
    next.salt = crypto::random_bytes(document.salt.size());
    next.payload = "{\"language\":\"en-US\"," + document.payload.substr(1);
    next.version = document.version + 1;
    supersede.set_commitment(next.commitment().bytes());
    const auto applied =
        demo_apply(world, "hospital", v1::ROLE_CLINICIAN, {command_of(command)}, name);
    if (!applied) return fail(applied.error());
    if (applied->outcome.assigned.empty()) {
        return fail(demo_failed("a leaf that is touched alone gets a number"));
    }
    next.sequence = applied->outcome.assigned.back();
    document = std::move(next);
    return Done{};
}

// The hospital opens a link to the clinic and offers the record; the clinic compares what its own
// node shows with the opening it was given, then acknowledges.
Status<Problem> share(DemoWorld& world, DemoList& list, const DemoDocument& document) {
    const ledger::LinkId link = list.slots.front().link;
    const auto patient_key = crypto::SigningKey::generate();
    if (auto saved = node::save_key_file(world.home.folder / "patient-1-clinic.key", patient_key);
        !saved) {
        return fail(Problem{Exit::kDisk, saved.error(), {}});
    }
    v1::ChartsCommand open;
    open.mutable_open_link()->set_link_id(link.bytes());
    open.mutable_open_link()->set_counterparty("clinic");
    open.mutable_open_link()->set_algorithm(v1::ALGORITHM_ED25519);
    open.mutable_open_link()->set_public_key(patient_key.public_key());
    const Bytes salt = crypto::random_bytes(32);
    const Hash32 commitment = ledger::shared_record_commitment(
        salt, ledger::record_list(list.chart), document.sequence, document.version);
    v1::DocumentsCommand offer;
    offer.mutable_share_record()->set_link_id(link.bytes());
    offer.mutable_share_record()->set_record_commitment(commitment.bytes());
    if (auto opened = demo_apply(world, "hospital", v1::ROLE_CLERK, {command_of(open)}, "3-link");
        !opened) {
        return fail(opened.error());
    }
    const auto offered =
        demo_apply(world, "hospital", v1::ROLE_CLINICIAN, {command_of(offer)}, "3-share");
    if (!offered) return fail(offered.error());
    const auto key =
        contracts::registry().key_from_path("documents/share/" + to_hex(link.view()) + "/1");
    const auto row = world.node("clinic").state(key.value_or(Bytes{}), std::nullopt, false);
    if (!row) return fail(row.error());
    v1::Share shown;
    if (!proto::parse_canonical(row->value(), shown) ||
        shown.record_commitment() != commitment.bytes()) {
        return fail(demo_failed("the clinic's ledger copy holds the share that it was told of"));
    }
    v1::DocumentsCommand acknowledge;
    acknowledge.mutable_acknowledge_share()->set_link_id(link.bytes());
    acknowledge.mutable_acknowledge_share()->set_sequence(1);
    const auto acknowledged =
        demo_apply(world, "clinic", v1::ROLE_CLINICIAN, {command_of(acknowledge)}, "3-acknowledge");
    if (!acknowledged) return fail(acknowledged.error());
    return Done{};
}

Status<Problem> shred(DemoWorld& world, DemoList& list, DemoDocument& document) {
    v1::DocumentsCommand command;
    auto& shred = *command.mutable_shred_record();
    *shred.mutable_record() = leaf_ref(list, document);
    shred.set_basis(v1::SHRED_BASIS_ENTERED_IN_ERROR);
    shred.set_last_backup_expires_unix_ms(now().value + kBackupLifeMs);
    const auto applied =
        demo_apply(world, "hospital", v1::ROLE_PRIVACY_OFFICER, {command_of(command)}, "3-shred");
    if (!applied) return fail(applied.error());
    if (!applied->outcome.assigned.empty()) document.sequence = applied->outcome.assigned.back();
    document.shredded = true;
    document.salt.clear();
    document.payload.clear();
    return Done{};
}

// The clinic tries to replace a record in a chart that the hospital keeps.
Result<std::string, Problem> break_a_rule(DemoWorld& world, const DemoList& list,
                                          const DemoDocument& document) {
    v1::DocumentsCommand command;
    auto& supersede = *command.mutable_supersede_record();
    supersede.mutable_record()->set_chart_id(list.chart.bytes());
    supersede.mutable_record()->set_sequence(document.sequence);
    supersede.set_version(document.version);
    supersede.set_commitment(crypto::random_bytes(32));
    const auto submitted =
        demo_submit(world, "clinic", v1::ROLE_CLINICIAN, {command_of(command)}, "3-rejected");
    if (!submitted) return fail(submitted.error());
    if (submitted->outcome.applied()) {
        return fail(demo_failed("nobody but its custodian changes a record"));
    }
    return outcome_text(submitted->outcome);
}

}  // namespace

Status<Problem> demo_load(DemoWorld& world) {
    auto input = load_fhir_folder(world.options.data);
    if (!input) return fail(input.error());
    world.resources = input->resources.size();
    world.patients = input->patients;
    world.vault = make_demo_vault(std::move(input).value());
    if (world.patients == 0) {
        return fail(Problem{Exit::kUsage, "there is no Patient in " + world.options.data.string(),
                            std::string(kGiveDemoData)});
    }
    DemoList& list = world.vault.lists.front();
    if (first_of(list, "Observation") == nullptr || first_of(list, "Condition") == nullptr ||
        first_of(list, "DocumentReference") == nullptr) {
        return fail(Problem{Exit::kUsage,
                            "the first patient of " + world.options.data.string() +
                                " lacks an Observation, a Condition or a DocumentReference",
                            std::string(kGiveDemoData)});
    }
    return Done{};
}

StepResult demo_anchor(DemoWorld& world) {
    if (auto saved = save_vault(world); !saved) return fail(saved.error());
    Progress progress(world.context, "Anchoring", world.vault.lists.size());
    for (std::size_t i = 0; i < world.vault.lists.size(); ++i) {
        DemoList& list = world.vault.lists[i];
        const std::string name =
            list.own ? std::string("2-own-list") : "2-chart-" + std::to_string(i + 1);
        if (auto anchored = anchor_list(world, list, name); !anchored) {
            return fail(anchored.error());
        }
        progress.advance();
    }
    if (auto saved = save_vault(world); !saved) return fail(saved.error());
    // A moment that lies between this step's blocks and those of the next step.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    world.earlier = now();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return std::vector<std::string>{
        counted(world.resources, "FHIR resource", "FHIR resources") + " of " +
            counted(world.patients, "patient", "patients") + " anchored by " +
            counted(world.vault.lists.size(), "manifest", "manifests") + ", one per chart" +
            (world.vault.lists.back().own ? " and one for what belongs to no patient" : ""),
        "On the ledger: random ids and salted commitments; payloads and salts stay in "
        "hospital-vault.json"};
}

StepResult demo_change(DemoWorld& world) {
    DemoList& list = world.vault.lists.front();
    DemoDocument* first = first_of(list, "Observation");
    DemoDocument* second = first_of(list, "Condition");
    DemoDocument* third = first_of(list, "DocumentReference");
    CONSILIUM_ASSERT(first != nullptr && second != nullptr && third != nullptr);  // demo_load
    if (auto done = supersede(world, list, *first, "3-version-1"); !done) return fail(done.error());
    if (auto done = supersede(world, list, *second, "3-version-2"); !done) {
        return fail(done.error());
    }
    if (auto done = share(world, list, *first); !done) return fail(done.error());
    if (auto done = shred(world, list, *third); !done) return fail(done.error());
    const auto rejected = break_a_rule(world, list, *first);
    if (!rejected) return fail(rejected.error());
    if (auto saved = save_vault(world); !saved) return fail(saved.error());
    return std::vector<std::string>{
        "Two records got a second version; one was shared with the clinic over a link and "
        "acknowledged by it; one was shredded",
        "The clinic tried to change a record of the hospital's: " + *rejected};
}

}  // namespace consilium::cli
