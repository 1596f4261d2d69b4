// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/compose.hpp"
#include "cli/import_input.hpp"
#include "cli/network.hpp"
#include "cli/node_client.hpp"
#include "cli/output.hpp"
#include "cli/verification.hpp"
#include "node/process.hpp"
#include "proto/canonical.hpp"
#include "services/audit/package.hpp"
#include "wallet/wallet.hpp"

// The story that `consilium demo` tells: four members in one process, each with a node of its own,
// its own ledger copy, vault and HTTPS API, through which everything is done. Each step checks what
// it claims; a claim that does not hold ends the demo with an error.
namespace consilium::cli {

// In the demo's network an emergency is to be reviewed this soon, so that it can be shown what
// happens when it is not.
inline constexpr std::uint64_t kDemoReviewMs = 2000;

struct DemoOptions {
    std::filesystem::path folder = "consilium-demo";
    std::filesystem::path data = "demo/data";
    std::filesystem::path imperfect = "demo/imperfect.json";
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

// The patient whom the story follows, with a wallet of their own.
struct DemoPatient {
    std::string id;  // the hospital's FHIR id
    std::size_t resources = 0;
    std::optional<wallet::Wallet> wallet;
    std::uint32_t key = 0;       // of the wallet, for the link to the clinic
    Bytes link;                  // hospital to clinic
    std::uint32_t asked = 0;     // requests under the link so far
    Height revoked = 0;          // the block of the revocation
    std::string immunization{};  // "Immunization/ID", reported to the regulator
    std::string report_link{};   // hospital to regulator, hexadecimal
};

// What the steps share.
struct DemoWorld {
    DemoOptions options;
    Context& context;
    NetworkHome home{};
    std::shared_ptr<const void> marker{};  // the folder is this demo's while this is held
    std::unique_ptr<node::Process> process{};
    std::map<std::string, Speaker> speakers{};
    std::map<std::string, NodeClient> nodes{};  // by member, each with a token of its own node
    std::vector<ImportPart> bundles{};          // what the hospital takes in
    ImportPart imperfect{};
    DemoPatient patient{};
    std::vector<KeptReceipt> receipts{};      // of what was submitted or proven
    std::vector<std::string> transactions{};  // ids of those whose outcomes the receipts prove
    std::optional<verify::Trust> trust{};
    services::audit::PackageFiles package{};  // of the patient, the newest that was fetched
    Height stopped_at = 0;                    // where the clinic's node was stopped
    std::string outstanding{};                // the erasure that waits for the clinic

    NodeClient& node(const std::string& member) { return nodes.at(member); }
};

using StepResult = Result<std::vector<std::string>, Problem>;

// Reads the Bundles; nothing is written. Before the first step, so that a demo that cannot be told
// leaves nothing behind.
[[nodiscard]] Status<Problem> demo_load(DemoWorld& world);

// The steps of the story, in order.
[[nodiscard]] StepResult demo_genesis(DemoWorld& world);
[[nodiscard]] StepResult demo_import(DemoWorld& world);
[[nodiscard]] StepResult demo_card(DemoWorld& world);
[[nodiscard]] StepResult demo_consent(DemoWorld& world);
[[nodiscard]] StepResult demo_contribution(DemoWorld& world);
[[nodiscard]] StepResult demo_revoke(DemoWorld& world);
[[nodiscard]] StepResult demo_emergency(DemoWorld& world);
[[nodiscard]] StepResult demo_law(DemoWorld& world);
[[nodiscard]] StepResult demo_tamper(DemoWorld& world);
[[nodiscard]] StepResult demo_erasure(DemoWorld& world);
[[nodiscard]] StepResult demo_absence(DemoWorld& world);

// ---- parts of steps in files of their own

// The patient asks who saw what, and checks it: findings.
[[nodiscard]] StepResult demo_reports(DemoWorld& world);
// Emergency access under review, from its deadline on: findings.
[[nodiscard]] StepResult demo_reviews(DemoWorld& world, UnixMs due);
// Waits until the ledger has it.
[[nodiscard]] Status<Problem> demo_clearance_stands(DemoWorld& world);
// Once all ledger copies agree; `stopped_at` is where they stand.
[[nodiscard]] Status<Problem> demo_stop_clinic(DemoWorld& world);

// ---- shared by the steps

// Hands a transaction to the member's node, keeps the receipt of its outcome and answers its block;
// anything but "applied" ends the demo.
[[nodiscard]] Result<Height, Problem> demo_apply(DemoWorld& world, const std::string& member,
                                                 const Bytes& transaction,
                                                 const std::string& receipt_name);
// The same for a command that the patient signs with the key of the link and that `member` relays.
[[nodiscard]] Result<Height, Problem> demo_relay(DemoWorld& world, const std::string& member,
                                                 const v1::IdentityCommand& command,
                                                 const std::string& receipt_name);

// A claim of the story that does not hold.
[[nodiscard]] Problem demo_failed(const std::string& claim);

// Keeps a receipt in memory and in the folder receipts/.
[[nodiscard]] Status<Problem> keep_receipt(DemoWorld& world, const std::string& name, Bytes bytes);
// The receipt of a transaction's outcome, from that member's node.
[[nodiscard]] Result<verify::VerifiedOutcome, Problem> keep_outcome(DemoWorld& world,
                                                                    const std::string& member,
                                                                    const std::string& id,
                                                                    const std::string& name);

// One row of the ledger, or a whole list, as a member's node proves it, once it holds: verified
// offline, its receipt kept under `name`.
using RowsHold = std::function<Result<bool, Problem>(const std::vector<Bytes>&)>;
[[nodiscard]] Result<Bytes, Problem> proven_row(DemoWorld& world, const std::string& member,
                                                const std::string& path, const std::string& name);
[[nodiscard]] Result<std::vector<Bytes>, Problem> proven_list(DemoWorld& world,
                                                              const std::string& member,
                                                              const std::string& path,
                                                              const std::string& name,
                                                              const RowsHold& hold);
// The values of a list as the node shows them now.
[[nodiscard]] Result<std::vector<Bytes>, Problem> shown_list(DemoWorld& world,
                                                             const std::string& member,
                                                             const std::string& path);

template <typename Message>
Result<Message, Problem> row_as(const Bytes& value) {
    Message message;
    if (!proto::parse_canonical(value, message))
        return fail(demo_failed("a row of the ledger is what its table says"));
    return message;
}

// The first eight hex digits of an id and an ellipsis.
[[nodiscard]] std::string short_id(BytesView id);

}  // namespace consilium::cli
