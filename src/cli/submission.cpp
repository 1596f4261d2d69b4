// SPDX-License-Identifier: Apache-2.0
#include "cli/submission.hpp"

#include <boost/json.hpp>
#include <ostream>

#include "base/hex.hpp"
#include "cli/verification.hpp"
#include "contracts/registry/registry.hpp"
#include "node/json_text.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

// What a rejected transaction's intent takes to succeed.
ledger::Retry retry_of(const ledger::Outcome& outcome) {
    return contracts::registry().describe(outcome.contract, outcome.code).retry;
}

std::string in_words(ledger::Retry retry) {
    switch (retry) {
        case ledger::Retry::kNever:
            return "no: the command itself is wrong, or its effect is there already";
        case ledger::Retry::kOtherState:
            return "once what it speaks of has changed";
        case ledger::Retry::kOtherActor:
            return "by another user, role or member";
        case ledger::Retry::kNewTransaction:
            return "in a transaction made and signed anew";
    }
    return "";
}

void print(const v1::CommittedOutcome& committed, const ledger::Outcome& outcome,
           const std::string& receipt_file, Context& context) {
    if (context.json) {
        json::array assigned;
        for (const auto number : outcome.assigned)
            assigned.push_back(number);
        json::object out{{"transaction_id", to_hex(committed.transaction_id())},
                         {"height", committed.height()},
                         {"applied", outcome.applied()},
                         {"outcome", outcome_text(outcome)},
                         {"assigned", assigned}};
        if (!outcome.applied()) out["retry"] = ledger::to_string(retry_of(outcome));
        if (!receipt_file.empty()) out["receipt"] = receipt_file;
        context.out << node::pretty_json(out) << '\n';
        return;
    }
    Facts facts;
    facts.add("transaction", to_hex(committed.transaction_id()));
    facts.add("block", std::to_string(committed.height()));
    facts.add("outcome", outcome_text(outcome));
    if (!outcome.applied()) facts.add("can succeed", in_words(retry_of(outcome)));
    std::string numbers;
    for (const auto number : outcome.assigned)
        numbers += (numbers.empty() ? "" : ", ") + std::to_string(number);
    if (!numbers.empty()) facts.add("assigned", numbers);
    if (!receipt_file.empty()) facts.add("receipt", receipt_file);
    facts.print(context);
}

}  // namespace

Result<Bytes, Problem> compose_as(const OpenMember& member, v1::Role role,
                                  const std::vector<v1::Command>& commands) {
    auto users = load_users(MemberHome{member.network.member(member.id)}.users());
    if (!users) return fail(users.error());
    return compose({member.genesis.network_id, member.id, std::move(users).value()}, role,
                   commands);
}

void submit_and_print(NodeClient& node, const Bytes& transaction, const std::string& receipt_file,
                      Context& context) {
    const auto committed = node.submit(transaction);
    if (!committed) return context.fail(committed.error());
    const auto outcome = ledger::decode_outcome(committed->outcome());
    ledger::TransactionId id;
    if (!outcome || !assign(id, committed->transaction_id())) {
        return context.fail(Exit::kInternal, "the node's answer is not an outcome");
    }
    if (!receipt_file.empty()) {
        const auto receipt = node.outcome_receipt(id);
        if (!receipt) return context.fail(receipt.error());
        if (auto written = write_file(receipt_file, *receipt); !written) {
            return context.fail(written.error());
        }
    }
    if (!outcome->applied()) context.exit = Exit::kRefused;
    print(*committed, *outcome, receipt_file, context);
}

}  // namespace consilium::cli
