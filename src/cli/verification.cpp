// SPDX-License-Identifier: Apache-2.0
#include "cli/verification.hpp"

#include <charconv>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "cli/home.hpp"
#include "cli/names.hpp"
#include "cli/record_ids.hpp"
#include "consilium/v1/receipt.pb.h"
#include "contracts/registry/registry.hpp"
#include "ledger/results.hpp"
#include "node/genesis.hpp"
#include "proto/canonical.hpp"

namespace consilium::cli {
namespace {

using Kind = verify::StateQuestion::Kind;

void add_header(Verdict& verdict, const verify::VerifiedHeader& header,
                const verify::TrustAnchor& anchor, const verify::Freshness& freshness) {
    const std::uint64_t age =
        freshness.now > header.time ? freshness.now.value - header.time.value : 0;
    verdict.facts.push_back({"header", std::to_string(header.header.height) + " of " +
                                           header.header.chain_id + ", " + to_rfc3339(header.time) +
                                           " (" + age_text(age) + " ago)"});
    const std::uint64_t trust_age =
        freshness.now > anchor.time ? freshness.now.value - anchor.time.value : 0;
    verdict.facts.push_back(
        {"trusted from", (anchor.kind == verify::TrustAnchorKind::kGenesis
                              ? std::string("genesis")
                              : "the checkpoint at height " + std::to_string(anchor.height)) +
                             ", " + age_text(trust_age) + " old"});
}

void describe_outcome(Verdict& verdict, const verify::VerifiedOutcome& outcome,
                      const verify::Freshness& freshness) {
    verdict.kind = "outcome";
    verdict.summary = "In block " + std::to_string(outcome.height) + " a transaction of " +
                      outcome.member_id + " was " + outcome_text(outcome.outcome);
    verdict.facts.push_back({"transaction", to_hex(outcome.transaction_id.view())});
    verdict.facts.push_back({"member", outcome.member_id});
    verdict.facts.push_back({"block", std::to_string(outcome.height)});
    verdict.facts.push_back({"outcome", outcome_text(outcome.outcome)});
    add_header(verdict, *outcome.header, outcome.header->anchor, freshness);
}

void describe_state(Verdict& verdict, const verify::VerifiedState& state,
                    const verify::Freshness& freshness) {
    const auto& registry = contracts::registry();
    const auto& question = state.proven.question;
    const std::string subject = registry.path_of_key(question.subject);
    const std::size_t rows = state.proven.rows.size();
    if (question.kind == Kind::kPrefix) {
        verdict.kind = "complete list";
        verdict.summary = "The list " + subject + " is complete: " + std::to_string(rows) +
                          (rows == 1 ? " row" : " rows");
        verdict.warnings = repeated_record_ids(state.proven.rows);
    } else {
        verdict.kind = rows == 0 ? "absent" : "present";
        verdict.summary = subject + (rows == 0 ? " does not exist" : " has this value");
    }
    if (state.as_of) {
        verdict.summary += ", as of block " + std::to_string(state.as_of->height) + ", " +
                           to_rfc3339(state.as_of->from);
        verdict.facts.push_back({"as of", "block " + std::to_string(state.as_of->height) +
                                              ": from " + to_rfc3339(state.as_of->from) +
                                              " until " + to_rfc3339(state.as_of->until)});
    } else {
        verdict.summary +=
            ", as of block " + std::to_string(state.height) + ", " + to_rfc3339(state.header->time);
    }
    verdict.facts.push_back({"state after block", std::to_string(state.height)});
    add_header(verdict, *state.header, state.anchor, freshness);
}

}  // namespace

Result<verify::Trust, Problem> make_trust(std::string_view genesis_document,
                                          const std::vector<Bytes>& checkpoints,
                                          BytesView history) {
    const auto genesis = node::parse_genesis(genesis_document);
    if (!genesis) {
        return fail(Problem{Exit::kUsage, "the genesis document " + genesis.error(), {}});
    }
    auto read = verify::read_genesis(genesis->app_state);
    if (!read) {
        return fail(Problem{Exit::kUsage,
                            std::string("the genesis document: ") + verify::to_string(read.error()),
                            {}});
    }
    auto trust = verify::Trust::make(std::move(read).value(), checkpoints, history);
    if (!trust) {
        return fail(Problem{Exit::kRefused,
                            std::string("the checkpoints and the validator history do not hold: ") +
                                verify::to_string(trust.error()),
                            "Fetch them again from a member that you trust."});
    }
    return std::move(trust).value();
}

Result<verify::Trust, Problem> load_trust(const TrustOptions& options) {
    const auto genesis = read_file(options.genesis);
    if (!genesis) {
        return fail(Problem{genesis.error().code, genesis.error().message,
                            "Give --genesis the network's genesis document."});
    }
    std::vector<Bytes> checkpoints;
    for (const auto& file : options.checkpoints) {
        auto checkpoint = read_file(file);
        if (!checkpoint) return fail(checkpoint.error());
        checkpoints.push_back(std::move(checkpoint).value());
    }
    Bytes history;
    if (!options.history.empty()) {
        auto read = read_file(options.history);
        if (!read) return fail(read.error());
        history = std::move(read).value();
    }
    return make_trust(*genesis, checkpoints, history);
}

Verdict check_receipt(BytesView receipt, const verify::Trust& trust,
                      const verify::Freshness& freshness, verify::HeaderCache* cache) {
    Verdict verdict;
    if (receipt.empty()) {
        verdict.refusal = "the file is empty";
        return verdict;
    }
    auto checked = verify::verify_receipt(receipt, trust, freshness, cache);
    if (!checked) {
        verdict.refusal = verify::to_string(checked.error());
        return verdict;
    }
    verdict.good = true;
    if (auto* outcome = std::get_if<verify::VerifiedOutcome>(&checked.value())) {
        describe_outcome(verdict, *outcome, freshness);
        verdict.outcome = std::move(*outcome);
    } else {
        auto& state = std::get<verify::VerifiedState>(checked.value());
        describe_state(verdict, state, freshness);
        verdict.state = std::move(state);
    }
    return verdict;
}

bool is_about(const verify::VerifiedState& state, const StateAsked& asked) {
    const auto& question = state.proven.question;
    return question.subject == asked.subject && (question.kind == Kind::kPrefix) == asked.list;
}

bool is_of_moment(const verify::VerifiedState& state, const StateAsked& asked) {
    if (!asked.height && !asked.time) return !state.as_of;
    // What follows from block H is the state as of H.
    if (!state.as_of) return !asked.time && state.height == *asked.height;
    return (!asked.height || state.as_of->height == *asked.height) &&
           (!asked.time || state.as_of->covers(*asked.time));
}

Verdict check_block(BytesView bytes, const verify::Trust& trust) {
    Verdict verdict;
    verdict.kind = "block";
    v1::StoredBlock block;
    if (const auto read = proto::parse_canonical(bytes, block); !read) {
        verdict.refusal =
            std::string("the file is not a stored block: ") + proto::to_string(read.error());
        return verdict;
    }
    const verify::Freshness freshness{now(), std::nullopt};
    const auto header = verify::verify_header(block.signed_header(), trust, freshness, nullptr);
    if (!header) {
        verdict.refusal = verify::to_string(header.error());
        return verdict;
    }
    if ((*header)->header.height != block.height()) {
        verdict.refusal = "the header belongs to another block: height altered";
        return verdict;
    }
    const std::vector<Bytes> items(block.items().begin(), block.items().end());
    if ((*header)->header.data_hash != ledger::data_hash(items).bytes()) {
        verdict.refusal =
            "the items are not those that the signed header commits to: an item was "
            "altered, added or left out";
        return verdict;
    }
    verdict.good = true;
    verdict.summary = "Block " + std::to_string(block.height()) +
                      " is whole: its header is signed "
                      "by a quorum and commits to its items";
    add_header(verdict, **header, (*header)->anchor, freshness);
    return verdict;
}

std::string outcome_text(const ledger::Outcome& outcome) {
    if (outcome.applied()) return "applied";
    const auto text = contracts::registry().describe(outcome.contract, outcome.code);
    const std::string name = text.name.empty()
                                 ? "rule " + std::to_string(outcome.code) + " of contract " +
                                       std::to_string(outcome.contract)
                                 : std::string(text.name);
    return "rejected by " + name + (text.text.empty() ? "" : " (" + std::string(text.text) + ")");
}

std::optional<std::uint64_t> parse_duration_ms(std::string_view text) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc{}) return std::nullopt;
    const std::string_view unit(read.ptr, static_cast<std::size_t>(end - read.ptr));
    std::uint64_t factor = 0;
    if (unit == "ms") factor = 1;
    if (unit == "s") factor = 1000;
    if (unit == "m") factor = 60'000;
    if (unit == "h") factor = 3'600'000;
    if (unit == "d") factor = 86'400'000;
    if (factor == 0 || value > 100'000'000'000'000 / factor) return std::nullopt;
    return value * factor;
}

std::string age_text(std::uint64_t ms) {
    const auto counted = [](std::uint64_t count, const char* unit) {
        return std::to_string(count) + " " + unit + (count == 1 ? "" : "s");
    };
    if (ms < 120'000) return counted(ms / 1000, "second");
    if (ms < 7'200'000) return counted(ms / 60'000, "minute");
    if (ms < 172'800'000) return counted(ms / 3'600'000, "hour");
    return counted(ms / 86'400'000, "day");
}

}  // namespace consilium::cli
