// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "cli/access.hpp"
#include "cli/demo.hpp"
#include "ledger/outcome.hpp"

// What the steps of the demo share.
namespace consilium::cli {

Problem demo_failed(const std::string& claim) {
    return {Exit::kRefused, "the demo found that this does not hold: " + claim,
            "Please report it, with the demo's folder."};
}

Result<NodeClient, Problem> demo_client(DemoWorld& world, const std::string& member,
                                        std::string_view scope) {
    const auto opened = open_member({world.home.folder.string(), member});
    if (!opened) return fail(opened.error());
    const auto token =
        issue_token(*opened, {member, "consilium-demo", std::string(scope), 3'600'000});
    if (!token) return fail(token.error());
    auto certificate = read_file(opened->config.http.certificate);
    if (!certificate) return fail(certificate.error());
    return NodeClient(Endpoint{opened->config.http.address,
                               static_cast<std::uint16_t>(opened->config.http.port),
                               std::move(certificate).value(), *token});
}

Status<Problem> keep_receipt(DemoWorld& world, const std::string& name, Bytes bytes) {
    const auto file = world.home.folder / "receipts" / (name + ".receipt");
    if (auto written = write_file(file, bytes); !written) return written;
    world.receipts.push_back({name, std::move(bytes)});
    return Done{};
}

Result<Submitted, Problem> demo_submit(DemoWorld& world, const std::string& member, v1::Role role,
                                       const std::vector<v1::Command>& commands,
                                       const std::string& receipt_name) {
    const auto transaction = compose(world.speakers.at(member), role, commands);
    if (!transaction) return fail(transaction.error());
    const auto committed = world.node(member).submit(*transaction);
    if (!committed) return fail(committed.error());
    Submitted submitted;
    const auto outcome = ledger::decode_outcome(committed->outcome());
    if (!outcome || !assign(submitted.id, committed->transaction_id())) {
        return fail(demo_failed("the node answers with an outcome"));
    }
    submitted.height = committed->height();
    submitted.outcome = *outcome;
    world.transactions.push_back(to_hex(submitted.id.view()));
    auto receipt = world.node(member).outcome_receipt(submitted.id);
    if (!receipt) return fail(receipt.error());
    if (auto kept = keep_receipt(world, receipt_name, std::move(receipt).value()); !kept) {
        return fail(kept.error());
    }
    return submitted;
}

Result<Submitted, Problem> demo_apply(DemoWorld& world, const std::string& member, v1::Role role,
                                      const std::vector<v1::Command>& commands,
                                      const std::string& receipt_name) {
    auto submitted = demo_submit(world, member, role, commands, receipt_name);
    if (submitted && !submitted->outcome.applied()) {
        return fail(demo_failed(receipt_name + " is applied, but it was " +
                                outcome_text(submitted->outcome)));
    }
    return submitted;
}

}  // namespace consilium::cli
