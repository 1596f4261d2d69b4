// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "cli/output.hpp"

// Every command adds itself to the application. A command that prints a result takes --json.
namespace consilium::cli {

void add_demo(CLI::App& app, Context& context);
void add_node(CLI::App& app, Context& context);
void add_init(CLI::App& app, Context& context);
void add_doctor(CLI::App& app, Context& context);
void add_ledger(CLI::App& app, Context& context);
void add_member(CLI::App& app, Context& context);
void add_submit(CLI::App& app, Context& context);
void add_user(CLI::App& app, Context& context);
void add_key_ledger(CLI::App& group, Context& context);
void add_audit_log(CLI::App& group, Context& context);
void add_key(CLI::App& app, Context& context);
void add_receipt(CLI::App& app, Context& context);
void add_audit(CLI::App& group, Context& context);
void add_vault(CLI::App& app, Context& context);
void add_break_glass(CLI::App& app, Context& context);
void add_import(CLI::App& app, Context& context);
void add_record(CLI::App& app, Context& context);
void add_record_erasure(CLI::App& group, Context& context);
void add_token(CLI::App& app, Context& context);
void add_wallet(CLI::App& app, Context& context);
void add_chart(CLI::App& app, Context& context);
void add_consent(CLI::App& app, Context& context);
// To the group that add_record makes.
void add_record_read(CLI::App& app, Context& context);
void add_worklist(CLI::App& app, Context& context);
void add_version(CLI::App& app, Context& context);
void add_completion(CLI::App& app, Context& context);
void add_man_page(CLI::App& app, Context& context);

// In bench/, which links this room: main() hands it over.
void add_bench(CLI::App& app, Context& context);

// A command under `parent` that takes --json.
inline CLI::App* add_command(CLI::App& parent, Context& context, const std::string& name,
                             const std::string& about) {
    CLI::App* command = parent.add_subcommand(name, about);
    command->add_flag("--json", context.json, "Print the result as JSON");
    return command;
}

// A command that only groups others.
inline CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& about) {
    CLI::App* group = parent.add_subcommand(name, about);
    group->require_subcommand(1);
    return group;
}

}  // namespace consilium::cli
