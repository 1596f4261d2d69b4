// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/home.hpp"
#include "cli/show.hpp"
#include "cli/verification.hpp"
#include "consilium/v1/receipt.pb.h"
#include "contracts/registry/registry.hpp"
#include "ledger/commit.hpp"
#include "node/json_text.hpp"
#include "proto/canonical.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

struct Options {
    std::vector<std::string> files;
    TrustOptions trust{"genesis.json", {}, {}};
    std::string max_age;
    std::string expect;
    NodeOptions node;
    std::string transaction;
    std::string out;
};

// The receipt may be good and yet answer another question than the one that was asked.
void compare_with_question(const Options& options, Verdict& verdict) {
    if (options.expect.empty() || !verdict.good) return;
    const auto expected = contracts::registry().key_from_path(options.expect);
    const Bytes* shown = verdict.state ? &verdict.state->proven.question.subject : nullptr;
    if (!expected || shown == nullptr || *shown != *expected) {
        verdict.good = false;
        verdict.refusal = "It proves something, but not about " + options.expect;
    }
}

void verify_files(const Options& options, Context& context) {
    verify::Freshness freshness{now(), std::nullopt};
    if (!options.max_age.empty()) {
        freshness.age_ms_max = parse_duration_ms(options.max_age);
        if (!freshness.age_ms_max) {
            return context.fail(Exit::kUsage, "'" + options.max_age + "' is not a duration",
                                "Give --max-age a number and ms, s, m, h or d: 10m, 24h, 7d.");
        }
    }
    const auto trust = load_trust(options.trust);
    if (!trust) return context.fail(trust.error());
    verify::HeaderCache cache;
    json::array list;
    std::size_t refused = 0;
    Progress progress(context, "Verifying", options.files.size());
    for (const auto& file : options.files) {
        const auto bytes = read_file(file, verify::kReceiptBytesMax);
        if (!bytes) return context.fail(bytes.error());
        Verdict verdict = check_receipt(*bytes, *trust, freshness, &cache);
        compare_with_question(options, verdict);
        if (!verdict.good) ++refused;
        if (context.json) {
            list.push_back(verdict_json(file, verdict));
        } else {
            print_verdict(file, verdict, context);
        }
        progress.advance();
    }
    if (refused != 0) context.exit = Exit::kRefused;
    if (context.json) {
        context.out << node::pretty_json(json::object{{"receipts", list},
                                                      {"good", options.files.size() - refused},
                                                      {"refused", refused}})
                    << '\n';
    } else if (options.files.size() > 1) {
        context.out << '\n'
                    << options.files.size() - refused << " good, " << refused << " refused\n";
    }
    if (options.trust.checkpoints.empty() && !context.json && refused == 0) {
        context.err << "note: no --checkpoint was given, so trust rests on the genesis alone; keys "
                       "of validators that left long ago prove little.\n";
    }
}

void show(const Options& options, Context& context) {
    const auto bytes = read_file(options.files.front(), verify::kReceiptBytesMax);
    if (!bytes) return context.fail(bytes.error());
    v1::Receipt receipt;
    if (const auto read = proto::parse_canonical(*bytes, receipt); !read) {
        return context.fail(Exit::kUsage, options.files.front() + " is not a receipt: " +
                                              proto::to_string(read.error()));
    }
    const auto shown = receipt_json(receipt);
    context.out << node::pretty_json(shown) << '\n';
    context.err << "note: this only shows what the file says; 'consilium receipt verify' checks "
                   "it.\n";
}

void fetch(const Options& options, Context& context) {
    const auto id = fixed_from_hex<ledger::TransactionId>(options.transaction);
    if (!id) {
        return context.fail(Exit::kUsage, "'" + options.transaction + "' is not a transaction id",
                            "An id is 64 hexadecimal digits.");
    }
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    const auto receipt = to->node.outcome_receipt(*id);
    if (!receipt) return context.fail(receipt.error());
    const std::string out = options.out.empty() ? options.transaction + ".receipt" : options.out;
    if (auto written = write_file(out, *receipt); !written) return context.fail(written.error());
    if (context.json) {
        context.out << node::pretty_json(json::object{{"file", out}, {"bytes", receipt->size()}})
                    << '\n';
    } else {
        context.out << "Wrote " << out << " (" << size_text(receipt->size()) << ")\n";
    }
}

}  // namespace

void add_receipt(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* group = add_group(app, "receipt", "Fetch, show and verify receipts");
    CLI::App* verify = add_command(*group, context, "verify",
                                   "Verify receipts offline: no node and no network is needed");
    verify->add_option("files", options->files, "The receipts")->required();
    add_trust_options(*verify, options->trust);
    verify->add_option("--max-age", options->max_age,
                       "Refuse receipts whose header is older: 10m, 24h, 7d");
    verify->add_option("--expect", options->expect,
                       "The key or list that the receipts must be about, such as "
                       "documents/record/chart:HEX");
    verify->callback([options, &context] { verify_files(*options, context); });
    CLI::App* shown =
        group->add_subcommand("show", "Show what a receipt says, as JSON, without checking it");
    shown->add_option("file", options->files, "The receipt")->required()->expected(1);
    shown->callback([options, &context] { show(*options, context); });
    CLI::App* fetched = add_command(*group, context, "get", "Fetch a transaction's receipt");
    fetched->add_option("transaction", options->transaction, "The transaction's id")->required();
    fetched->add_option("--out", options->out, "The file; without it ID.receipt");
    add_node_options(*fetched, options->node);
    fetched->callback([options, &context] { fetch(*options, context); });
}

}  // namespace consilium::cli
