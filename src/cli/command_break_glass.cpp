// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/home.hpp"
#include "cli/names.hpp"
#include "consilium/v1/ehr.pb.h"
#include "node/json_text.hpp"
#include "node/key_file.hpp"
#include "proto/enum_names.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

struct Options {
    NodeOptions node;
    std::string subject;
    std::string officer = "privacy-officer";
    std::vector<std::string> subjects;
    std::string request;
    std::string out;
    std::string id;
    std::uint32_t number = 0;
    std::string verdict;
    std::string report;
};

Result<Connected, Problem> connect_as_officer(const Options& options, const char* scope) {
    http::TokenRequest request;
    request.subject = options.officer;
    request.client_id = "consilium-cli";
    request.scope = scope;
    return connect(options.node, std::move(request));
}

json::object parse_object(const std::string& text) {
    boost::system::error_code error;
    const json::value parsed = json::parse(text, error);
    const auto* object = error ? nullptr : parsed.if_object();
    return object == nullptr ? json::object() : *object;
}

json::array items_of(const json::object& answer) {
    const auto* items = answer.if_contains("items");
    return items != nullptr && items->is_array() ? items->as_array() : json::array();
}

std::string text_of(const json::value& item, const char* name) {
    const auto* object = item.if_object();
    const auto* value = object == nullptr ? nullptr : object->if_contains(name);
    if (value == nullptr) return {};
    if (const auto* text = value->if_string()) return std::string(text->data(), text->size());
    if (const auto* flag = value->if_bool()) return *flag ? "yes" : "no";
    if (value->is_number()) return std::to_string(value->to_number<std::uint64_t>());
    return {};
}

std::string time_of(const json::value& item, const char* name) {
    const auto* object = item.if_object();
    const auto* value = object == nullptr ? nullptr : object->if_contains(name);
    if (value == nullptr || !value->is_number()) return {};
    return to_rfc3339({value->to_number<std::uint64_t>()});
}

void print_clearances(const json::object& answer, Context& context) {
    if (context.json) {
        context.out << node::pretty_json(answer) << '\n';
        return;
    }
    Table table({{"Subject"}, {"Cleared"}, {"Ledger"}, {"User of today"}, {"Decided"}, {"By"}});
    for (const auto& item : items_of(answer))
        table.add({text_of(item, "subject"), text_of(item, "cleared"), text_of(item, "ledger"),
                   text_of(item, "user"), time_of(item, "decided_unix_ms"),
                   text_of(item, "decided_by")});
    table.print(context);
}

void decide(const Options& options, bool withdraw, Context& context) {
    auto to = connect_as_officer(options, "user/EmergencyClearance.u");
    if (!to) return context.fail(to.error());
    json::array subjects;
    for (const auto& subject : options.subjects)
        subjects.emplace_back(subject);
    const auto answer = to->node.post_json(
        "/v1/emergency/clearances",
        json::serialize(json::object{{"subjects", std::move(subjects)}, {"withdraw", withdraw}}));
    if (!answer) return context.fail(answer.error());
    const json::object object = parse_object(*answer);
    print_clearances(object, context);
    for (const auto& item : items_of(object)) {
        if (text_of(item, "ledger") != "stands") context.exit = Exit::kRefused;
    }
}

void list_clearances(const Options& options, Context& context) {
    auto to = connect_as_officer(options, "user/EmergencyClearance.r");
    if (!to) return context.fail(to.error());
    const auto answer = to->node.json("/v1/emergency/clearances");
    if (!answer) return context.fail(answer.error());
    print_clearances(parse_object(*answer), context);
}

void request(const Options& options, Context& context) {
    const auto order = read_input(options.request);
    if (!order) return context.fail(order.error());
    if (parse_object(*order).empty())
        return context.fail(Exit::kUsage, "the request is no JSON object",
                            "It is what POST /v1/emergency takes: docs/exchange.md.");
    http::TokenRequest token;
    token.subject = options.subject;
    token.client_id = "consilium-cli";
    token.scope = "user/Emergency.c user/*.rs";
    token.purpose_of_use = "BTG";
    token.break_glass = true;
    auto to = connect(options.node, std::move(token));
    if (!to) return context.fail(to.error());
    const auto answer = to->node.post_json("/v1/emergency", *order);
    if (!answer) return context.fail(answer.error());
    if (options.out.empty()) {
        context.out << *answer << '\n';
        return;
    }
    if (auto written = node::write_private_file(options.out, *answer, true); !written)
        return context.fail(Exit::kDisk, written.error());
    const json::object bundle = parse_object(*answer);
    const auto* total = bundle.if_contains("total");
    const auto count = total != nullptr && total->is_number() ? total->to_number<std::uint64_t>()
                                                              : std::uint64_t{0};
    if (context.json) {
        context.out << node::pretty_json(json::object{{"file", options.out}, {"resources", count}})
                    << '\n';
    } else {
        context.out << counted(count, "resource", "resources") << " in " << options.out
                    << ". The privacy officers of both members review it.\n";
    }
}

void reviews(const Options& options, Context& context) {
    auto to = connect_as_officer(options, "user/EmergencyReview.r");
    if (!to) return context.fail(to.error());
    json::array all;
    std::string after;
    do {
        const auto answer = to->node.json("/v1/emergency/reviews?limit=1000" +
                                          (after.empty() ? after : "&after=" + after));
        if (!answer) return context.fail(answer.error());
        const json::object object = parse_object(*answer);
        for (const auto& item : items_of(object))
            all.push_back(item);
        after = text_of(object, "next");
    } while (!after.empty());
    if (context.json) {
        context.out << node::pretty_json(all) << '\n';
        return;
    }
    Table table({{"Request"},
                 {"Number", true},
                 {"Due"},
                 {"Overdue"},
                 {"From"},
                 {"To"},
                 {"Who"},
                 {"Code"},
                 {"Reason"}});
    for (const auto& item : all)
        table.add({text_of(item, "id"), text_of(item, "number"), time_of(item, "due_unix_ms"),
                   text_of(item, "overdue"), text_of(item, "custodian"), text_of(item, "requester"),
                   text_of(item, "subject"), text_of(item, "reason_code"),
                   text_of(item, "reason")});
    table.print(context);
}

void review(const Options& options, Context& context) {
    if (!fixed_from_hex<ledger::LinkId>(options.id))
        return context.fail(Exit::kUsage, "'" + options.id + "' is no request",
                            "'consilium break-glass reviews' lists them.");
    const auto report = read_input(options.report);
    if (!report) return context.fail(report.error());
    auto to = connect_as_officer(options, "user/EmergencyReview.u");
    if (!to) return context.fail(to.error());
    const auto answer = to->node.post_json(
        "/v1/emergency/reviews/" + options.id + "/" + std::to_string(options.number),
        json::serialize(json::object{{"verdict", options.verdict}, {"report", *report}}));
    if (!answer) return context.fail(answer.error());
    if (context.json) {
        context.out << node::pretty_json(parse_object(*answer)) << '\n';
    } else {
        context.out << "Reviewed: " << options.verdict << ".\n";
    }
}

void add_request(CLI::App& group, Context& context, const std::shared_ptr<Options>& options) {
    CLI::App* command = add_command(group, context, "request",
                                    "Ask for a record in an emergency; every request is reviewed");
    command
        ->add_option("--subject", options->subject, "Who asks, as the privacy officer cleared them")
        ->required();
    command
        ->add_option(
            "--request", options->request,
            "A file, - for standard input, with the JSON that POST /v1/emergency takes: the "
            "patient, and why it cannot wait")
        ->required();
    command->add_option("--out", options->out,
                        "Write the Bundle into this file, which its owner alone may read");
    add_node_options(*command, options->node);
    command->callback([options, &context] { request(*options, context); });
}

void add_officer(CLI::App& command, Options& options) {
    command.add_option("--officer", options.officer, "The privacy officer's subject")
        ->capture_default_str();
    add_node_options(command, options.node);
}

}  // namespace

void add_break_glass(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* group =
        add_group(app, "break-glass", "Emergency access: who may, requests, and their review");
    add_request(*group, context, options);
    for (const bool withdraw : {false, true}) {
        CLI::App* command =
            add_command(*group, context, withdraw ? "withdraw" : "clear",
                        withdraw ? "Withdraw a clearance from now on"
                                 : "Clear persons for emergency access, until it is withdrawn");
        command->add_option("subjects", options->subjects, "Their subjects, as tokens name them")
            ->required();
        add_officer(*command, *options);
        command->callback([options, withdraw, &context] { decide(*options, withdraw, context); });
    }
    CLI::App* owed = add_command(*group, context, "reviews",
                                 "List the emergencies that the member has to review");
    add_officer(*owed, *options);
    owed->callback([options, &context] { reviews(*options, context); });
    CLI::App* made = add_command(*group, context, "review", "Review one");
    made->add_option("request", options->id, "Its request, as 'reviews' lists it")->required();
    made->add_option("number", options->number, "And number")->required();
    made->add_option("--verdict", options->verdict, "What was found")
        ->required()
        ->check(CLI::IsMember(proto::names_of<v1::ReviewVerdict>()));
    made->add_option("--report", options->report,
                     "A file, - for standard input, with the report: it stays in the member's "
                     "vault, sealed")
        ->required();
    add_officer(*made, *options);
    made->callback([options, &context] { review(*options, context); });
    CLI::App* listed = add_command(*group, context, "list", "List who is cleared");
    add_officer(*listed, *options);
    listed->callback([options, &context] { list_clearances(*options, context); });
}

}  // namespace consilium::cli
