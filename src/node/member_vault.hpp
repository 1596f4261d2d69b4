// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.hpp"
#include "crypto/secret.hpp"
#include "ledger/ids.hpp"
#include "node/config.hpp"
#include "node/process.hpp"
#include "telemetry/metrics.hpp"
#include "vault/vault.hpp"

// A member's vault as the configuration names it. Errors are sentences for the operator; none shows
// a byte of a passphrase.
namespace consilium::node {

[[nodiscard]] bool has_vault(const NodeConfig& node);
[[nodiscard]] std::filesystem::path vault_folder(const NodeConfig& node);

// From the file, without the end of its line, or from the environment.
[[nodiscard]] Result<crypto::SecretBytes, ProcessError> vault_passphrase(const VaultConfig& config);
// A file of mode 0600 with a random passphrase; one that exists is not replaced.
[[nodiscard]] Status<ProcessError> make_passphrase_file(const std::filesystem::path& file);

// The vault with its passphrase as configured; its folder must not exist.
[[nodiscard]] Status<ProcessError> create_vault(const NodeConfig& node);
[[nodiscard]] Result<std::unique_ptr<vault::Vault>, ProcessError> open_vault(
    const NodeConfig& node, const ledger::NetworkId& network);

// What went wrong with the vault of that node, and how to mend it.
[[nodiscard]] ProcessError vault_problem(const NodeConfig& node, const vault::OpenError& error);

// Shows what the vault holds and how long its syncs take: consilium_vault_documents and so on.
// Called once for a vault, before it is used; the vault must outlive the last rendering.
void export_vault_metrics(telemetry::Metrics& to, vault::Vault& vault);

}  // namespace consilium::node
