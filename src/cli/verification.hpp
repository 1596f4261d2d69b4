// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "cli/output.hpp"
#include "contracts/sdk/registry.hpp"
#include "verify/receipt.hpp"
#include "verify/trust.hpp"

namespace CLI {
class App;
}

// `consilium receipt verify`, the demo and the tests verify with this code: bytes and a trust in,
// a verdict out, no node and no network.
namespace consilium::cli {

struct TrustOptions {
    std::string genesis;
    std::vector<std::string> checkpoints;
    std::string history;
};

void add_trust_options(CLI::App& command, TrustOptions& options);
[[nodiscard]] Result<verify::Trust, Problem> load_trust(const TrustOptions& options);

// Also made from bytes, by who has them in memory.
[[nodiscard]] Result<verify::Trust, Problem> make_trust(std::string_view genesis_document,
                                                        const std::vector<Bytes>& checkpoints,
                                                        BytesView history);

// What was proven, as lines for people and as names and values for programs.
struct Fact {
    std::string name;
    std::string text;
};

struct Verdict {
    bool good = false;
    std::string refusal;      // one sentence, when not good
    std::string kind;         // "outcome", "present", "absent", "complete list"
    std::string summary;      // one sentence that says what is proven
    std::vector<Fact> facts;  // details
    // What the rows, though proven, should not say: one sentence each.
    std::vector<std::string> warnings;
    std::optional<verify::VerifiedOutcome> outcome;
    std::optional<verify::VerifiedState> state;
};

[[nodiscard]] Verdict check_receipt(BytesView receipt, const verify::Trust& trust,
                                    const verify::Freshness& freshness,
                                    verify::HeaderCache* cache = nullptr);

// What was asked of the state: a row or a list, as it stands (neither height nor time) or stood.
struct StateAsked {
    Bytes subject;  // the key of a row, or the prefix of a list
    bool list = false;
    std::optional<Height> height;
    std::optional<UnixMs> time;
};
// Whether what was proven answers that and not another question: that no row has the key "LIST"
// does not say that the list is empty, and what once was does not say what is.
[[nodiscard]] bool is_about(const verify::VerifiedState& state, const StateAsked& asked);
[[nodiscard]] bool is_of_moment(const verify::VerifiedState& state, const StateAsked& asked);

// How a verdict is shown.
[[nodiscard]] boost::json::object verdict_json(const std::string& file, const Verdict& verdict);
void print_verdict(const std::string& file, const Verdict& verdict, Context& context);

// A v1::StoredBlock: whether its header is signed by a quorum and its items are those of the
// header.
[[nodiscard]] Verdict check_block(BytesView block, const verify::Trust& trust);

// "applied", or "rejected: NAME (sentence)".
[[nodiscard]] std::string outcome_text(const ledger::Outcome& outcome);

// "10m", "24h", "7d", "90s", "500ms" to milliseconds.
[[nodiscard]] std::optional<std::uint64_t> parse_duration_ms(std::string_view text);
// "3 days", "5 hours", "40 seconds".
[[nodiscard]] std::string age_text(std::uint64_t ms);

}  // namespace consilium::cli
