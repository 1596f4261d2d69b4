// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "cli/app.hpp"
#include "cli/command_tree.hpp"
#include "cli/commands.hpp"

namespace consilium::cli {
namespace {

// One case per command: the words that may follow it. Options that take a value complete to files.
void bash_script(Context& context) {
    Context quiet{context.out, context.err};
    const auto app = make_app(quiet);
    context.out << "# bash completion of consilium. Load it with:  source <(consilium completion "
                   "bash)\n"
                   "_consilium() {\n"
                   "    local current=\"${COMP_WORDS[COMP_CWORD]}\" path=\"consilium\" words i\n"
                   "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                   "        case \"$path ${COMP_WORDS[i]}\" in\n";
    const auto commands = command_tree(*app);
    for (const auto& command : commands) {
        if (command.path == "consilium") continue;
        context.out << "            \"" << command.path << "\") path=\"" << command.path
                    << "\" ;;\n";
    }
    context.out << "        esac\n    done\n    case \"$path\" in\n";
    for (const auto& command : commands) {
        context.out << "        \"" << command.path << "\") words=\"";
        for (const auto& name : command.subcommands)
            context.out << name << ' ';
        for (const auto& option : command.options)
            context.out << (option.positional ? "" : option.name + " ");
        context.out << "\" ;;\n";
    }
    context.out << "    esac\n"
                   "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                   "}\n"
                   "complete -o default -F _consilium consilium\n";
}

}  // namespace

void add_completion(CLI::App& app, Context& context) {
    CLI::App* group = add_group(app, "completion", "Print a shell's completion script");
    group->add_subcommand("bash", "For bash: source <(consilium completion bash)")
        ->callback([&context] { bash_script(context); });
}

}  // namespace consilium::cli
