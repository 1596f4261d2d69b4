// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "cli/output.hpp"
#include "wallet/wallet.hpp"

namespace consilium::cli {

// Adds the signature of a link's key to a transaction that `member` relays. A wallet signs nothing
// but consents, revocations and the closing of that one link.
[[nodiscard]] Result<Bytes, Problem> sign_for_link(const wallet::Wallet& wallet,
                                                   const v1::WalletKey& key,
                                                   const Bytes& transaction,
                                                   const std::string& member);

}  // namespace consilium::cli
