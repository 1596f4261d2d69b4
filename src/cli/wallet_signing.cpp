// SPDX-License-Identifier: Apache-2.0
#include "cli/wallet_signing.hpp"

#include "consilium/v1/charts.pb.h"
#include "consilium/v1/identity.pb.h"
#include "consilium/v1/ledger.pb.h"
#include "ledger/hashes.hpp"
#include "proto/canonical.hpp"

namespace consilium::cli {
namespace {

// The links that a command speaks of, where a patient may sign it at all.
std::optional<Bytes> link_of(const v1::Command& command) {
    if (command.contract() == static_cast<std::uint32_t>(ledger::ContractId::kIdentity)) {
        v1::IdentityCommand identity;
        if (!proto::parse_canonical(command.payload(), identity)) return std::nullopt;
        if (identity.has_grant_consent()) return identity.grant_consent().link_id();
        if (identity.has_revoke_consent()) return identity.revoke_consent().link_id();
    }
    if (command.contract() == static_cast<std::uint32_t>(ledger::ContractId::kCharts)) {
        v1::ChartsCommand charts;
        if (!proto::parse_canonical(command.payload(), charts)) return std::nullopt;
        if (charts.has_close_link()) return charts.close_link().link_id();
    }
    return std::nullopt;
}

}  // namespace

Result<Bytes, Problem> sign_for_link(const wallet::Wallet& wallet, const v1::WalletKey& key,
                                     const Bytes& bytes, const std::string& member) {
    v1::Transaction transaction;
    v1::Body body;
    if (!proto::parse_canonical(bytes, transaction) ||
        !proto::parse_canonical(transaction.body(), body) || body.commands().empty()) {
        return fail(Problem{Exit::kUsage, "this is no transaction", {}});
    }
    for (const auto& command : body.commands()) {
        if (link_of(command) != key.link_id()) {
            return fail(Problem{Exit::kRefused,
                                "the transaction does more than to consent, revoke or close this "
                                "one link; it was not signed",
                                {}});
        }
    }
    if (transaction.personal_signatures_size() != 0) {
        return fail(Problem{Exit::kRefused, "the transaction is signed already", {}});
    }
    ledger::NetworkId network;
    (void)assign(network, key.network_id());
    const auto signer = wallet.key(key.number());
    auto& signature = *transaction.add_personal_signatures();
    signature.set_algorithm(v1::ALGORITHM_ED25519);
    signature.set_public_key(signer.public_key());
    signature.set_signature(
        signer.sign(ledger::personal_digest(network, member, transaction.body()).view()));
    return proto::encode(transaction);
}

}  // namespace consilium::cli
