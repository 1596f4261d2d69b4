// SPDX-License-Identifier: Apache-2.0
#include "cli/wallet_file.hpp"

#include "base/hex.hpp"
#include "node/member_vault.hpp"
#include "vault/files.hpp"

namespace consilium::cli {
namespace {

Result<crypto::SecretBytes, Problem> passphrase_of(const WalletOptions& options) {
    node::VaultConfig where;
    where.passphrase_file = options.passphrase_file;
    if (options.passphrase_file.empty()) where.passphrase_variable = "CONSILIUM_WALLET_PASSPHRASE";
    auto passphrase = node::vault_passphrase(where);
    if (!passphrase) {
        return fail(Problem{Exit::kUsage, passphrase.error().message,
                            "Give --passphrase-file, or set CONSILIUM_WALLET_PASSPHRASE."});
    }
    return std::move(passphrase).value();
}

}  // namespace

void add_wallet_options(CLI::App& command, WalletOptions& options) {
    command.add_option("wallet", options.file, "The wallet's file")->required();
    command.add_option("--passphrase-file", options.passphrase_file,
                       "A file (mode 0600) with its passphrase; else "
                       "$CONSILIUM_WALLET_PASSPHRASE");
}

Problem wallet_problem(const WalletOptions& options, wallet::WalletError error) {
    using E = wallet::WalletError;
    const auto& file = options.file;
    switch (error) {
        case E::kNoWallet:
            return {Exit::kUsage, file + " is no wallet", {}};
        case E::kNewer:
            return {Exit::kUsage, file + " is a wallet of a newer kind", "Use a newer consilium."};
        case E::kDamaged:
            return {Exit::kUsage, file + " is damaged", "Take the copy that was kept of it."};
        case E::kWrongPassphrase:
            return {Exit::kRefused, "the passphrase does not open " + file, {}};
        case E::kPassphrase:
            return {Exit::kUsage, "the passphrase is empty or too long", {}};
        case E::kMemory:
            return {Exit::kInternal, "there is not enough memory to try the passphrase", {}};
        case E::kFull:
            return {Exit::kRefused, file + " has handed out all the keys it can", {}};
        case E::kNoKey:
            return {Exit::kRefused, "no key waits for this card, or several do",
                    "'consilium wallet list' shows them; --key names one."};
        case E::kTaken:
            break;
    }
    return {Exit::kRefused, "the key has a card already, or the link a key",
            "'consilium wallet list' shows them."};
}

Result<wallet::Wallet, Problem> open_wallet(const WalletOptions& options) {
    const auto bytes = read_file(options.file, wallet::kWalletBytesMax);
    if (!bytes) return fail(bytes.error());
    const auto passphrase = passphrase_of(options);
    if (!passphrase) return fail(passphrase.error());
    auto wallet = wallet::Wallet::open(*bytes, passphrase->view());
    if (!wallet) return fail(wallet_problem(options, wallet.error()));
    return std::move(wallet).value();
}

Status<Problem> save_wallet(const WalletOptions& options, const wallet::Wallet& wallet) {
    const auto passphrase = passphrase_of(options);
    if (!passphrase) return fail(passphrase.error());
    const auto bytes = wallet.seal(passphrase->view(), {});
    if (!bytes) return fail(wallet_problem(options, bytes.error()));
    if (auto saved = vault::replace_file(vault::system_files(),
                                         std::filesystem::absolute(options.file), *bytes);
        !saved) {
        return fail(Problem{Exit::kDisk, options.file + " cannot be written",
                            "Is the disk full or read-only?"});
    }
    return Done{};
}

Result<const v1::WalletKey*, Problem> find_key(const wallet::Wallet& wallet,
                                               const std::string& link) {
    const auto bytes = from_hex(link);
    ledger::LinkId id;
    if (!bytes || !assign(id, *bytes))
        return fail(Problem{Exit::kUsage, "a link has 32 hex digits", {}});
    const auto* key = wallet.find(id);
    if (key == nullptr) {
        return fail(Problem{Exit::kRefused, "the wallet has no card of that link",
                            "'consilium wallet list' shows those it has."});
    }
    return key;
}

}  // namespace consilium::cli
