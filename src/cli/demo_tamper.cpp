// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "cli/access.hpp"
#include "cli/demo.hpp"
#include "cli/demo_omit.hpp"
#include "cli/demo_package.hpp"
#include "consilium/v1/receipt.pb.h"
#include "consilium/v1/state.pb.h"
#include "node/member_vault.hpp"
#include "proto/canonical.hpp"

// Every receipt is verified offline; then one byte is altered here and there, and one row left out,
// and each is detected and named.
namespace consilium::cli {
namespace {

const KeptReceipt* kept(const DemoWorld& world, std::string_view name) {
    for (const auto& receipt : world.receipts) {
        if (receipt.name == name) return &receipt;
    }
    return nullptr;
}

void flip_byte(std::string& bytes, std::size_t at) {
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
}

// Takes a state receipt apart, lets `change` alter its proof, and puts it together again.
template <typename Change>
Result<Bytes, Problem> altered_proof(const DemoWorld& world, std::string_view name, Change change) {
    const KeptReceipt* from = kept(world, name);
    v1::Receipt receipt;
    v1::StateProof proof;
    if (from == nullptr || !proto::parse_canonical(from->bytes, receipt) ||
        !proto::parse_canonical(receipt.state().proof(), proof) || !change(proof)) {
        return fail(
            demo_failed("the receipt " + std::string(name) + " is what an earlier step kept"));
    }
    receipt.mutable_state()->set_proof(proto::encode(proof));
    return proto::encode(receipt);
}

// The entry that carries the n-th value of the answer.
v1::StateEntry* row_entry(v1::StateProof& proof, int n) {
    for (auto& entry : *proof.mutable_entries()) {
        if (entry.has_value() && n-- == 0) return &entry;
    }
    return nullptr;
}

bool flip_value(v1::StateProof& proof, int n) {
    v1::StateEntry* entry = row_entry(proof, n);
    if (entry == nullptr || entry->value().empty()) return false;
    flip_byte(*entry->mutable_value(), entry->value().size() / 2);
    return true;
}

bool leave_out_row(v1::StateProof& proof) {
    const v1::StateEntry* hidden = row_entry(proof, 1);
    return hidden != nullptr && omit_entry(proof, hidden->serial());
}

// The altered thing is kept as a file, and must be refused.
Status<Problem> must_refuse(DemoWorld& world, const std::string& what, const std::string& file,
                            const Bytes& bytes, const Verdict& verdict,
                            std::vector<std::string>& findings) {
    if (auto written = write_file(world.home.folder / "altered" / file, bytes); !written) {
        return written;
    }
    if (verdict.good) return fail(demo_failed(what + " is detected"));
    findings.push_back(what + ": " + verdict.refusal);
    return Done{};
}

Status<Problem> refuse_receipt(DemoWorld& world, const std::string& what, const std::string& file,
                               const Result<Bytes, Problem>& bytes,
                               std::vector<std::string>& findings) {
    if (!bytes) return fail(bytes.error());
    const auto verdict = check_receipt(*bytes, *world.trust, {now(), std::nullopt});
    return must_refuse(world, what, file, *bytes, verdict, findings);
}

Result<std::size_t, Problem> verify_all(DemoWorld& world) {
    verify::HeaderCache cache;
    std::size_t good = 0;
    std::error_code error;
    const auto folder = world.home.folder / "receipts";
    Progress progress(world.context, "Verifying", world.receipts.size());
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
        const auto bytes = read_file(at->path());
        if (!bytes) return fail(bytes.error());
        const auto verdict = check_receipt(*bytes, *world.trust, {now(), std::nullopt}, &cache);
        if (!verdict.good) {
            return fail(
                demo_failed(at->path().filename().string() + " is good: " + verdict.refusal));
        }
        ++good;
        progress.advance();
    }
    if (error || good != world.receipts.size()) {
        return fail(demo_failed("all receipts are in " + folder.string()));
    }
    return good;
}

Status<Problem> alter_block(DemoWorld& world, std::vector<std::string>& findings) {
    auto block = world.node("regulator").block(world.patient.revoked);
    if (!block) return fail(block.error());
    if (block->items().empty() || !check_block(proto::encode(*block), *world.trust).good) {
        return fail(demo_failed("the block is whole as the node keeps it"));
    }
    std::string& item = *block->mutable_items(0);
    flip_byte(item, item.size() / 2);
    const Bytes bytes = proto::encode(*block);
    return must_refuse(world, "One byte of the block of the revocation", "stored.block", bytes,
                       check_block(bytes, *world.trust), findings);
}

// The file of a folder that holds most: the documents, among others.
Result<std::filesystem::path, Problem> largest_file(const std::filesystem::path& folder) {
    std::filesystem::path out;
    std::uint64_t bytes = 0;
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
        if (!at->is_regular_file(error) || at->file_size(error) < bytes) continue;
        bytes = at->file_size(error);
        out = at->path();
    }
    if (error || out.empty()) return fail(demo_failed("the backup has files"));
    return out;
}

// A backup of the hospital's vault restores; with one byte altered it does not.
Status<Problem> alter_document(DemoWorld& world, std::vector<std::string>& findings) {
    const auto hospital = open_member({world.home.folder.string(), "hospital"});
    if (!hospital) return fail(hospital.error());
    const auto passphrase = node::vault_passphrase(hospital->config.vault);
    vault::Vault* vault = world.process->vault_of("hospital");
    if (!passphrase || vault == nullptr) return fail(demo_failed("the hospital has a vault"));
    const auto backup = world.home.folder / "altered" / "vault-backup";
    const auto restored = world.home.folder / "altered" / "restored";
    if (!vault->backup(backup)) return fail(demo_failed("the hospital's vault is backed up"));
    const auto restore = [&] {
        return vault::Vault::restore(backup, restored, world.process->genesis().network_id,
                                     passphrase->view(), {});
    };
    if (!restore()) return fail(demo_failed("the backup of the vault restores"));
    std::error_code error;
    std::filesystem::remove_all(restored, error);
    const auto file = largest_file(backup);
    if (!file) return fail(file.error());
    auto content = read_file(*file);
    if (!content) return fail(content.error());
    flip_byte(*content, content->size() / 2);
    if (auto written = write_file(*file, *content); !written) return written;
    const auto refused = restore();
    if (refused || refused.error().error != vault::VaultError::kDamaged)
        return fail(demo_failed("one altered byte of the stored documents is detected"));
    findings.push_back("One byte of the hospital's stored documents: the vault's backup " +
                       std::string(vault::describe(refused.error().error)));
    return Done{};
}

Status<Problem> alter_proofs(DemoWorld& world, std::vector<std::string>& findings) {
    const auto entry = altered_proof(world, "denial-row",
                                     [](v1::StateProof& proof) { return flip_value(proof, 0); });
    if (auto done = refuse_receipt(world, "One byte of the row of the denial", "entry.receipt",
                                   entry, findings);
        !done) {
        return done;
    }
    const auto list = altered_proof(world, "disclosures",
                                    [](v1::StateProof& proof) { return flip_value(proof, 1); });
    if (auto done = refuse_receipt(world, "One byte of the list of disclosures", "list.receipt",
                                   list, findings);
        !done) {
        return done;
    }
    const auto row = altered_proof(world, "disclosures", leave_out_row);
    return refuse_receipt(world, "One disclosure left out of it", "row-left-out.receipt", row,
                          findings);
}

}  // namespace

StepResult demo_tamper(DemoWorld& world) {
    const auto good = verify_all(world);
    if (!good) return fail(good.error());
    std::error_code error;
    std::filesystem::create_directories(world.home.folder / "altered", error);
    if (error) {
        return fail(Problem{Exit::kDisk, "cannot make the folder altered: " + error.message(), {}});
    }
    std::vector<std::string> findings = {"All " + counted(*good, "receipt", "receipts") +
                                         " verified offline, with the genesis document alone"};
    const KeptReceipt* consent = kept(world, "consent");
    if (consent == nullptr) return fail(demo_failed("the receipt of the consent was kept"));
    Bytes bytes = consent->bytes;
    const std::size_t transaction = bytes.find("clinic");
    flip_byte(bytes, transaction == Bytes::npos ? bytes.size() / 2 : transaction);
    if (auto done = refuse_receipt(world, "One byte of the consent's receipt", "outcome.receipt",
                                   bytes, findings);
        !done) {
        return fail(done.error());
    }
    for (const auto alter : {alter_block, alter_proofs, alter_document}) {
        if (auto done = alter(world, findings); !done) return fail(done.error());
    }
    const auto package = alter_package(world);
    if (!package) return fail(package.error());
    findings.insert(findings.end(), package->begin(), package->end());
    return findings;
}

}  // namespace consilium::cli
