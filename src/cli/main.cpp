// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "cli/app.hpp"

int main(int argc, char** argv) {
    // A closed pipe is an error of one write, not the end of a node.
    std::signal(SIGPIPE, SIG_IGN);
    consilium::cli::Context context{std::cout, std::cerr};
    context.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
    context.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
    return consilium::cli::run(argc, argv, context);
}
