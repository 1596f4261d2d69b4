// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace consilium::cli {

// What completion and the manual say of a command: read from the commands themselves, so that
// neither can fall behind.
struct OptionInfo {
    std::string name;   // "--port", or the name of a positional argument
    std::string value;  // what it takes, such as "UINT"; empty for a flag
    std::string about;
    std::string preset;  // its default, or empty
    bool positional = false;
    bool required = false;
};

struct CommandInfo {
    std::string path;  // "consilium ledger blocks"
    std::string about;
    std::vector<std::string> subcommands;
    std::vector<OptionInfo> options;
};

// The application and all commands below it, parents first, in the order of their addition.
[[nodiscard]] std::vector<CommandInfo> command_tree(const CLI::App& app);

}  // namespace consilium::cli
