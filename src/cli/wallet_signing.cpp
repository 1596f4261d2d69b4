// SPDX-License-Identifier: Apache-2.0
#include "cli/wallet_signing.hpp"

#include "base/hex.hpp"
#include "cli/home.hpp"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/identity.pb.h"
#include "consilium/v1/ledger.pb.h"
#include "formats/json/parse.hpp"
#include "ledger/hashes.hpp"
#include "proto/canonical.hpp"
#include "wallet/challenge.hpp"

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

constexpr std::size_t kAnswerBytesMax = 64U * 1024U;

std::string text_of(const std::string& answer, std::string_view name) {
    const auto parsed = formats::json::parse(answer, kAnswerBytesMax);
    const auto* value = parsed ? parsed->root().find(name) : nullptr;
    return value != nullptr && value->is_string() ? std::string(value->string()) : std::string();
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

Result<PatientAccess, Problem> ask_patient_token(const wallet::Wallet& wallet,
                                                 const v1::WalletKey& key, NodeClient& node) {
    const auto asked =
        node.post_json("/v1/patient/challenge", R"({"link":")" + to_hex(key.link_id()) + "\"}");
    if (!asked) return fail(asked.error());
    const auto bytes = from_hex(text_of(*asked, "challenge"));
    v1::IssuedChallenge issued;
    const auto challenge = bytes && proto::parse_canonical(*bytes, issued)
                               ? wallet::read_challenge(issued.challenge())
                               : std::nullopt;
    if (!challenge) return fail(Problem{Exit::kInternal, "the node's answer is no challenge", {}});
    ledger::NetworkId network;
    (void)assign(network, key.network_id());
    const bool ours =
        challenge->member_id() == key.custodian() || challenge->member_id() == key.counterparty();
    const auto wrong =
        wallet::check_challenge(*challenge, {network, challenge->member_id(), now()});
    if (wrong || !ours || challenge->link_id() != key.link_id()) {
        return fail(Problem{Exit::kRefused,
                            "the node asks for a signature that would serve something else; "
                            "nothing was signed",
                            "Are this machine's clock and the node's address right?"});
    }
    const auto signature =
        wallet.key(key.number()).sign(wallet::challenge_digest(issued.challenge()).view());
    auto answer =
        node.post_json("/v1/patient/token", R"({"challenge":")" + to_hex(*bytes) +
                                                R"(","signature":")" + to_hex(signature) + "\"}");
    if (!answer) return fail(answer.error());
    std::string token = text_of(*answer, "access_token");
    return PatientAccess{std::move(token), std::move(answer).value()};
}

}  // namespace consilium::cli
