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

void token(const Options& options, Context& context) {
    const auto wallet = open_wallet(options.wallet);
    if (!wallet) return context.fail(wallet.error());
    const auto key = find_key(*wallet, options.link);
    if (!key) return context.fail(key.error());
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    const auto answer = ask_patient_token(*wallet, **key, to->node);
    if (!answer) return context.fail(answer.error());
    context.out << (context.json ? answer->json : answer->token) << '\n';
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
