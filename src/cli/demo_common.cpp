// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "cli/demo_person.hpp"
#include "cli/wallet_signing.hpp"
#include "contracts/registry/registry.hpp"
#include "ledger/outcome.hpp"

// What the steps of the demo share: transactions, and what the ledger proves.
namespace consilium::cli {

Problem demo_failed(const std::string& claim) {
    return {Exit::kRefused, "the demo found that this does not hold: " + claim,
            "Please report it, with the demo's folder."};
}

std::string short_id(BytesView id) {
    return to_hex(id).substr(0, 8) + "...";
}

Status<Problem> keep_receipt(DemoWorld& world, const std::string& name, Bytes bytes) {
    const auto file = world.home.folder / "receipts" / (name + ".receipt");
    if (auto written = write_file(file, bytes); !written) return written;
    world.receipts.push_back({name, std::move(bytes)});
    return Done{};
}

Result<verify::VerifiedOutcome, Problem> keep_outcome(DemoWorld& world, const std::string& member,
                                                      const std::string& id,
                                                      const std::string& name) {
    const auto transaction = fixed_from_hex<ledger::TransactionId>(id);
    if (!transaction) return fail(demo_failed("the id of a transaction is one"));
    auto receipt = world.node(member).outcome_receipt(*transaction);
    if (!receipt) return fail(receipt.error());
    auto verdict = check_receipt(*receipt, *world.trust, {now(), std::nullopt});
    if (!verdict.good || !verdict.outcome)
        return fail(demo_failed("the outcome of " + name + " is proven: " + verdict.refusal));
    world.transactions.push_back(id);
    if (auto kept = keep_receipt(world, name, std::move(receipt).value()); !kept)
        return fail(kept.error());
    return std::move(*verdict.outcome);
}

Result<Height, Problem> demo_apply(DemoWorld& world, const std::string& member,
                                   const Bytes& transaction, const std::string& receipt_name) {
    const auto committed = world.node(member).submit(transaction);
    if (!committed) return fail(committed.error());
    const auto outcome = ledger::decode_outcome(committed->outcome());
    if (!outcome || !outcome->applied()) {
        return fail(demo_failed(receipt_name + " is applied" +
                                (outcome ? ", but it was " + outcome_text(*outcome) : "")));
    }
    const auto kept =
        keep_outcome(world, member, to_hex(committed->transaction_id()), receipt_name);
    if (!kept) return fail(kept.error());
    return committed->height();
}

Result<Height, Problem> demo_relay(DemoWorld& world, const std::string& member,
                                   const v1::IdentityCommand& command,
                                   const std::string& receipt_name) {
    const auto transaction =
        compose(world.speakers.at(member), v1::ROLE_CLERK, {command_of(command)});
    if (!transaction) return fail(transaction.error());
    ledger::LinkId link;
    (void)assign(link, world.patient.link);
    const auto* key = world.patient.wallet->find(link);
    if (key == nullptr) return fail(demo_failed("the wallet has a key for the link"));
    const auto signed_bytes = sign_for_link(*world.patient.wallet, *key, *transaction, member);
    if (!signed_bytes) return fail(signed_bytes.error());
    return demo_apply(world, member, *signed_bytes, receipt_name);
}

Result<std::vector<Bytes>, Problem> shown_list(DemoWorld& world, const std::string& member,
                                               const std::string& path) {
    const auto prefix = contracts::registry().key_from_path(path);
    if (!prefix) return fail(demo_failed(path + " is a list of the ledger"));
    const auto list = world.node(member).state_list(*prefix, std::nullopt);
    if (!list) return fail(list.error());
    std::vector<Bytes> out;
    for (const auto& entry : list->entries())
        out.push_back(entry.value());
    return out;
}

namespace {

using Answered = Result<std::pair<std::vector<Bytes>, Bytes>, Problem>;  // rows, receipt

// As `consilium receipt verify` does it, and that it answers what was asked.
Answered verified_rows(DemoWorld& world, const StateAsked& asked, const std::string& path,
                       const Bytes& receipt) {
    const auto verdict = check_receipt(receipt, *world.trust, {now(), std::nullopt});
    if (!verdict.good || !verdict.state || !is_about(*verdict.state, asked))
        return fail(demo_failed("the proof of " + path + " holds: " + verdict.refusal));
    std::vector<Bytes> out;
    for (const auto& row : verdict.state->proven.rows)
        out.push_back(row.second);
    return std::pair{std::move(out), receipt};
}

// A proof may be of a block that is a little older than what a node shows: it is asked for again
// until it is of what is there.
Result<std::vector<Bytes>, Problem> proven(DemoWorld& world, const std::string& path,
                                           const std::string& name, const RowsHold& hold,
                                           const std::function<Answered()>& ask) {
    std::pair<std::vector<Bytes>, Bytes> kept;
    const auto waited = demo_wait(path + " is proven", [&]() -> Result<bool, Problem> {
        auto answer = ask();
        if (!answer) return fail(answer.error());
        kept = std::move(answer).value();
        return hold(kept.first);
    });
    if (!waited) return fail(waited.error());
    if (auto saved = keep_receipt(world, name, std::move(kept.second)); !saved)
        return fail(saved.error());
    return std::move(kept.first);
}

}  // namespace

Result<std::vector<Bytes>, Problem> proven_list(DemoWorld& world, const std::string& member,
                                                const std::string& path, const std::string& name,
                                                const RowsHold& hold) {
    const auto prefix = contracts::registry().key_from_path(path);
    if (!prefix) return fail(demo_failed(path + " is a list of the ledger"));
    return proven(world, path, name, hold, [&]() -> Answered {
        const auto list =
            world.node(member).state_page(*prefix, {}, kPageRowsMax, std::nullopt, true);
        if (!list) return fail(list.error());
        if (list->more()) return fail(demo_failed("the list of " + name + " fits one page"));
        return verified_rows(world, {*prefix, true, std::nullopt, std::nullopt}, path,
                             list->receipt());
    });
}

Result<Bytes, Problem> proven_row(DemoWorld& world, const std::string& member,
                                  const std::string& path, const std::string& name) {
    const auto key = contracts::registry().key_from_path(path);
    if (!key) return fail(demo_failed(path + " is a row of the ledger"));
    auto rows = proven(
        world, path, name,
        [](const std::vector<Bytes>& shown) -> Result<bool, Problem> { return shown.size() == 1; },
        [&]() -> Answered {
            const auto value = world.node(member).state(*key, std::nullopt, true);
            if (!value) return fail(value.error());
            return verified_rows(world, {*key, false, std::nullopt, std::nullopt}, path,
                                 value->receipt());
        });
    if (!rows) return fail(rows.error());
    return std::move(rows->front());
}

}  // namespace consilium::cli
