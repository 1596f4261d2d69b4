// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/commands.hpp"
#include "cli/home.hpp"
#include "cli/output.hpp"
#include "wallet/wallet.hpp"

// The wallet's file, as `consilium wallet` reads and writes it.
namespace consilium::cli {

struct WalletOptions {
    std::string file;
    std::string passphrase_file;  // else the environment's CONSILIUM_WALLET_PASSPHRASE
};

void add_wallet_options(CLI::App& command, WalletOptions& options);

[[nodiscard]] Problem wallet_problem(const WalletOptions& options, wallet::WalletError error);
[[nodiscard]] Result<wallet::Wallet, Problem> open_wallet(const WalletOptions& options);
// Replaces the file as a whole; readable by its owner alone.
[[nodiscard]] Status<Problem> save_wallet(const WalletOptions& options,
                                          const wallet::Wallet& wallet);
// The key of a link, by the link's hexadecimal id.
[[nodiscard]] Result<const v1::WalletKey*, Problem> find_key(const wallet::Wallet& wallet,
                                                             const std::string& link);

// `wallet sign`, `wallet token` and `wallet consent`.
void add_wallet_signing(CLI::App& group, Context& context);

}  // namespace consilium::cli
