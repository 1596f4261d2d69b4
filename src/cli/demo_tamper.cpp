// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "cli/demo.hpp"
#include "cli/demo_omit.hpp"
#include "consilium/v1/receipt.pb.h"
#include "consilium/v1/state.pb.h"
#include "proto/canonical.hpp"

// Step 5 of the demo: every receipt is verified offline; then one byte is altered here and there,
// and one row left out, and each is detected and named.
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
        return fail(demo_failed("the receipt " + std::string(name) + " is what step 4 kept"));
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
    const KeptReceipt* receipt = kept(world, "3-share");
    const auto verdict = receipt == nullptr
                             ? Verdict{}
                             : check_receipt(receipt->bytes, *world.trust, {now(), std::nullopt});
    if (!verdict.outcome) return fail(demo_failed("the share's receipt names its block"));
    auto block = world.node("regulator").block(verdict.outcome->height);
    if (!block) return fail(block.error());
    if (block->items().empty() || !check_block(proto::encode(*block), *world.trust).good) {
        return fail(demo_failed("the block is whole as the node keeps it"));
    }
    std::string& item = *block->mutable_items(0);
    flip_byte(item, item.size() / 2);
    const Bytes bytes = proto::encode(*block);
    return must_refuse(world, "One byte of a stored block", "stored.block", bytes,
                       check_block(bytes, *world.trust), findings);
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
                                         " verified offline"};
    const KeptReceipt* share = kept(world, "3-share");
    if (share == nullptr) return fail(demo_failed("the receipt of the share was kept"));
    Bytes bytes = share->bytes;
    const std::size_t transaction = bytes.find("hospital");
    flip_byte(bytes, transaction == Bytes::npos ? bytes.size() / 2 : transaction);
    if (auto done =
            refuse_receipt(world, "One byte of a receipt", "outcome.receipt", bytes, findings);
        !done) {
        return fail(done.error());
    }
    if (auto done = alter_block(world, findings); !done) return fail(done.error());
    const auto entry = altered_proof(world, "4-now-link-1",
                                     [](v1::StateProof& proof) { return flip_value(proof, 0); });
    if (auto done =
            refuse_receipt(world, "One byte of a state entry", "entry.receipt", entry, findings);
        !done) {
        return fail(done.error());
    }
    const auto list = altered_proof(world, "4-now-records",
                                    [](v1::StateProof& proof) { return flip_value(proof, 2); });
    if (auto done = refuse_receipt(world, "One byte of the list", "list.receipt", list, findings);
        !done) {
        return fail(done.error());
    }
    const auto row = altered_proof(world, "4-now-records", leave_out_row);
    if (auto done = refuse_receipt(world, "One row of the list left out", "row-left-out.receipt",
                                   row, findings);
        !done) {
        return fail(done.error());
    }
    return findings;
}

}  // namespace consilium::cli
