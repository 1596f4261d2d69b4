// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/compose.hpp"
#include "cli/demo_vault.hpp"
#include "cli/network.hpp"
#include "cli/node_client.hpp"
#include "cli/output.hpp"
#include "cli/verification.hpp"
#include "node/process.hpp"

// The story that `consilium demo` tells: four members in one process, each with a node of its own
// and its own HTTPS API, through which everything is done. Each step checks what it claims; a claim
// that does not hold ends the demo with an error.
namespace consilium::cli {

struct DemoOptions {
    std::filesystem::path folder = "consilium-demo";
    std::filesystem::path data = "demo/data";
    std::uint16_t port = 7443;  // the others take the next ones; free ones where these are taken
};

// One line of the table at the end.
struct DemoStep {
    int number = 0;
    std::string title;
    std::vector<std::string> findings;  // sentences
    std::uint64_t duration_us = 0;
};

// A receipt that was fetched, and where it was kept.
struct KeptReceipt {
    std::string name;
    Bytes bytes;
};

// What the steps share.
struct DemoWorld {
    DemoOptions options;
    Context& context;
    NetworkHome home;
    std::shared_ptr<const void> marker;  // the folder is this demo's while this is held
    std::unique_ptr<node::Process> process;
    std::map<std::string, Speaker> speakers;
    std::map<std::string, NodeClient> nodes;  // by member, each with a token of its own node
    std::size_t resources = 0;                // in the FHIR Bundles
    std::size_t patients = 0;
    DemoVault vault;
    UnixMs earlier;                         // a moment after step 2 and before step 3
    std::vector<KeptReceipt> receipts;      // of everything that was submitted or proven
    std::vector<std::string> transactions;  // ids of what was submitted, in order
    std::optional<verify::Trust> trust;

    NodeClient& node(const std::string& member) { return nodes.at(member); }
};

using StepResult = Result<std::vector<std::string>, Problem>;

// Reads the documents and fills the vault; nothing is written. Before the first step, so that a
// demo that cannot be told leaves nothing behind.
[[nodiscard]] Status<Problem> demo_load(DemoWorld& world);

// The steps of the story, in order.
[[nodiscard]] StepResult demo_genesis(DemoWorld& world);
[[nodiscard]] StepResult demo_anchor(DemoWorld& world);
[[nodiscard]] StepResult demo_change(DemoWorld& world);
[[nodiscard]] StepResult demo_audit(DemoWorld& world);
[[nodiscard]] StepResult demo_tamper(DemoWorld& world);
[[nodiscard]] StepResult demo_absence(DemoWorld& world);

// ---- shared by the steps

// Lets the member's user in that role submit, keeps the receipt, and answers the outcome.
struct Submitted {
    ledger::TransactionId id;
    Height height = 0;
    ledger::Outcome outcome;
};
[[nodiscard]] Result<Submitted, Problem> demo_submit(DemoWorld& world, const std::string& member,
                                                     v1::Role role,
                                                     const std::vector<v1::Command>& commands,
                                                     const std::string& receipt_name);
// The same, where anything but "applied" ends the demo.
[[nodiscard]] Result<Submitted, Problem> demo_apply(DemoWorld& world, const std::string& member,
                                                    v1::Role role,
                                                    const std::vector<v1::Command>& commands,
                                                    const std::string& receipt_name);

// A client of that member's node; its token is limited to `scope`.
[[nodiscard]] Result<NodeClient, Problem> demo_client(DemoWorld& world, const std::string& member,
                                                      std::string_view scope);

// A claim of the story that does not hold.
[[nodiscard]] Problem demo_failed(const std::string& claim);

// Keeps a receipt in memory and in the folder receipts/.
[[nodiscard]] Status<Problem> keep_receipt(DemoWorld& world, const std::string& name, Bytes bytes);

}  // namespace consilium::cli
