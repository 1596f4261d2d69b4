// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.hpp"
#include "node/config.hpp"
#include "node/genesis.hpp"

// What may be wrong with a node process, and how to mend it. Looks only; changes nothing.
namespace consilium::cli {

struct Finding {
    enum class Level { kGood, kWarning, kFault };
    Level level = Level::kGood;
    std::string subject;  // "hospital: member key"
    std::string text;     // what was found
    std::string mend;     // what to do, unless it is good
};

// One part each; `time` is this machine's.
void examine_keys(const node::NodeConfig& node, const node::Genesis& genesis,
                  std::vector<Finding>& findings);
// The ids of the users for whom the node's services speak: a warning when they end within 7 days.
void examine_users(const node::NodeConfig& node, UnixMs time, std::vector<Finding>& findings);
// Its key against the genesis document, and its last day: a warning for the 30 days before it.
void examine_certificate(const node::NodeConfig& node, const node::Genesis& genesis, UnixMs time,
                         std::vector<Finding>& findings);
void examine_folder(const node::NodeConfig& node, std::vector<Finding>& findings);
void examine_port(const node::NodeConfig& node, std::vector<Finding>& findings);
// Opens the ledger copy, which a running node has locked, and audits it. Returns the time of its
// newest block, where there is one that can be read.
std::optional<UnixMs> examine_ledger(const node::NodeConfig& node, Context& context,
                                     std::vector<Finding>& findings);
// Opens the outbox, which a running node has locked, and reads all of it.
void examine_outbox(const node::NodeConfig& node, std::vector<Finding>& findings);
// Opens the vault, which a running node has locked, and verifies every document.
void examine_vault(const node::NodeConfig& node, const ledger::NetworkId& network,
                   std::vector<Finding>& findings);
// `newest` is the time of the newest block that is known here.
void examine_clock(const node::Genesis& genesis, std::optional<UnixMs> newest, UnixMs time,
                   std::vector<Finding>& findings);

[[nodiscard]] inline Finding good(std::string subject, std::string text) {
    return {Finding::Level::kGood, std::move(subject), std::move(text), {}};
}
[[nodiscard]] inline Finding warning(std::string subject, std::string text, std::string mend) {
    return {Finding::Level::kWarning, std::move(subject), std::move(text), std::move(mend)};
}
[[nodiscard]] inline Finding fault(std::string subject, std::string text, std::string mend) {
    return {Finding::Level::kFault, std::move(subject), std::move(text), std::move(mend)};
}

}  // namespace consilium::cli
