// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/hex.hpp"
#include "cli/doctor.hpp"
#include "cli/home.hpp"
#include "cli/output.hpp"
#include "contracts/sdk/record_keys.hpp"
#include "ledger/bundle.hpp"
#include "node/ledger_rows.hpp"
#include "node/outbox.hpp"
#include "state/audit.hpp"
#include "state/ledger_state.hpp"
#include "store/rocks_disk.hpp"

// The audit of a ledger copy: everything that is stored of its state is checked against its root,
// so that a broken link, a changed value or a lost row is found wherever it is.
namespace consilium::cli {
namespace {

constexpr const char* kRestore =
    "Move the data folder away and start the node: it copies the ledger from the others.";

constexpr const char* kMend =
    "Mend what the disk reports. Where a file of it is lost or damaged, move the data folder away "
    "and start the node: it copies the ledger from the others.";

Finding audit(const std::string& subject, const state::StateSnapshot& state, Context& context) {
    Progress progress(context, "Auditing the ledger of " + subject, state.entry_count());
    std::uint64_t shown = 0;
    const auto report = state::audit(state, [&](std::uint64_t done, std::uint64_t) {
        progress.advance(done - shown);
        shown = done;
    });
    if (!report) {
        return fault(subject,
                     std::string("the state cannot be read: ") + state::to_string(report.error()),
                     kRestore);
    }
    if (report->problems != 0) {
        const state::AuditFinding& first = report->findings.front();
        return fault(subject,
                     counted(report->problems, "fault", "faults") + " in the state; the first: " +
                         state::to_string(first.problem) + " (entry " + grouped(first.serial) + ")",
                     kRestore);
    }
    return good(subject, "block " + grouped(state.height()) + ", " +
                             counted(report->active - 1, "row", "rows") + " in " +
                             counted(report->entries, "entry", "entries") +
                             ", all links closed and leading to root " +
                             to_hex(state.root().view()).substr(0, 16));
}

constexpr const char* kForget =
    "Move the outbox's folder away and start the node: it sees to it that no bundle that is lost "
    "with it applies beside a new one. Whoever got no answer sends the transaction again.";

// A disk of the member's, in `part` of the data folder; nothing, and what is to be said of it, when
// it is not there or cannot be opened.
std::unique_ptr<state::Disk> open_part(const node::NodeConfig& node, const char* part,
                                       const std::string& subject, const char* mend,
                                       std::vector<Finding>& findings) {
    const std::filesystem::path folder = std::filesystem::path(node.data) / part;
    std::error_code error;
    if (!std::filesystem::exists(folder, error)) {
        findings.push_back(good(subject, "none yet; the node makes it when it starts"));
        return nullptr;
    }
    store::RocksOptions options;
    options.create = false;
    auto disk = store::open_rocks_disk(folder, options);
    if (disk) return std::move(*disk);
    const bool locked = disk.error().error == state::DiskError::kLocked;
    findings.push_back(locked ? warning(subject, "not audited: another process uses it",
                                        "Stop the node to have it audited.")
                              : fault(subject, disk.error().detail, mend));
    return nullptr;
}

// What lies beside the state, by what people call it. A row whose block on disk was damaged cannot
// be read; the disk itself knows by its checksums.
std::string unreadable_space(const state::Disk& disk) {
    using state::Space;
    const std::pair<Space, const char*> beside[] = {{Space::kBlocks, "blocks"},
                                                    {Space::kHeaders, "headers"},
                                                    {Space::kOutcomes, "outcomes"},
                                                    {Space::kIndex, "the index"},
                                                    {Space::kNode, "the node's own rows"}};
    for (const auto& [space, name] : beside) {
        const auto cursor = disk.cursor(space);
        cursor->seek_first();
        while (cursor->valid())
            cursor->next();
        if (cursor->error()) return name;
    }
    return {};
}

std::optional<UnixMs> time_of(const state::Disk& disk, Height height) {
    const auto row = disk.get(state::Space::kBlocks, node::height_key(height));
    if (!row || !*row) return std::nullopt;
    const auto block = node::decode_block_row(**row);
    if (!block) return std::nullopt;
    return block->time;
}

// Reviews of emergency access that the member owes: while one is overdue, the ledger clears nobody.
void examine_reviews(const node::NodeConfig& node, const state::StateSnapshot& state,
                     std::vector<Finding>& findings) {
    constexpr std::size_t kCountMax = 1000;
    const auto prefix = contracts::sdk::review_due_list(node.member);
    const auto due = state.scan(prefix, prefix, kCountMax);
    if (!due || due->empty()) return;
    const std::uint64_t time = now().value;
    const auto overdue =
        static_cast<std::size_t>(std::count_if(due->begin(), due->end(), [&](const auto& row) {
            return read_be64(BytesView(row.key).substr(prefix.view().size(), 8)) < time;
        }));
    const std::string subject = node.member + ": emergencies";
    if (overdue == 0) {
        findings.push_back(
            good(subject, counted(due->size(), "review", "reviews") + " to make, none overdue"));
    } else {
        findings.push_back(
            warning(subject,
                    counted(overdue, "review", "reviews") + " overdue: nobody is cleared meanwhile",
                    "The privacy officer makes them: 'consilium break-glass reviews' lists them."));
    }
}

}  // namespace

std::optional<UnixMs> examine_ledger(const node::NodeConfig& node, Context& context,
                                     std::vector<Finding>& findings) {
    const std::string subject = node.member + ": ledger";
    const auto disk = open_part(node, "ledger", subject, kMend, findings);
    if (!disk) return std::nullopt;
    const auto ledger = state::LedgerState::open(*disk);
    if (!ledger) {
        findings.push_back(fault(subject, state::to_string(ledger.error()), kRestore));
        return std::nullopt;
    }
    if (!(*ledger)->height()) {
        findings.push_back(good(subject, "empty; the genesis is applied when the node starts"));
        return std::nullopt;
    }
    const auto snapshot = (*ledger)->newest();
    findings.push_back(audit(subject, *snapshot, context));
    examine_reviews(node, *snapshot, findings);
    const std::string unreadable = unreadable_space(*disk);
    const auto newest = time_of(*disk, snapshot->height());
    if (!unreadable.empty()) {
        findings.push_back(
            fault(subject, unreadable + " cannot be read: the disk is damaged", kRestore));
    } else if (!newest && snapshot->height() > 0) {
        findings.push_back(
            fault(subject, "block " + grouped(snapshot->height()) + " is missing", kRestore));
    }
    return newest;
}

void examine_outbox(const node::NodeConfig& node, std::vector<Finding>& findings) {
    const std::string subject = node.member + ": outbox";
    const auto disk = open_part(node, "outbox", subject, kForget, findings);
    if (!disk) return;
    const auto records = node::Outbox(*disk).load();
    const bool readable = records &&
                          node::Outbox(*disk).top(static_cast<std::uint32_t>(node.member_key_id)) &&
                          unreadable_space(*disk).empty();
    if (!readable) {
        findings.push_back(fault(subject, "cannot be read: the disk is damaged", kForget));
        return;
    }
    for (const auto& record : *records) {
        if (ledger::decode_item(record.item)) continue;
        findings.push_back(fault(
            subject,
            "what stands under number " + std::to_string(record.number.sequence) + " is no bundle",
            kForget));
        return;
    }
    findings.push_back(
        good(subject, counted(records->size(), "bundle", "bundles") + ", all readable"));
}

}  // namespace consilium::cli
