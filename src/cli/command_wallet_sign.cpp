// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "cli/compose.hpp"
#include "cli/consent_terms.hpp"
#include "cli/submission.hpp"
#include "cli/wallet_file.hpp"
#include "cli/wallet_signing.hpp"
#include "node/genesis.hpp"
#include "node/json_text.hpp"
#include "proto/canonical.hpp"
#include "wallet/challenge.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

struct Options {
    WalletOptions wallet;
    NodeOptions node;
    std::string link;
    std::string transaction;
    std::string out;
    std::string relay;
    std::string receipt;
    ConsentTerms terms;
    std::uint32_t number = 0;
};

void sign_file(const Options& options, Context& context) {
    if (!ledger::is_member_id(options.relay))
        return context.fail(Exit::kUsage, "'" + options.relay + "' is not a member id");
    const auto bytes = read_file(options.transaction, limits::kTransactionBytesMax);
    if (!bytes) return context.fail(bytes.error());
    const auto wallet = open_wallet(options.wallet);
    if (!wallet) return context.fail(wallet.error());
    const auto key = find_key(*wallet, options.link);
    if (!key) return context.fail(key.error());
    const auto signed_bytes = sign_for_link(*wallet, **key, *bytes, options.relay);
    if (!signed_bytes) return context.fail(signed_bytes.error());
    if (auto written = write_file(options.out, *signed_bytes); !written)
        return context.fail(written.error());
    if (context.json) {
        context.out << node::pretty_json(json::object{{"transaction", options.out}}) << '\n';
    } else {
        context.out << "Signed. 'consilium submit --raw " << options.out
                    << "' hands it to the node of " << options.relay << ".\n";
    }
}

// Composes by the member's clerk of today, signs, submits.
void give(const Options& options, const v1::IdentityCommand& command, const wallet::Wallet& wallet,
          const v1::WalletKey& key, Connected& to, Context& context) {
    const auto transaction = compose_as(*to.member, v1::ROLE_CLERK, {command_of(command)});
    if (!transaction) return context.fail(transaction.error());
    const auto signed_bytes = sign_for_link(wallet, key, *transaction, to.member->id);
    if (!signed_bytes) return context.fail(signed_bytes.error());
    submit_and_print(to.node, *signed_bytes, options.receipt, context);
}

struct Ready {
    wallet::Wallet wallet;
    const v1::WalletKey* key = nullptr;
    Connected to;
};

Result<Ready, Problem> get_ready(const Options& options) {
    auto wallet = open_wallet(options.wallet);
    if (!wallet) return fail(wallet.error());
    auto to = connect(options.node);
    if (!to) return fail(to.error());
    if (!to->member) {
        return fail(Problem{Exit::kUsage, "this needs the folder of the member that relays it",
                            "Give --home and --member."});
    }
    Ready ready{std::move(wallet).value(), nullptr, std::move(to).value()};
    const auto key = find_key(ready.wallet, options.link);
    if (!key) return fail(key.error());
    ready.key = *key;
    if (ready.key->network_id() != ready.to.member->genesis.network_id.view())
        return fail(Problem{Exit::kRefused, "the link is of another network", {}});
    return ready;
}

void consent(const Options& options, Context& context) {
    auto ready = get_ready(options);
    if (!ready) return context.fail(ready.error());
    const auto command = grant_command(options.terms, ready->key->link_id(), ready->to.node);
    if (!command) return context.fail(command.error());
    give(options, *command, ready->wallet, *ready->key, ready->to, context);
}

void revoke(const Options& options, Context& context) {
    auto ready = get_ready(options);
    if (!ready) return context.fail(ready.error());
    const auto command = revoke_command(ready->key->link_id(), options.number, ready->to.node);
    if (!command) return context.fail(command.error());
    give(options, *command, ready->wallet, *ready->key, ready->to, context);
}

std::string text_of(const std::string& body, const char* name) {
    boost::system::error_code error;
    const json::value parsed = json::parse(body, error);
    const auto* object = error ? nullptr : parsed.if_object();
    const auto* value = object == nullptr ? nullptr : object->if_contains(name);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

void token(const Options& options, Context& context) {
    const auto wallet = open_wallet(options.wallet);
    if (!wallet) return context.fail(wallet.error());
    const auto key = find_key(*wallet, options.link);
    if (!key) return context.fail(key.error());
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    const auto asked = to->node.post_json("/v1/patient/challenge",
                                          R"({"link":")" + to_hex((*key)->link_id()) + "\"}");
    if (!asked) return context.fail(asked.error());
    const auto bytes = from_hex(text_of(*asked, "challenge"));
    v1::IssuedChallenge issued;
    const auto challenge = bytes && proto::parse_canonical(*bytes, issued)
                               ? wallet::read_challenge(issued.challenge())
                               : std::nullopt;
    if (!challenge) return context.fail(Exit::kInternal, "the node's answer is no challenge");
    ledger::NetworkId network;
    (void)assign(network, (*key)->network_id());
    const bool ours = challenge->member_id() == (*key)->custodian() ||
                      challenge->member_id() == (*key)->counterparty();
    const auto wrong =
        wallet::check_challenge(*challenge, {network, challenge->member_id(), now()});
    if (wrong || !ours || challenge->link_id() != (*key)->link_id()) {
        return context.fail(Exit::kRefused,
                            "the node asks for a signature that would serve something else; "
                            "nothing was signed",
                            "Are this machine's clock and the node's address right?");
    }
    const auto signature =
        wallet->key((*key)->number()).sign(wallet::challenge_digest(issued.challenge()).view());
    const auto answer = to->node.post_json(
        "/v1/patient/token",
        R"({"challenge":")" + to_hex(*bytes) + R"(","signature":")" + to_hex(signature) + "\"}");
    if (!answer) return context.fail(answer.error());
    context.out << (context.json ? *answer : text_of(*answer, "access_token")) << '\n';
}

}  // namespace

void add_wallet_signing(CLI::App& group, Context& context) {
    auto options = std::make_shared<Options>();
    const auto add = [&](const char* name, const char* about,
                         void (*run)(const Options&, Context&)) {
        CLI::App* command = add_command(group, context, name, about);
        add_wallet_options(*command, options->wallet);
        command->add_option("--link", options->link, "The link, 32 hex digits")->required();
        command->callback([options, run, &context] { run(*options, context); });
        return command;
    };
    CLI::App* signing = add("sign", "Sign a transaction that concerns one link", sign_file);
    signing->add_option("--transaction", options->transaction, "Its file")->required();
    signing->add_option("--relay", options->relay, "The member whose node submits it")->required();
    signing->add_option("--out", options->out, "Where the signed one goes")->required();
    CLI::App* given = add("consent", "Consent, or object, through a member's node", consent);
    add_consent_terms(*given, options->terms);
    CLI::App* revoked = add("revoke", "Revoke a consent through a member's node", revoke);
    revoked->add_option("--number", options->number, "The consent's number under the link")
        ->required();
    for (CLI::App* command : {given, revoked}) {
        command->add_option("--receipt", options->receipt, "Fetch the receipt too, into this file");
        add_node_options(*command, options->node);
    }
    CLI::App* tokens = add("token", "Get an access token from a node of the link's", token);
    add_node_options(*tokens, options->node);
}

}  // namespace consilium::cli
