// SPDX-License-Identifier: Apache-2.0
// consilium_sim: runs seeds of the simulation. Exit code 0: all held; 1: a seed failed (its trace's
// last lines are shown); 2: wrong usage.
#include <cstdio>
#include <string>
#include <string_view>

#include "tests/sim/simulation.hpp"

namespace {

using consilium::sim::Report;

constexpr const char* kUsage =
    "usage: consilium_sim [--seeds N] [--first S] [--trace] [--verbose]\n"
    "  --seeds N    how many seeds to run (1)\n"
    "  --first S    the first of them (1)\n"
    "  --trace      print every event of every seed\n"
    "  --verbose    print a line per seed\n";

bool number(const char* text, std::uint64_t& out) {
    char* end = nullptr;
    out = std::strtoull(text, &end, 10);
    return *text != '\0' && *end == '\0';
}

void print_seed(const Report& report) {
    std::printf("seed %llu: %llu blocks, %llu transactions, %llu crashes, trace %s\n",
                static_cast<unsigned long long>(report.seed),
                static_cast<unsigned long long>(report.blocks),
                static_cast<unsigned long long>(report.transactions),
                static_cast<unsigned long long>(report.crashes), report.trace_hash.c_str());
}

void print_failure(const Report& report) {
    for (const std::string& line : report.trace_tail)
        std::printf("  %s\n", line.c_str());
    print_seed(report);
    std::printf("seed %llu FAILED: %s\nrepeat it with: consilium_sim --first %llu --trace\n",
                static_cast<unsigned long long>(report.seed), report.failure->c_str(),
                static_cast<unsigned long long>(report.seed));
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t seeds = 1;
    std::uint64_t first = 1;
    bool verbose = false;
    bool trace = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view arg = argv[i];
        const bool more = i + 1 < argc;
        if (arg == "--trace") {
            trace = true;
        } else if (arg == "--verbose") {
            verbose = true;
        } else if (!(arg == "--seeds" && more && number(argv[++i], seeds)) &&
                   !(arg == "--first" && more && number(argv[++i], first))) {
            std::fputs(kUsage, stderr);
            return 2;
        }
    }
    Report sum;
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
        consilium::sim::SimOptions options;
        options.seed = seed;
        options.print_trace = trace;
        const Report report = consilium::sim::simulate(options);
        if (report.failure) {
            print_failure(report);
            return 1;
        }
        if (verbose || trace) print_seed(report);
        sum.blocks += report.blocks;
        sum.transactions += report.transactions;
        sum.answered += report.answered;
        sum.crashes += report.crashes;
        sum.stops += report.stops;
        sum.restores += report.restores;
        sum.full_disks += report.full_disks;
        sum.receipts += report.receipts;
    }
    std::printf(
        "%llu seeds: %llu blocks, %llu transactions, %llu answers, %llu crashes, "
        "%llu nodes stopped, %llu restored from backups, %llu full disks, %llu receipts "
        "verified\n",
        static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(sum.blocks),
        static_cast<unsigned long long>(sum.transactions),
        static_cast<unsigned long long>(sum.answered), static_cast<unsigned long long>(sum.crashes),
        static_cast<unsigned long long>(sum.stops), static_cast<unsigned long long>(sum.restores),
        static_cast<unsigned long long>(sum.full_disks),
        static_cast<unsigned long long>(sum.receipts));
    return 0;
}
