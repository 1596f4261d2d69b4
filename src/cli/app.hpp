// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "cli/output.hpp"

namespace CLI {
class App;
}

namespace consilium::cli {

// Adds a command that lies outside this room. Before the first use of make_app.
using AddCommand = void (*)(CLI::App& app, Context& context);
void register_command(AddCommand add);

// All commands with their options. The context must outlive it; parsing runs the command.
[[nodiscard]] std::unique_ptr<CLI::App> make_app(Context& context);

// Runs one command line and returns the exit code.
[[nodiscard]] int run(int argc, const char* const* argv, Context& context);

}  // namespace consilium::cli
