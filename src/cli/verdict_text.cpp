// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <ostream>

#include "cli/show.hpp"
#include "cli/verification.hpp"
#include "node/json_text.hpp"

namespace consilium::cli {

boost::json::object verdict_json(const std::string& file, const Verdict& verdict) {
    boost::json::object out{{"file", file}, {"good", verdict.good}};
    if (!verdict.good) {
        out["refusal"] = verdict.refusal;
        return out;
    }
    out["kind"] = verdict.kind;
    out["summary"] = verdict.summary;
    for (const auto& fact : verdict.facts)
        out[fact.name] = fact.text;
    out["warnings"] = boost::json::array(verdict.warnings.begin(), verdict.warnings.end());
    if (verdict.state) out["rows"] = rows_json(verdict.state->proven.rows);
    return out;
}

void print_verdict(const std::string& file, const Verdict& verdict, Context& context) {
    if (context.json) {
        context.out << node::pretty_json(verdict_json(file, verdict)) << '\n';
        return;
    }
    const bool color = context.out_is_terminal;
    const std::string name = printable(file);
    if (!verdict.good) {
        context.out << (color ? "\x1b[31mREFUSED\x1b[0m  " : "REFUSED  ") << name << "\n         "
                    << printable(verdict.refusal) << "\n";
        return;
    }
    context.out << (color ? "\x1b[32mgood\x1b[0m     " : "good     ") << name << "\n         "
                << verdict.summary << ".\n";
    for (const std::string& warning : verdict.warnings) {
        context.out << (color ? "\x1b[33mWARNING\x1b[0m  " : "WARNING  ") << warning << ".\n";
    }
    std::size_t widest = 0;
    for (const auto& fact : verdict.facts)
        widest = std::max(widest, width(fact.name));
    for (const auto& fact : verdict.facts) {
        context.out << "         " << fact.name << std::string(widest - width(fact.name) + 2, ' ')
                    << fact.text << '\n';
    }
    if (verdict.state) print_rows(verdict.state->proven.rows, "         ", context);
}

void add_trust_options(CLI::App& command, TrustOptions& options) {
    command.add_option("--genesis", options.genesis, "The network's genesis document")
        ->capture_default_str();
    command
        .add_option("--checkpoint", options.checkpoints,
                    "A checkpoint that you have pinned; may be given more than once")
        ->take_all();
    command.add_option("--history", options.history,
                       "The validator history, when the set has changed since");
}

}  // namespace consilium::cli
