// SPDX-License-Identifier: Apache-2.0
#include "node/member_vault.hpp"

#include <cstdlib>

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "node/key_file.hpp"
#include "node/metrics.hpp"
#include "node/text_file.hpp"

namespace consilium::node {
namespace {

using Kind = ProcessError::Kind;
using vault::KeyStoreError;
using vault::VaultError;

constexpr std::size_t kPassphraseRandomBytes = 24;

ProcessError problem(Kind kind, std::string message, std::string hint = {}) {
    return {kind, std::move(message), std::move(hint)};
}

ProcessError key_store_problem(const NodeConfig& node, KeyStoreError error,
                               const std::string& which) {
    switch (error) {
        case KeyStoreError::kWrongPassphrase:
            return problem(Kind::kConfig, which + " opens under another passphrase",
                           "Correct passphrase_file or passphrase_variable under [node.vault] of " +
                               node.member + ".");
        case KeyStoreError::kOpenToOthers:
            return problem(Kind::kConfig,
                           "others than its owner may read the key store of " + which,
                           "Run: chmod 600 " + (vault_folder(node) / "keystore").string() +
                               ". If others had access, run 'consilium vault rotate'.");
        case KeyStoreError::kPassphrase:
            return problem(Kind::kConfig,
                           "the passphrase of " + which + " is empty or longer than 1,024 bytes");
        case KeyStoreError::kMissing:
            break;
        default:
            return problem(Kind::kDisk,
                           "the key store of " + which + ": " + std::string(vault::describe(error)),
                           "Restore the vault from a backup: consilium vault restore.");
    }
    return problem(Kind::kDisk, which + " is not there",
                   "Make it: consilium vault create --member " + node.member +
                       "; or restore it from a backup: consilium vault restore.");
}

}  // namespace

bool has_vault(const NodeConfig& node) {
    return !node.vault.passphrase_file.empty() || !node.vault.passphrase_variable.empty();
}

std::filesystem::path vault_folder(const NodeConfig& node) {
    return node.vault.folder.empty() ? std::filesystem::path(node.data) / "vault"
                                     : std::filesystem::path(node.vault.folder);
}

ProcessError vault_problem(const NodeConfig& node, const vault::OpenError& error) {
    const std::string which = "the vault of " + node.member + " in " + vault_folder(node).string();
    if (error.key_store) return key_store_problem(node, *error.key_store, which);
    if (error.error == VaultError::kNone)
        return key_store_problem(node, KeyStoreError::kMissing, which);
    const std::string message = which + " " + std::string(vault::describe(error.error));
    if (error.error == VaultError::kDamaged)
        return problem(Kind::kDisk, message, "Restore it from a backup: consilium vault restore.");
    if (error.error == VaultError::kExists)
        return problem(Kind::kDisk, which + " exists", "A vault is never replaced; move it away.");
    return problem(Kind::kDisk, message);
}

Result<crypto::SecretBytes, ProcessError> vault_passphrase(const VaultConfig& config) {
    if (!config.passphrase_variable.empty()) {
        const char* value = std::getenv(config.passphrase_variable.c_str());
        if (value == nullptr) {
            return fail(problem(Kind::kConfig, "the environment variable " +
                                                   config.passphrase_variable +
                                                   " with the vault's passphrase is not set"));
        }
        return crypto::SecretBytes(BytesView(value));
    }
    const std::string& file = config.passphrase_file;
    if (auto checked = check_private(file, "vault passphrase"); !checked)
        return fail(problem(Kind::kConfig, checked.error()));
    auto text = read_text_file(file, vault::kPassphraseBytesMax + 2);
    if (!text) return fail(problem(Kind::kConfig, file + " " + text.error()));
    BytesView line = *text;
    if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    crypto::SecretBytes passphrase(line);
    crypto::wipe(*text);
    return passphrase;
}

Status<ProcessError> make_passphrase_file(const std::filesystem::path& file) {
    Bytes random = crypto::random_bytes(kPassphraseRandomBytes);
    std::string line = to_hex(random) + "\n";
    const auto written = write_private_file(file, line, false);
    crypto::wipe(random);
    crypto::wipe(line);
    if (!written) return fail(problem(Kind::kDisk, written.error()));
    return Done{};
}

Status<ProcessError> create_vault(const NodeConfig& node) {
    const auto passphrase = vault_passphrase(node.vault);
    if (!passphrase) return fail(passphrase.error());
    const std::filesystem::path folder = vault_folder(node);
    std::error_code error;
    if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), error);
    if (error) {
        return fail(problem(
            Kind::kDisk, "cannot make " + folder.parent_path().string() + ": " + error.message()));
    }
    if (auto made = vault::Vault::create(folder, passphrase->view(), {}); !made)
        return fail(vault_problem(node, made.error()));
    return Done{};
}

Result<std::unique_ptr<vault::Vault>, ProcessError> open_vault(const NodeConfig& node,
                                                               const ledger::NetworkId& network) {
    const auto passphrase = vault_passphrase(node.vault);
    if (!passphrase) return fail(passphrase.error());
    auto opened = vault::Vault::open(vault_folder(node), network, passphrase->view());
    if (!opened) return fail(vault_problem(node, opened.error()));
    return std::move(opened).value();
}

void export_vault_metrics(telemetry::Metrics& to, vault::Vault& vault) {
    std::vector<double> bounds;
    for (std::size_t i = 6; i < 24; ++i)  // 64 us to 8 s
        bounds.push_back(static_cast<double>(DurationHistogram::bucket_bound_us(i)) * 1e-6);
    const auto syncs = to.histogram("consilium_vault_sync_seconds",
                                    "Making a group of writes durable", std::move(bounds));
    vault.on_sync([syncs](std::chrono::microseconds us) {
        syncs.observe(static_cast<double>(us.count()) * 1e-6);
    });
    const auto documents =
        to.gauge("consilium_vault_documents", "Document versions that can be read");
    const auto bytes = to.gauge("consilium_vault_document_bytes", "Bytes of those documents");
    const auto erased = to.gauge("consilium_vault_erased", "Document versions that were erased");
    const auto rows = to.gauge("consilium_vault_rows", "Private rows of services, about");
    const auto index = to.gauge("consilium_vault_index_entries", "Index entries, about");
    const auto database =
        to.gauge("consilium_vault_database_bytes", "Bytes of the vault's database on disk");
    to.before_render([=, &vault] {
        const vault::Totals totals = vault.totals();
        const vault::Vault::Figures figures = vault.figures();
        documents.set(static_cast<std::int64_t>(totals.documents));
        bytes.set(static_cast<std::int64_t>(totals.bytes));
        erased.set(static_cast<std::int64_t>(totals.erased));
        rows.set(static_cast<std::int64_t>(figures.rows));
        index.set(static_cast<std::int64_t>(figures.index_entries));
        database.set(static_cast<std::int64_t>(figures.database_bytes));
    });
}

}  // namespace consilium::node
