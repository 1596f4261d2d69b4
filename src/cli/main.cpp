// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <iostream>

#include "cli/app.hpp"
#include "cli/commands.hpp"

int main(int argc, char** argv) {
    consilium::cli::Context context{std::cout, std::cerr};
    context.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
    context.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
    if (argc > 0) context.program = argv[0];
    consilium::cli::register_command(consilium::cli::add_bench);
    return consilium::cli::run(argc, argv, context);
}
