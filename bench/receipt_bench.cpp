// SPDX-License-Identifier: Apache-2.0
#include "receipt_bench.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "verify/receipt.hpp"
#include "verify/testing/chain.hpp"

namespace consilium::bench {
namespace {

using verify::testing::TestBlock;
using verify::testing::TestChain;
using Clock = std::chrono::steady_clock;

constexpr int kRuns = 5;
constexpr std::size_t kBundle = 4096;
constexpr std::size_t kDistinct = 500;

// Receipts checked per second, the median of the runs, each with an empty cache at its start;
// nothing when one was refused.
std::optional<double> per_second(const std::vector<Bytes>& receipts, const verify::Trust& trust,
                                 bool keep_cache, unsigned seconds) {
    const verify::Freshness any_age{{1'900'000'000'000}, std::nullopt};
    std::vector<double> runs;
    for (int run = 0; run < kRuns; ++run) {
        const auto start = Clock::now();
        const auto until = start + std::chrono::milliseconds(seconds * 1000 / kRuns);
        std::uint64_t checked = 0;
        verify::HeaderCache cache;
        while (Clock::now() < until) {
            if (!keep_cache) cache = verify::HeaderCache();
            for (const Bytes& receipt : receipts) {
                if (!verify::verify_outcome_receipt(receipt, trust, any_age, &cache))
                    return std::nullopt;
            }
            checked += receipts.size();
        }
        const std::chrono::duration<double> took = Clock::now() - start;
        runs.push_back(static_cast<double>(checked) / took.count());
    }
    std::nth_element(runs.begin(), runs.begin() + kRuns / 2, runs.end());
    return runs[kRuns / 2];
}

}  // namespace

Result<ReceiptFigures, std::string> measure_receipts(unsigned seconds) {
    TestChain chain({1, 1, 1, 1});
    const TestBlock block = verify::testing::add_block_of_bundles(chain, {kBundle});
    std::vector<Bytes> shared;
    std::vector<Bytes> distinct;
    for (std::uint32_t i = 0; i < kBundle; i += 16)
        shared.push_back(verify::testing::outcome_receipt(chain, block, 0, i));
    for (std::size_t i = 0; i < kDistinct; ++i) {
        const TestBlock each = verify::testing::add_block_of_bundles(chain, {64});
        distinct.push_back(verify::testing::outcome_receipt(chain, each, 0, 7));
    }
    const auto trust = verify::Trust::make(chain.genesis(), {}, {});
    if (!trust) return fail(std::string("the network made for the measurement is not trusted"));
    const auto shared_per_s = per_second(shared, *trust, true, seconds);
    const auto distinct_per_s = per_second(distinct, *trust, false, seconds);
    if (!shared_per_s || !distinct_per_s)
        return fail(std::string("a receipt made for the measurement was refused"));
    return ReceiptFigures{*shared_per_s, *distinct_per_s, static_cast<double>(shared[0].size())};
}

}  // namespace consilium::bench
