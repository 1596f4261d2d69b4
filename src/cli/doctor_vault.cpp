// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor.hpp"
#include "node/member_vault.hpp"

// The examination of a vault: its passphrase opens it, and every document is what was stored.
namespace consilium::cli {

void examine_vault(const node::NodeConfig& node, const ledger::NetworkId& network,
                   std::vector<Finding>& findings) {
    const std::string subject = node.member + ": vault";
    if (!node::has_vault(node)) {
        findings.push_back(good(subject, "none is configured"));
        return;
    }
    const auto told = [&](const node::ProcessError& error) {
        findings.push_back(fault(subject, error.message,
                                 error.hint.empty()
                                     ? "Mend what the disk reports, or restore the "
                                       "vault from a backup: consilium vault restore."
                                     : error.hint));
    };
    const auto passphrase = node::vault_passphrase(node.vault);
    if (!passphrase) {
        findings.push_back(fault(subject, passphrase.error().message,
                                 "Restore it: without it nobody opens the vault."));
        return;
    }
    const auto opened = vault::Vault::open(node::vault_folder(node), network, passphrase->view());
    if (!opened && opened.error().error == vault::VaultError::kLocked) {
        findings.push_back(warning(subject, "not verified: another process uses it",
                                   "Stop the node to have it verified."));
        return;
    }
    if (!opened) return told(node::vault_problem(node, opened.error()));
    const auto verified = (*opened)->verify();
    if (!verified) return told(node::vault_problem(node, {verified.error(), std::nullopt}));
    const std::uint64_t counted_documents = (*opened)->totals().documents;
    if (*verified != counted_documents) {
        findings.push_back(fault(subject,
                                 grouped(*verified) + " of " +
                                     counted(counted_documents, "document", "documents") +
                                     " can be read",
                                 "Restore the vault from a backup: consilium vault restore."));
        return;
    }
    findings.push_back(good(subject, counted(*verified, "document", "documents") +
                                         ", each opens and is the one that was committed to"));
}

}  // namespace consilium::cli
