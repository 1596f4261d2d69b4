// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "cli/app.hpp"
#include "cli/command_tree.hpp"
#include "cli/commands.hpp"

namespace consilium::cli {
namespace {

// roff gives '-', '\' and a leading '.' a meaning of their own.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '-') {
            out += "\\-";
        } else if (c == '\\') {
            out += "\\e";
        } else {
            out += c;
        }
    }
    return out.empty() || (out.front() != '.' && out.front() != '\'') ? out : "\\&" + out;
}

void write_option(std::ostream& out, const OptionInfo& option) {
    out << ".TP\n\\fB" << escaped(option.name) << "\\fR";
    if (!option.value.empty() && !option.positional) {
        out << " \\fI" << escaped(option.value) << "\\fR";
    }
    out << '\n' << escaped(option.about) << '.';
    if (!option.preset.empty()) out << " Default: " << escaped(option.preset) << '.';
    if (option.required) out << " Required.";
    out << '\n';
}

void man_page(Context& context) {
    Context quiet{context.out, context.err};
    const auto app = make_app(quiet);
    std::ostream& out = context.out;
    out << ".\\\" Made by 'consilium man'; change the commands, not this file.\n"
           ".TH CONSILIUM 1 \"\" \"consilium " CONSILIUM_VERSION
           "\" \"User Commands\"\n"
           ".SH NAME\nconsilium \\- consortium ledger for health care\n"
           ".SH SYNOPSIS\n.B consilium\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n"
           ".SH DESCRIPTION\n"
           "Organisations that do not fully trust each other run one node each and keep one "
           "ordered, signed, tamper\\-evident ledger together. This command makes networks, runs "
           "nodes, talks to them over HTTPS, and verifies receipts without any of them.\n"
           ".SH COMMANDS\n";
    for (const auto& command : command_tree(*app)) {
        if (command.path == "consilium" || !command.subcommands.empty()) continue;
        out << ".SS " << escaped(command.path) << '\n' << escaped(command.about) << ".\n";
        for (const auto& option : command.options) {
            if (option.name != "--help") write_option(out, option);
        }
    }
    out << ".SH EXIT STATUS\n";
    for (const auto& code : exit_codes())
        out << ".TP\n.B " << static_cast<int>(code.code) << '\n'
            << escaped(std::string(code.about)) << '\n';
    out << ".SH ENVIRONMENT\n.TP\n.B CONSILIUM_HOME\nThe folder that \\fBconsilium init\\fR made; "
           "commands that talk to a node find its address, certificate and keys there when "
           "\\fB\\-\\-home\\fR is not given.\n"
           ".SH FILES\n.TP\n.I consilium.toml\nConfiguration of a node process; see "
           "docs/configuration.md.\n.TP\n.I genesis.json\nThe network's beginning, the same at "
           "every member.\n";
}

}  // namespace

void add_man_page(CLI::App& app, Context& context) {
    app.add_subcommand("man", "Print the manual page: consilium man | man -l -")
        ->callback([&context] { man_page(context); });
}

}  // namespace consilium::cli
