// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "node/json_text.hpp"
#include "wallet/card.hpp"

// `consilium chart card`: chart cards between a custodian, the patient and another member.
namespace consilium::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kCardScope = "user/ChartCard.cr";

struct Options {
    NodeOptions node;
    std::string patient;
    std::string counterparty;
    std::string algorithm = "ed25519";
    std::string public_key;
    std::string out;
    std::string file;
    std::string code;
    bool replace = false;
};

void print_card(const wallet::Card& card, Context& context) {
    if (context.json) {
        context.out << wallet::write_card(card) << '\n';
        return;
    }
    Facts facts;
    facts.add("custodian", card.custodian);
    facts.add("link", to_hex(card.link.view()));
    facts.add("patient", card.patient);
    facts.add("code", wallet::card_code(card));
    facts.print(context);
}

void issue(const Options& options, Context& context) {
    auto to = connect(options.node, kCardScope);
    if (!to) return context.fail(to.error());
    const auto answer = to->node.post_json(
        "/v1/cards/issued", json::serialize(json::object{{"algorithm", options.algorithm},
                                                         {"counterparty", options.counterparty},
                                                         {"patient", options.patient},
                                                         {"public_key", options.public_key}}));
    if (!answer) return context.fail(answer.error());
    const auto card = wallet::read_card(*answer);
    if (!card) return context.fail(Exit::kInternal, "the node's answer is no chart card");
    if (!options.out.empty()) {
        if (auto written = write_file(options.out, *answer + "\n"); !written)
            return context.fail(written.error());
    }
    print_card(*card, context);
}

void keep(const Options& options, Context& context) {
    std::optional<wallet::Card> card;
    if (!options.file.empty()) {
        const auto text = read_file(options.file, wallet::kCardBytesMax);
        if (!text) return context.fail(text.error());
        card = wallet::read_card(*text);
    } else {
        card = wallet::read_card_code(options.code);
    }
    if (!card) {
        return context.fail(Exit::kUsage, "this is no chart card",
                            "Ask for it again; every letter counts.");
    }
    auto to = connect(options.node, kCardScope);
    if (!to) return context.fail(to.error());
    boost::system::error_code error;
    json::value body = json::parse(wallet::write_card(*card), error);
    if (error || !body.is_object())
        return context.fail(Exit::kInternal, "the card cannot be written");
    if (options.replace) body.get_object()["replace"] = true;
    const auto answer = to->node.post_json("/v1/cards", json::serialize(body));
    if (!answer) return context.fail(answer.error());
    print_card(*card, context);
}

void list(const Options& options, Context& context) {
    auto to = connect(options.node, kCardScope);
    if (!to) return context.fail(to.error());
    const auto answer = to->node.json("/v1/cards");
    if (!answer) return context.fail(answer.error());
    boost::system::error_code error;
    const json::value parsed = json::parse(*answer, error);
    const auto* items =
        error || !parsed.is_object() ? nullptr : parsed.get_object().if_contains("items");
    if (items == nullptr || !items->is_array())
        return context.fail(Exit::kInternal, "the node's answer is no list of cards");
    if (context.json) {
        context.out << node::pretty_json(parsed) << '\n';
        return;
    }
    Table table({{"Custodian"}, {"Patient"}, {"Link"}});
    for (const auto& item : items->get_array()) {
        const auto card = wallet::read_card(json::serialize(item));
        if (card) table.add({card->custodian, card->patient, to_hex(card->link.view())});
    }
    table.print(context);
}

}  // namespace

void add_chart(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* chart = add_group(app, "chart", "Charts and their cards");
    CLI::App* group = add_group(*chart, "card", "Give out, keep and list chart cards");
    const auto add = [&](const char* name, const char* about,
                         void (*run)(const Options&, Context&)) {
        CLI::App* command = add_command(*group, context, name, about);
        add_node_options(*command, options->node);
        command->callback([options, run, &context] { run(*options, context); });
        return command;
    };
    CLI::App* issued =
        add("issue", "Open a link of a patient's chart to another member, and give out its card",
            issue);
    issued->add_option("--patient", options->patient, "The FHIR id of the Patient")->required();
    issued->add_option("--counterparty", options->counterparty, "Who is to see the chart")
        ->required();
    issued
        ->add_option("--public-key", options->public_key,
                     "The patient's key for this link, as 'consilium wallet key' hands it out")
        ->required();
    issued->add_option("--algorithm", options->algorithm, "Of the key")
        ->check(CLI::IsMember({"ed25519", "p256"}))
        ->capture_default_str();
    issued->add_option("--out", options->out, "Write the card into this file, too");
    CLI::App* kept =
        add("keep", "Keep a card that was shown: its patient can then be asked for", keep);
    auto* source = kept->add_option_group("source");
    source->add_option("--file", options->file, "The card's file");
    source->add_option("--code", options->code, "The code on its paper");
    source->require_option(1);
    kept->add_flag("--replace", options->replace,
                   "In the place of another open card of that patient, or with that link");
    add("list", "List the cards that this member keeps", list);
}

}  // namespace consilium::cli
