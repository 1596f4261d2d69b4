// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <charconv>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/home.hpp"
#include "consilium/v1/ehr.pb.h"
#include "consilium/v1/exchange.pb.h"
#include "ledger/ids.hpp"
#include "node/json_text.hpp"
#include "proto/enum_names.hpp"

// `consilium worklist`: what other members' clinicians offer to this member's charts, and what
// became of what this member offered to theirs.
namespace consilium::cli {
namespace {

namespace json = boost::json;

constexpr const char* kContributions = "/v1/exchange/contributions";
constexpr const char* kOffers = "/v1/exchange/offers";
constexpr std::string_view kAll = "all";

struct Options {
    NodeOptions node;
    std::string subject;
    std::string state;
    std::string name;
    std::string reason;
    std::string out;
};

Result<Connected, Problem> connect_as(const Options& options, const char* scope) {
    http::TokenRequest request;
    request.subject = options.subject;
    request.client_id = "consilium-cli";
    request.scope = scope;
    return connect(options.node, std::move(request));
}

std::string text_of(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : printable({text->data(), text->size()});
}

std::uint64_t number_of(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

// LINK/NUMBER, as every other command takes it.
std::string name_of(const json::object& item) {
    return text_of(item, "link") + '/' + std::to_string(number_of(item, "number"));
}

std::string time_of(const json::object& item, const char* name) {
    const auto time = number_of(item, name);
    return time == 0 ? std::string() : to_rfc3339({time});
}

// A new resource of a type, or the version that it corrects.
std::string what_of(const json::object& item) {
    const auto corrects = text_of(item, "corrects");
    return corrects.empty() ? "new " + text_of(item, "type") : "corrects " + corrects;
}

Result<json::object, Problem> object_of(const Result<std::string, Problem>& answer) {
    if (!answer) return fail(answer.error());
    boost::system::error_code error;
    auto parsed = json::parse(*answer, error);
    if (error || !parsed.is_object())
        return fail(Problem{Exit::kRefused, "the node's answer is not understood", {}});
    return parsed.as_object();
}

// All pages of a list.
Result<json::array, Problem> items_of(NodeClient& node, const std::string& target) {
    json::array all;
    std::string next;
    do {
        const auto page = object_of(node.json(target + (next.empty() ? "" : "&after=" + next)));
        if (!page) return fail(page.error());
        const auto* items = page->if_contains("items");
        if (items == nullptr || !items->is_array())
            return fail(Problem{Exit::kRefused, "the node's answer is no list", {}});
        all.insert(all.end(), items->as_array().begin(), items->as_array().end());
        next = text_of(*page, "next");
    } while (!next.empty());
    return all;
}

std::string list_target(const char* list, const std::string& state) {
    return std::string(list) + "?limit=" + std::to_string(kPageRowsMax) +
           (state == kAll ? std::string() : "&state=" + state);
}

void print_items(const json::array& items, const Context& context) {
    Table table({{"CONTRIBUTION"}, {"STATE"}, {"FROM"}, {"PATIENT"}, {"WHAT"}, {"SINCE"}});
    for (const auto& one : items) {
        const auto& item = one.as_object();
        table.add({name_of(item), text_of(item, "state"), text_of(item, "contributor"),
                   text_of(item, "patient"), what_of(item), time_of(item, "taken_unix_ms")});
    }
    table.print(context);
}

// Why an offer is not in the chart, if that is settled.
std::string reason_of(const json::object& offer) {
    const auto rejection = text_of(offer, "rejection");
    if (!rejection.empty() && rejection != "unspecified") return rejection;
    if (text_of(offer, "state") != "denied") return {};
    const auto parameter = text_of(offer, "parameter");
    return text_of(offer, "rule") +
           (parameter.empty() || parameter == "unspecified" ? "" : " (" + parameter + ")");
}

void print_offers(const json::array& offers, const Context& context) {
    Table table(
        {{"OFFER"}, {"STATE"}, {"TO"}, {"DOCUMENT"}, {"WHAT"}, {"REASON"}, {"BECAME"}, {"TASK"}});
    for (const auto& one : offers) {
        const auto& offer = one.as_object();
        table.add({number_of(offer, "number") == 0 ? "not filed yet" : name_of(offer),
                   text_of(offer, "state"), text_of(offer, "custodian"), text_of(offer, "document"),
                   what_of(offer), reason_of(offer), text_of(offer, "record"),
                   text_of(offer, "task")});
    }
    table.print(context);
}

void run_list(const Options& options, bool ours, Context& context) {
    auto to = connect_as(options, "user/Contribution.r");
    if (!to) return context.fail(to.error());
    const auto items =
        items_of(to->node, list_target(ours ? kOffers : kContributions, options.state));
    if (!items) return context.fail(items.error());
    if (context.json) {
        context.out << node::pretty_json(*items) << '\n';
    } else if (items->empty()) {
        context.out << (ours ? "No such offer.\n" : "No such contribution.\n");
    } else if (ours) {
        print_offers(*items, context);
    } else {
        print_items(*items, context);
    }
}

void print_facts(const json::object& item, Context& context) {
    Facts facts;
    facts.add("contribution", name_of(item));
    for (const char* name : {"state", "contributor", "user", "patient", "purpose", "type",
                             "corrects", "task", "rejection", "record", "provenance"}) {
        const auto text = text_of(item, name);
        if (!text.empty() && text != "unspecified") facts.add(name, text);
    }
    facts.add("since", time_of(item, "taken_unix_ms"));
    facts.print(context);
}

void run_show(const Options& options, Context& context) {
    auto to = connect_as(options, "user/Contribution.r");
    if (!to) return context.fail(to.error());
    const auto item = object_of(to->node.json(std::string(kContributions) + '/' + options.name));
    if (!item) return context.fail(item.error());
    const auto* resource = item->if_contains("resource");
    if (!options.out.empty()) {
        if (resource == nullptr)
            return context.fail(Exit::kRefused, "the document is not here",
                                "It has not come yet, or it was rejected and destroyed.");
        const auto written = write_file(options.out, node::pretty_json(*resource) + '\n');
        if (!written) return context.fail(written.error());
    }
    if (context.json) {
        context.out << node::pretty_json(*item) << '\n';
        return;
    }
    print_facts(*item, context);
    if (resource == nullptr) {
        context.out << "Its document is not here.\n";
    } else if (options.out.empty()) {
        context.out << '\n' << node::pretty_json(*resource) << '\n';
    }
}

void decide(const Options& options, Context& context) {
    auto to = connect_as(options, "user/Contribution.u");
    if (!to) return context.fail(to.error());
    json::object verdict{{"verdict", options.reason.empty() ? "accept" : "reject"}};
    if (!options.reason.empty()) verdict["reason"] = options.reason;
    const auto item = object_of(to->node.post_json(std::string(kContributions) + '/' + options.name,
                                                   json::serialize(verdict)));
    if (!item) return context.fail(item.error());
    if (context.json) {
        context.out << node::pretty_json(*item) << '\n';
    } else if (options.reason.empty()) {
        context.out << "Accepted: it is " << text_of(*item, "record")
                    << " of the chart. The ledger is told once that is anchored.\n";
    } else {
        context.out << "Rejected: " << options.reason
                    << ". The document is destroyed here; the ledger tells its contributor.\n";
    }
}

// "LINK/NUMBER": 32 hex digits and a number from 1.
CLI::Validator name_validator() {
    return CLI::Validator(
        [](std::string& text) {
            const auto slash = text.find('/');
            const bool link =
                slash != std::string::npos && fixed_from_hex<ledger::LinkId>(text.substr(0, slash));
            std::uint32_t number = 0;
            const char* end = text.data() + text.size();
            const auto parsed =
                link ? std::from_chars(text.data() + slash + 1, end, number)
                     : std::from_chars_result{text.data(), std::errc::invalid_argument};
            return parsed.ec == std::errc() && parsed.ptr == end && number != 0
                       ? std::string()
                       : "'" + text + "' is no LINK/NUMBER; 'consilium worklist list' shows them";
        },
        "");
}

// The states of a list's rows, and "all".
template <typename State>
std::vector<std::string> states() {
    auto out = proto::names_of<State>();
    out.emplace_back(kAll);
    return out;
}

// What staff may say; that a document did not come is what the node itself finds.
std::vector<std::string> reasons() {
    auto out = proto::names_of<v1::ContributionRejection>();
    std::erase(out, proto::name_of(v1::CONTRIBUTION_REJECTION_NOT_RECEIVED));
    return out;
}

CLI::App* add_one(CLI::App& group, Context& context, const char* name, const char* about,
                  const std::shared_ptr<Options>& options) {
    CLI::App* command = add_command(group, context, name, about);
    command->add_option("contribution", options->name, "LINK/NUMBER, as 'list' shows it")
        ->type_name("CONTRIBUTION")
        ->check(name_validator())
        ->required();
    add_node_options(*command, options->node);
    return command;
}

void add_decisions(CLI::App& group, Context& context) {
    for (const bool rejects : {false, true}) {
        auto options = std::make_shared<Options>();
        CLI::App* command =
            add_one(group, context, rejects ? "reject" : "accept",
                    rejects ? "Reject a contribution: its document is destroyed here"
                            : "Accept a contribution into the chart, with its Provenance",
                    options);
        command->add_option("--subject", options->subject,
                            "Who decides, as their tokens name them; the member without it");
        if (rejects) {
            command->add_option("--reason", options->reason, "Why: this goes on the ledger")
                ->required()
                ->check(CLI::IsMember(reasons()));
        }
        command->callback([options, &context] { decide(*options, context); });
    }
}

}  // namespace

void add_worklist(CLI::App& app, Context& context) {
    CLI::App* group = add_group(
        app, "worklist", "Contributions to charts: decide on others', follow the member's own");
    for (const bool ours : {false, true}) {
        auto options = std::make_shared<Options>();
        options->state = std::string(ours ? kAll : proto::name_of(v1::OFFERED_STATE_WAITING));
        CLI::App* command = add_command(*group, context, ours ? "offers" : "list",
                                        ours ? "List what this member offered to charts of others"
                                             : "List what others offered to charts of this member");
        command->add_option("--state", options->state, "Those in this state, or all")
            ->capture_default_str()
            ->check(CLI::IsMember(ours ? states<v1::OfferState>() : states<v1::OfferedState>()));
        add_node_options(*command, options->node);
        command->callback([options, ours, &context] { run_list(*options, ours, context); });
    }
    auto shown = std::make_shared<Options>();
    CLI::App* show =
        add_one(*group, context, "show", "Show a contribution and its document", shown);
    show->add_option("--out", shown->out, "Write the document into this file instead");
    show->callback([shown, &context] { run_show(*shown, context); });
    add_decisions(*group, context);
}

}  // namespace consilium::cli
