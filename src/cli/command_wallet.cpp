// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "cli/wallet_file.hpp"
#include "node/genesis.hpp"
#include "node/json_text.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

struct Options {
    WalletOptions wallet;
    std::string genesis;
    std::string custodian;
    std::string counterparty;
    std::string card;
    std::string code;
    std::uint32_t key = 0;  // 0: whichever waits for the card
    std::string link;
};

void create(const Options& options, Context& context) {
    const auto& path = options.wallet.file;
    std::error_code error;
    if (std::filesystem::exists(path, error)) {
        return context.fail(Exit::kRefused, path + " exists; a wallet is never replaced",
                            "Choose another name.");
    }
    if (auto saved = save_wallet(options.wallet, wallet::Wallet::create()); !saved)
        return context.fail(saved.error());
    if (context.json) {
        context.out << node::pretty_json(json::object{{"wallet", path}}) << '\n';
        return;
    }
    context.out << "Made " << path
                << ". Keep a copy of it, and its passphrase elsewhere: without both its keys are "
                   "lost.\n";
}

void hand_out(const Options& options, Context& context) {
    for (const auto& member : {options.custodian, options.counterparty}) {
        if (!ledger::is_member_id(member))
            return context.fail(Exit::kUsage, "'" + member + "' is not a member id");
    }
    const auto genesis = node::load_genesis(options.genesis);
    if (!genesis) return context.fail(Exit::kUsage, genesis.error());
    auto wallet = open_wallet(options.wallet);
    if (!wallet) return context.fail(wallet.error());
    const auto number =
        wallet->hand_out(genesis->network_id, options.custodian, options.counterparty);
    if (!number) return context.fail(wallet_problem(options.wallet, number.error()));
    if (auto saved = save_wallet(options.wallet, *wallet); !saved)
        return context.fail(saved.error());
    const std::string key = to_hex(wallet->key(*number).public_key());
    if (context.json) {
        context.out << node::pretty_json(json::object{{"key", *number},
                                                      {"algorithm", "ed25519"},
                                                      {"public_key", key},
                                                      {"custodian", options.custodian},
                                                      {"counterparty", options.counterparty}})
                    << '\n';
        return;
    }
    Facts facts;
    facts.add("key", std::to_string(*number));
    facts.add("public key", key);
    facts.print(context);
    context.out << "\nGive the public key to " << options.custodian << ", which opens the link to "
                << options.counterparty << " with it and gives a card.\n";
}

void list(const Options& options, Context& context) {
    const auto wallet = open_wallet(options.wallet);
    if (!wallet) return context.fail(wallet.error());
    if (context.json) {
        json::array out;
        for (const auto& key : wallet->keys()) {
            out.push_back(
                json::object{{"key", key.number()},
                             {"public_key", to_hex(wallet->key(key.number()).public_key())},
                             {"custodian", key.custodian()},
                             {"counterparty", key.counterparty()},
                             {"link", to_hex(key.link_id())},
                             {"patient", key.patient()}});
        }
        context.out << node::pretty_json(json::object{{"keys", std::move(out)}}) << '\n';
        return;
    }
    Table table({{"Key", true}, {"Custodian"}, {"Counterparty"}, {"Link"}});
    for (const auto& key : wallet->keys()) {
        table.add({std::to_string(key.number()), key.custodian(), key.counterparty(),
                   key.link_id().empty() ? "waits for its card" : to_hex(key.link_id())});
    }
    table.print(context);
}

void add_card(const Options& options, Context& context) {
    std::optional<wallet::Card> card;
    if (!options.card.empty()) {
        const auto text = read_file(options.card, wallet::kCardBytesMax);
        if (!text) return context.fail(text.error());
        card = wallet::read_card(*text);
    } else {
        card = wallet::read_card_code(options.code);
    }
    if (!card) {
        return context.fail(Exit::kUsage, "this is no chart card",
                            "Ask the custodian for it again; every letter counts.");
    }
    auto wallet = open_wallet(options.wallet);
    if (!wallet) return context.fail(wallet.error());
    const auto number = wallet->add_card(
        *card, options.key == 0 ? std::nullopt : std::optional<std::uint32_t>(options.key));
    if (!number) return context.fail(wallet_problem(options.wallet, number.error()));
    if (auto saved = save_wallet(options.wallet, *wallet); !saved)
        return context.fail(saved.error());
    if (context.json) {
        context.out << node::pretty_json(
                           json::object{{"key", *number}, {"link", to_hex(card->link.view())}})
                    << '\n';
        return;
    }
    context.out << "Key " << *number << " is the key of link " << to_hex(card->link.view())
                << ".\n";
}

void show_card(const Options& options, Context& context) {
    const auto wallet = open_wallet(options.wallet);
    if (!wallet) return context.fail(wallet.error());
    const auto key = find_key(*wallet, options.link);
    if (!key) return context.fail(key.error());
    wallet::Card card;
    (void)assign(card.link, (*key)->link_id());
    card.custodian = (*key)->custodian();
    card.slot_salt = (*key)->slot_salt();
    card.patient = (*key)->patient();
    // What is printed without --json is for paper; a card's file is the JSON.
    context.out << (context.json ? wallet::write_card(card) : wallet::card_code(card)) << '\n';
}

}  // namespace

void add_wallet(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* group = add_group(app, "wallet", "Keep a patient's keys and chart cards");
    const auto add = [&](CLI::App& parent, const char* name, const char* about,
                         void (*run)(const Options&, Context&)) {
        CLI::App* command = add_command(parent, context, name, about);
        add_wallet_options(*command, options->wallet);
        command->callback([options, run, &context] { run(*options, context); });
        return command;
    };
    add(*group, "create", "Make a wallet", create);
    CLI::App* key = add(*group, "key",
                        "Hand out the next key, for a link that a custodian will open", hand_out);
    key->add_option("--custodian", options->custodian, "Who keeps the chart")->required();
    key->add_option("--counterparty", options->counterparty, "Who is to see it")->required();
    key->add_option("--genesis", options->genesis, "The network's genesis document")->required();
    add(*group, "list", "List keys and their links", list);
    CLI::App* cards = add_group(*group, "card", "Chart cards");
    CLI::App* added = add(*cards, "add", "Keep the card of a link", add_card);
    added->add_option("--key", options->key, "The number of the key that the link was opened with");
    auto* source = added->add_option_group("source");
    source->add_option("--file", options->card, "The card's file");
    source->add_option("--code", options->code, "The code on its paper");
    source->require_option(1);
    CLI::App* shown =
        add(*cards, "show", "Print a card as a code; with --json as a file", show_card);
    shown->add_option("--link", options->link, "The link, 32 hex digits")->required();
    add_wallet_signing(*group, context);
}

}  // namespace consilium::cli
