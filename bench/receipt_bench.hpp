// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"

namespace consilium::bench {

// Receipts of the part `consilium bench verify`: outcome receipts of a network of four validators
// with equal power, each commit trimmed to the three signatures that pass two thirds, on one core.
struct ReceiptFigures {
    double receipts_per_s = 0;           // that share a commit, bundles of 4,096
    double receipts_distinct_per_s = 0;  // each with a commit of its own
    double receipt_bytes = 0;
};

// Medians of several runs; `seconds` for each of the two. The error is a sentence.
[[nodiscard]] Result<ReceiptFigures, std::string> measure_receipts(unsigned seconds);

}  // namespace consilium::bench
