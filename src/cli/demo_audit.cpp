// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "cli/demo.hpp"
#include "cli/show.hpp"
#include "contracts/registry/registry.hpp"
#include "proto/canonical.hpp"

// Step 4 of the demo: an auditor asks one member's node for all that concerns a chart of another
// member's, and checks offline that nothing was left out, now and as of an earlier moment.
namespace consilium::cli {
namespace {

constexpr std::string_view kAuditScope = "system/Ledger.rs";

struct Asked {
    NodeClient& node;
    DemoWorld& world;
    std::optional<Height> at;  // nothing: now
    std::string moment;        // in names of receipts: "now" or "earlier"
};

// What the ledger says of one chart, all of it proven.
struct ChartShown {
    std::vector<v1::Record> records;
    std::size_t versions = 0;  // replaced ones
    std::size_t slots_opened = 0;
    std::size_t links = 0;
    std::size_t shares = 0;
};

// Verifies a receipt as `consilium receipt verify` does, and that it answers what was asked.
Result<verify::VerifiedState, Problem> verified(const Asked& asked, const Bytes& receipt,
                                                const Bytes& subject, bool list,
                                                const std::string& what) {
    auto verdict = check_receipt(receipt, *asked.world.trust, {now(), std::nullopt});
    if (!verdict.good || !verdict.state) {
        return fail(demo_failed(what + " is proven: " + verdict.refusal));
    }
    StateAsked question{subject, list, asked.at, std::nullopt};
    if (asked.at) question.time = asked.world.earlier;
    if (!is_about(*verdict.state, question) || !is_of_moment(*verdict.state, question)) {
        return fail(demo_failed(what + " is proven for what was asked"));
    }
    return std::move(*verdict.state);
}

// The complete list under a path.
Result<Rows, Problem> complete(const Asked& asked, const std::string& path,
                               const std::string& name) {
    const auto prefix = contracts::registry().key_from_path(path);
    if (!prefix) return fail(demo_failed(path + " is a list of the ledger"));
    const auto list = asked.node.state_page(*prefix, {}, kPageRowsMax, asked.at, true);
    if (!list) return fail(list.error());
    if (list->more()) return fail(demo_failed("the list of " + name + " fits one page"));
    const auto state = verified(asked, list->receipt(), *prefix, true, "the list of " + name);
    if (!state) return fail(state.error());
    auto kept = keep_receipt(asked.world, "4-" + asked.moment + "-" + name, list->receipt());
    if (!kept) return fail(kept.error());
    return state->proven.rows;
}

// One row, or its absence.
Result<std::optional<Bytes>, Problem> single(const Asked& asked, const std::string& path,
                                             const std::string& name) {
    const auto key = contracts::registry().key_from_path(path);
    if (!key) return fail(demo_failed(path + " is a row of the ledger"));
    const auto value = asked.node.state(*key, asked.at, true);
    if (!value) return fail(value.error());
    const auto state = verified(asked, value->receipt(), *key, false, name);
    if (!state) return fail(state.error());
    auto kept = keep_receipt(asked.world, "4-" + asked.moment + "-" + name, value->receipt());
    if (!kept) return fail(kept.error());
    if (state->proven.rows.empty()) return std::optional<Bytes>();
    return std::optional<Bytes>(state->proven.rows.front().second);
}

template <typename Message>
Result<Message, Problem> decode(const Bytes& value) {
    Message message;
    if (!proto::parse_canonical(value, message)) {
        return fail(demo_failed("a row of the ledger is what its table says"));
    }
    return message;
}

// Every slot is opened with what the hospital handed over, and each link that it hides is looked
// up: there with all its shares, or proven not to be there.
Status<Problem> open_slots(const Asked& asked, const DemoList& list, const std::string& chart,
                           ChartShown& shown) {
    const auto slots = complete(asked, "charts/slot/" + chart, "slots");
    if (!slots) return fail(slots.error());
    if (slots->size() != list.slots.size()) {
        return fail(demo_failed("the hospital hands over an opening for each slot"));
    }
    for (std::size_t i = 0; i < slots->size(); ++i) {
        const auto& opening = list.slots[i];
        const auto row = decode<v1::LinkSlot>((*slots)[i].second);
        if (!row) return fail(row.error());
        if (row->commitment() !=
            ledger::link_slot_commitment(opening.salt, list.chart, opening.link).bytes()) {
            return fail(demo_failed("the slot opens with the hospital's opening"));
        }
        ++shown.slots_opened;
        const std::string link = to_hex(opening.link.view());
        const std::string number = std::to_string(i + 1);
        const auto link_row = single(asked, "charts/link/" + link, "link-" + number);
        if (!link_row) return fail(link_row.error());
        const auto shares = complete(asked, "documents/share/" + link, "shares-" + number);
        if (!shares) return fail(shares.error());
        if (*link_row) ++shown.links;
        shown.shares += shares->size();
    }
    return Done{};
}

Result<ChartShown, Problem> ask_for_chart(const Asked& asked, const DemoList& list) {
    ChartShown shown;
    const std::string chart = to_hex(list.chart.view());
    const auto records = complete(asked, "documents/record/chart:" + chart, "records");
    if (!records) return fail(records.error());
    for (const auto& [key, value] : *records) {
        auto record = decode<v1::Record>(value);
        if (!record) return fail(record.error());
        shown.records.push_back(std::move(record).value());
    }
    const auto versions = complete(asked, "documents/version/chart:" + chart, "versions");
    if (!versions) return fail(versions.error());
    shown.versions = versions->size();
    if (auto opened = open_slots(asked, list, chart, shown); !opened) return fail(opened.error());
    return shown;
}

// Whether the documents that the hospital shows the auditor are those that it committed to.
Status<Problem> compare_documents(const ChartShown& shown, const DemoList& list) {
    for (const auto& record : shown.records) {
        if (record.leaf_count() != 0) {
            if (record.commitment() != list.manifest().root().bytes()) {
                return fail(demo_failed("the manifest's root is that of the hospital's leaves"));
            }
            continue;
        }
        bool found = false;
        for (const auto& document : list.documents) {
            if (document.record.bytes() != record.record_id()) continue;
            const bool shredded = record.status() == v1::RECORD_STATUS_SHREDDED;
            found =
                shredded ? document.shredded : record.commitment() == document.commitment().bytes();
        }
        if (!found) return fail(demo_failed("every record opens with the hospital's documents"));
    }
    return Done{};
}

}  // namespace

StepResult demo_audit(DemoWorld& world) {
    auto node = demo_client(world, "payer", kAuditScope);
    if (!node) return fail(node.error());
    const DemoList& list = world.vault.lists.front();
    const auto current = ask_for_chart({*node, world, std::nullopt, "now"}, list);
    if (!current) return fail(current.error());
    if (auto compared = compare_documents(*current, list); !compared) {
        return fail(compared.error());
    }
    const auto height = node->height_at(world.earlier);
    if (!height) return fail(height.error());
    const auto before = ask_for_chart({*node, world, *height, "earlier"}, list);
    if (!before) return fail(before.error());
    if (before->records.size() != 1 || before->links != 0 || before->shares != 0 ||
        current->records.size() != 4 || current->links != 1 || current->shares != 1) {
        return fail(demo_failed("the chart's lists are those that the story makes"));
    }
    const auto text = [](const ChartShown& shown) {
        return counted(shown.records.size(), "record row", "record rows") + ", " +
               counted(shown.versions, "replaced version", "replaced versions") + ", " +
               counted(shown.slots_opened, "slot", "slots") + " opened, " +
               counted(shown.links, "link", "links") + ", " +
               counted(shown.shares, "share", "shares");
    };
    return std::vector<std::string>{
        "The payer's node proved all that concerns one chart of the hospital's, complete",
        "Now: " + text(*current), "As of " + to_rfc3339(world.earlier) + ": " + text(*before)};
}

}  // namespace consilium::cli
