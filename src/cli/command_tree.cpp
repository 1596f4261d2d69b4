// SPDX-License-Identifier: Apache-2.0
#include "cli/command_tree.hpp"

#include <CLI/CLI.hpp>

namespace consilium::cli {
namespace {

void add(const CLI::App& app, const std::string& path, std::vector<CommandInfo>& tree) {
    CommandInfo info;
    info.path = path;
    info.about = app.get_description();
    for (const CLI::Option* option : app.get_options()) {
        OptionInfo shown;
        shown.positional = option->get_positional();
        shown.name = option->get_name();
        shown.name = shown.name.substr(0, shown.name.find(','));
        // "UINT:INT in [1 - 65535]" and "TEXT:{a,b}" carry their check behind a colon.
        shown.value = option->get_type_size() == 0 ? "" : option->get_type_name();
        shown.value = shown.value.substr(0, shown.value.find(':'));
        shown.about = option->get_description();
        shown.preset = option->get_default_str();
        shown.required = option->get_required();
        info.options.push_back(shown);
    }
    const auto commands =
        app.get_subcommands([](const CLI::App* command) { return !command->get_name().empty(); });
    for (const CLI::App* command : commands)
        info.subcommands.push_back(command->get_name());
    tree.push_back(info);
    for (const CLI::App* command : commands)
        add(*command, path + " " + command->get_name(), tree);
}

}  // namespace

std::vector<CommandInfo> command_tree(const CLI::App& app) {
    std::vector<CommandInfo> tree;
    add(app, app.get_name(), tree);
    return tree;
}

}  // namespace consilium::cli
