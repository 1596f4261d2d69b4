// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <charconv>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/home.hpp"
#include "cli/moment.hpp"
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
    std::string at;
    NodeOptions node;
    std::string transaction;
    std::string out;
};

Result<std::optional<StateAsked>, Problem> question_of(const Options& options) {
    if (options.expect.empty()) return std::optional<StateAsked>();
    auto key = contracts::registry().key_from_path(options.expect);
    if (!key) {
        return fail(Problem{Exit::kUsage, "'" + options.expect + "' is not a path of the state",
                            "For example membership/member/hospital; docs/formats/tables.md has "
                            "all tables."});
    }
    StateAsked asked;
    asked.subject = std::move(*key);
    asked.list = !is_whole_key(asked.subject);
    if (options.at.empty()) return std::optional(asked);
    Height height = 0;
    const char* end = options.at.data() + options.at.size();
    const auto read = std::from_chars(options.at.data(), end, height);
    if (read.ec == std::errc{} && read.ptr == end) {
        asked.height = height;
        return std::optional(asked);
    }
    asked.time = from_rfc3339(options.at);
    if (!asked.time) {
        return fail(Problem{Exit::kUsage, "'" + options.at + "' is neither a height nor a time",
                            "Give --at a height, or a time such as 2026-01-31T12:00:00Z."});
    }
    return std::optional(asked);
}

// The receipt may be good and yet answer another question than the one that was asked.
void compare_with_question(const Options& options, const std::optional<StateAsked>& asked,
                           Verdict& verdict) {
    if (!asked || !verdict.good) return;
    if (!verdict.state || !is_about(*verdict.state, *asked)) {
        verdict.good = false;
        verdict.refusal = std::string("It proves something, but not about ") +
                          (asked->list ? "the list " : "the row ") + options.expect;
    } else if (!is_of_moment(*verdict.state, *asked)) {
        verdict.good = false;
        verdict.refusal = "It is about " + options.expect + ", but not as " +
                          (options.at.empty() ? "it stands now" : "it stood at " + options.at);
    } else if (options.at.empty() && options.max_age.empty()) {
        // It was the newest state when the proof was made; no file can tell what came after.
        verdict.warnings.push_back("It tells how things stood at " +
                                   to_rfc3339(verdict.state->header->time) +
                                   ", and not that they still do; --max-age refuses what is older");
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
    const auto asked = question_of(options);
    if (!asked) return context.fail(asked.error());
    const auto trust = load_trust(options.trust);
    if (!trust) return context.fail(trust.error());
    verify::HeaderCache cache;
    json::array list;
    std::size_t refused = 0;
    std::size_t unreadable = 0;
    Progress progress(context, "Verifying", options.files.size());
    for (const auto& file : options.files) {
        const auto bytes = read_file(file, verify::kReceiptBytesMax);
        Verdict verdict;
        if (bytes) {
            verdict = check_receipt(*bytes, *trust, freshness, &cache);
            compare_with_question(options, *asked, verdict);
        } else {
            verdict.refusal = bytes.error().message;
            if (bytes.error().code == Exit::kDisk) ++unreadable;
        }
        if (!verdict.good) ++refused;
        if (context.json) {
            list.push_back(verdict_json(file, verdict));
        } else {
            print_verdict(file, verdict, context);
        }
        progress.advance();
    }
    // A receipt that is refused weighs more than a file that nobody could look into.
    if (refused != 0) context.exit = refused == unreadable ? Exit::kDisk : Exit::kRefused;
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
    if (bytes->empty()) return context.fail(Exit::kUsage, options.files.front() + " is empty");
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
    auto* expect = verify->add_option("--expect", options->expect,
                                      "The row or list that the receipts must be about, such as "
                                      "documents/record/chart:HEX");
    verify
        ->add_option("--at", options->at,
                     "The height or time as of which they must tell it; without it, now")
        ->needs(expect);
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
