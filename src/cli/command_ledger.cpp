// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/moment.hpp"
#include "cli/show.hpp"
#include "cli/verification.hpp"
#include "consilium/v1/receipt.pb.h"
#include "contracts/registry/registry.hpp"
#include "ledger/bundle.hpp"
#include "ledger/hashes.hpp"
#include "node/json_text.hpp"
#include "proto/canonical.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

struct Options {
    NodeOptions node;
    std::uint64_t from = 0;
    std::uint64_t limit = 20;
    std::optional<Height> height;
    std::string path;
    std::string at;
    bool prove = false;
    std::string out;
    std::string file;
    TrustOptions trust{"genesis.json", {}, {}};
};

void status(const Options& options, Context& context) {
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    if (context.json) {
        const auto body = to->node.json("/v1/status");
        if (!body) return context.fail(body.error());
        context.out << *body << '\n';
        return;
    }
    const auto status = to->node.status();
    if (!status) return context.fail(status.error());
    Facts facts;
    facts.add("node", status->member_id + " at " + to->url);
    facts.add("network", status->chain_id);
    facts.add("height", grouped(status->height) + (status->catching_up ? ", catching up" : ""));
    if (status->failed) facts.add("state", "stopped by itself: its log says why; restart it");
    facts.add("block time", status->height == 0 ? "none yet" : to_rfc3339(status->block_time));
    facts.add("state root", status->state_root);
    facts.add("oldest block", grouped(status->retained_height));
    facts.add("waiting", counted(status->queue_transactions, "transaction", "transactions"));
    facts.print(context);
}

std::string member_text(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    if (text != nullptr) return std::string(text->data(), text->size());
    return value == nullptr ? std::string() : json::serialize(*value);
}

void blocks(const Options& options, Context& context) {
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    std::string target = "/v1/blocks?limit=" + std::to_string(options.limit);
    if (options.from != 0) target += "&from=" + std::to_string(options.from);
    const auto body = to->node.json(target);
    if (!body) return context.fail(body.error());
    boost::system::error_code error;
    const json::value parsed = json::parse(*body, error);
    if (error || !parsed.is_object()) {
        return context.fail(Exit::kInternal, "the node's answer is not JSON");
    }
    if (context.json) {
        context.out << node::pretty_json(parsed) << '\n';
        return;
    }
    Table table({{"Height", true}, {"Time"}, {"Items", true}, {"Hash"}, {"App hash"}});
    const auto* list = parsed.get_object().if_contains("blocks");
    if (list == nullptr || !list->is_array()) return;
    for (const auto& element : list->get_array()) {
        const auto* block = element.if_object();
        if (block == nullptr) continue;
        const auto* time = block->if_contains("time_unix_ms");
        const auto ms = time == nullptr ? 0 : time->to_number<std::uint64_t>(error);
        table.add({member_text(*block, "height"), time == nullptr || error ? "" : to_rfc3339({ms}),
                   member_text(*block, "items"), member_text(*block, "hash").substr(0, 16),
                   member_text(*block, "app_hash").substr(0, 16)});
    }
    table.print(context);
}

// One transaction of a block, with its outcome; none when its bundle was refused as a whole.
struct ShownTransaction {
    ledger::TransactionId id;
    std::string member;
    Bytes bytes;
    std::optional<ledger::Outcome> outcome;

    [[nodiscard]] std::string outcome_shown() const {
        return outcome ? outcome_text(*outcome) : "not executed";
    }
};

// The node answers with the place where a transaction was executed. A bundle that was ordered twice
// stands in two blocks and is executed in the first: the second shows no outcome of its own.
std::optional<ledger::Outcome> outcome_at(const v1::CommittedOutcome& committed, Height height,
                                          int bundle_index) {
    if (committed.height() != height ||
        committed.bundle_index() != static_cast<std::uint32_t>(bundle_index))
        return std::nullopt;
    const auto outcome = ledger::decode_outcome(committed.outcome());
    return outcome ? std::optional(*outcome) : std::nullopt;
}

Result<std::vector<ShownTransaction>, Problem> transactions_of(NodeClient& node,
                                                               const v1::StoredBlock& block,
                                                               const ledger::NetworkId& network) {
    std::vector<ShownTransaction> out;
    for (int index = 0; index < block.items_size(); ++index) {
        const auto bundle = ledger::decode_item(block.items(index));
        if (!bundle) continue;
        for (const auto bytes : bundle->transactions) {
            ShownTransaction shown;
            shown.member = bundle->member_id;
            shown.bytes = bytes;
            shown.id = ledger::transaction_id(network, bundle->member_id, bytes);
            const auto committed = node.outcome(shown.id);
            // Refused: the node knows of no outcome.
            if (!committed && committed.error().code != Exit::kRefused)
                return fail(committed.error());
            if (committed) shown.outcome = outcome_at(*committed, block.height(), index);
            out.push_back(std::move(shown));
        }
    }
    return out;
}

// The block; a height that has none is told from other refusals.
Result<v1::StoredBlock, Problem> block_at(NodeClient& node, Height height) {
    auto block = node.block(height);
    if (block || block.error().code != Exit::kRefused) return block;
    const auto status = node.status();
    if (!status || (height <= status->height && height >= status->retained_height && height != 0)) {
        return block;
    }
    std::string hint = "There are none yet.";
    if (status->height != 0) {
        hint = "There are blocks " + std::to_string(std::max<Height>(1, status->retained_height)) +
               " to " + std::to_string(status->height) + ".";
    }
    return fail(Problem{Exit::kRefused, "the node has no block " + std::to_string(height), hint});
}

void transactions(const Options& options, Context& context) {
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    const auto status = to->node.status();
    if (!status) return context.fail(status.error());
    const auto network = fixed_from_hex<ledger::NetworkId>(status->network_id);
    if (!network) return context.fail(Exit::kInternal, "the node has no network id");
    const Height height = options.height.value_or(status->height);
    const auto block = block_at(to->node, height);
    if (!block) return context.fail(block.error());
    const auto list = transactions_of(to->node, *block, *network);
    if (!list) return context.fail(list.error());
    if (context.json) {
        json::array out;
        for (const auto& shown : *list) {
            out.push_back(json::object{{"transaction_id", to_hex(shown.id.view())},
                                       {"member", shown.member},
                                       {"outcome", shown.outcome_shown()},
                                       {"body", transaction_json(shown.bytes)}});
        }
        context.out << node::pretty_json(json::object{{"height", height}, {"transactions", out}})
                    << '\n';
        return;
    }
    context.out << "Block " << height << ": "
                << counted(list->size(), "transaction", "transactions") << "\n";
    if (list->empty()) return;
    context.out << '\n';
    Table table({{"Transaction"}, {"Member"}, {"Commands"}, {"Outcome"}});
    for (const auto& shown : *list) {
        table.add({to_hex(shown.id.view()), shown.member, commands_text(shown.bytes),
                   shown.outcome_shown()});
    }
    table.print(context);
}

void print_state(const Rows& rows, Height height, bool at_once, const std::string& path,
                 Context& context) {
    if (context.json) {
        context.out << node::pretty_json(
                           json::object{{"height", height}, {"rows", rows_json(rows)}})
                    << '\n';
        return;
    }
    context.out << path << " as of block " << height << ": "
                << (at_once ? counted(rows.size(), "row", "rows")
                            : (rows.empty() ? "not there" : "there"))
                << '\n';
    print_rows(rows, "  ", context);
}

void state(const Options& options, Context& context) {
    const auto key = contracts::registry().key_from_path(options.path);
    if (!key) {
        return context.fail(Exit::kUsage, "'" + options.path + "' is not a path of the state",
                            "For example membership/member/hospital, or documents/record/chart:HEX "
                            "for a list; docs/formats/tables.md has all tables.");
    }
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    const auto at = resolve_moment(to->node, options.at);
    if (!at) return context.fail(at.error());
    if (options.prove && *at == Height{0}) {
        return context.fail(Exit::kRefused,
                            "nothing is proven as of block 0: that is the genesis document itself",
                            "Give --at 1 or later.");
    }
    Rows rows;
    Bytes receipt;
    Height height = 0;
    const bool whole_key = is_whole_key(*key);
    if (whole_key) {
        const auto value = to->node.state(*key, *at, options.prove);
        if (!value) return context.fail(value.error());
        height = value->height();
        receipt = value->receipt();
        if (value->present()) rows.emplace_back(*key, value->value());
    } else {
        // Rows that are not proven come in pages; a proof covers all rows at once.
        const auto list = options.prove ? to->node.state_page(*key, {}, kPageRowsMax, *at, true)
                                        : to->node.state_list(*key, *at);
        if (!list) return context.fail(list.error());
        height = list->height();
        receipt = list->receipt();
        for (const auto& entry : list->entries())
            rows.emplace_back(entry.key(), entry.value());
        if (options.prove && list->more()) {
            return context.fail(Exit::kRefused, "the list is too long to be proven at once",
                                "Ask for longer paths.");
        }
    }
    print_state(rows, height, !whole_key, options.path, context);
    if (!options.prove) return;
    const std::string out = options.out.empty() ? "state.receipt" : options.out;
    if (auto written = write_file(out, receipt); !written) return context.fail(written.error());
    const std::string genesis =
        to->member ? to->member->network.genesis().string() : std::string("genesis.json");
    // Of the newest state the proof is one of how things stand now, whatever was asked.
    v1::Receipt read;
    const bool of_the_past = proto::parse_canonical(receipt, read) && read.state().has_as_of();
    const std::string moment = of_the_past ? " --at " + options.at : std::string();
    context.err << "Wrote the proof to " << out << ". Verify it:  " << context.program
                << " receipt verify --genesis " << genesis << " --expect " << options.path << moment
                << ' ' << out << '\n';
}

void save(const Options& options, Result<Bytes, Problem> content, const std::string& preset,
          Context& context) {
    if (!content) return context.fail(content.error());
    const std::string out = options.out.empty() ? preset : options.out;
    if (auto written = write_file(out, *content); !written) return context.fail(written.error());
    if (context.json) {
        context.out << node::pretty_json(json::object{{"file", out}, {"bytes", content->size()}})
                    << '\n';
    } else {
        context.out << "Wrote " << out << " (" << size_text(content->size()) << ")\n";
    }
}

void block(const Options& options, Context& context) {
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    const Height height = options.height.value_or(0);
    const auto block = block_at(to->node, height);
    if (!block) return context.fail(block.error());
    save(options, proto::encode(*block), std::to_string(height) + ".block", context);
}

void check(const Options& options, Context& context) {
    const auto trust = load_trust(options.trust);
    if (!trust) return context.fail(trust.error());
    const auto bytes = read_file(options.file);
    if (!bytes) return context.fail(bytes.error());
    const auto verdict = check_block(*bytes, *trust);
    if (!verdict.good) context.exit = Exit::kRefused;
    print_verdict(options.file, verdict, context);
}

void history(const Options& options, Context& context) {
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    save(options, to->node.validator_history(), "validators.history", context);
}

// Unchecked, "-1" would be read as the largest height there is.
std::string refuse_height(const std::string& text) {
    const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
    if (digits && text.find_first_not_of('0') != std::string::npos && text.size() < 20) return {};
    return "'" + text + "' is not a height: blocks are numbered from 1";
}

using Run = void (*)(const Options&, Context&);

CLI::App* add_one(CLI::App& group, Context& context, const std::string& name,
                  const std::string& about, const std::shared_ptr<Options>& options, Run run) {
    CLI::App* command = add_command(group, context, name, about);
    command->callback([options, run, &context] { run(*options, context); });
    return command;
}

}  // namespace

void add_ledger(CLI::App& app, Context& context) {
    const CLI::Validator heights(refuse_height, "HEIGHT");
    auto options = std::make_shared<Options>();
    CLI::App* group = add_group(app, "ledger", "Ask a node for blocks, transactions and state");
    add_node_options(
        *add_one(*group, context, "status", "Show where a node stands", options, status),
        options->node);
    CLI::App* list = add_one(*group, context, "blocks", "List blocks", options, blocks);
    list->add_option("--from", options->from, "The first height; without it the newest blocks")
        ->check(heights);
    list->add_option("--limit", options->limit, "How many")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    add_node_options(*list, options->node);
    CLI::App* of_block =
        add_one(*group, context, "transactions", "List the transactions of a block, decoded",
                options, transactions);
    of_block->add_option("--height", options->height, "The block; without it the newest")
        ->check(heights);
    add_node_options(*of_block, options->node);
    CLI::App* rows =
        add_one(*group, context, "state", "Show a row or a list of the state", options, state);
    rows->add_option("path", options->path, "A key or a prefix, such as membership/member/hospital")
        ->required();
    rows->add_option("--at", options->at,
                     "A height, or a time such as 2026-01-31T12:00:00Z; without it now");
    rows->add_flag("--prove", options->prove, "Fetch a proof and write it to a file");
    rows->add_option("--out", options->out, "Where the proof goes; without it state.receipt");
    add_node_options(*rows, options->node);
    CLI::App* one =
        add_one(*group, context, "block", "Save a block as the node keeps it", options, block);
    one->add_option("height", options->height, "Its height")->required()->check(heights);
    one->add_option("--out", options->out, "The file; without it HEIGHT.block");
    add_node_options(*one, options->node);
    CLI::App* checked =
        add_one(*group, context, "check-block",
                "Check a saved block offline: header, commit and items", options, check);
    checked->add_option("file", options->file, "The block")->required();
    add_trust_options(*checked, options->trust);
    CLI::App* changes = add_one(*group, context, "history", "Save the history of the validator set",
                                options, history);
    changes->add_option("--out", options->out, "The file; without it validators.history");
    add_node_options(*changes, options->node);
}

}  // namespace consilium::cli
