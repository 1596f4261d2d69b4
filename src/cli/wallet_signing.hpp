// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "cli/node_client.hpp"
#include "cli/output.hpp"
#include "wallet/wallet.hpp"

namespace consilium::cli {

// Adds the signature of a link's key to a transaction that `member` relays. A wallet signs nothing
// but consents, revocations and the closing of that one link.
[[nodiscard]] Result<Bytes, Problem> sign_for_link(const wallet::Wallet& wallet,
                                                   const v1::WalletKey& key,
                                                   const Bytes& transaction,
                                                   const std::string& member);

struct PatientAccess {
    std::string token;
    std::string json;  // all that the node answered
};

// Proves a link's key to the node of either end of the link, which gives an access token for what
// is under it (docs/formats/wallet.md). A challenge that would serve something else is not signed.
[[nodiscard]] Result<PatientAccess, Problem> ask_patient_token(const wallet::Wallet& wallet,
                                                               const v1::WalletKey& key,
                                                               NodeClient& node);

}  // namespace consilium::cli
