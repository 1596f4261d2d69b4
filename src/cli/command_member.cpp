// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/show.hpp"
#include "cli/submission.hpp"
#include "contracts/registry/registry.hpp"
#include "node/json_text.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

struct Options {
    NodeOptions node;
    std::string id;
    std::string name;
    std::string address;
    std::string receipt;
};

std::string text_of(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::string words_of(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    const auto* list = value == nullptr ? nullptr : value->if_array();
    std::string out;
    if (list == nullptr) return out;
    for (const auto& word : *list) {
        const auto* text = word.if_string();
        if (text != nullptr) out += (out.empty() ? "" : ", ") + std::string(*text);
    }
    return out;
}

void list(const Options& options, Context& context) {
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    const auto body = to->node.json("/v1/members");
    if (!body) return context.fail(body.error());
    boost::system::error_code error;
    const json::value parsed = json::parse(*body, error);
    const auto* root = error ? nullptr : parsed.if_object();
    const auto* members = root == nullptr ? nullptr : root->if_contains("members");
    if (members == nullptr || !members->is_array()) {
        return context.fail(Exit::kInternal, "the node's answer is not a list of members");
    }
    if (context.json) {
        context.out << node::pretty_json(parsed) << '\n';
        return;
    }
    Table table({{"Member"}, {"Name"}, {"Kinds"}, {"Status"}, {"Endpoint"}});
    for (const auto& element : members->get_array()) {
        const auto* member = element.if_object();
        if (member == nullptr) continue;
        table.add({text_of(*member, "member_id"), text_of(*member, "name"),
                   words_of(*member, "kinds"), text_of(*member, "status"),
                   text_of(*member, "endpoint")});
    }
    table.print(context);
}

void show(const Options& options, Context& context) {
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    Rows rows;
    std::optional<Height> at;  // all tables as of the height of the first
    for (const char* table :
         {"membership/member/", "membership/node/", "membership/key/", "membership/retirement/"}) {
        const auto prefix = contracts::registry().key_from_path(table + options.id);
        if (!prefix) {
            return context.fail(Exit::kUsage, "'" + options.id + "' is not a member id");
        }
        const auto list = to->node.state_list(*prefix, at);
        if (!list) return context.fail(list.error());
        at = list->height();
        for (const auto& entry : list->entries())
            rows.emplace_back(entry.key(), entry.value());
    }
    if (rows.empty()) {
        return context.fail(Exit::kRefused, "there is no member '" + options.id + "'",
                            "'consilium member list' shows all.");
    }
    if (context.json) {
        context.out << node::pretty_json(rows_json(rows)) << '\n';
    } else {
        print_rows(rows, "", context);
    }
}

void contact(const Options& options, Context& context) {
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    if (!to->member) {
        return context.fail(Exit::kUsage, "this needs the member's folder", "Give --home.");
    }
    v1::MembershipCommand command;
    command.mutable_set_member_contact()->set_name(options.name);
    command.mutable_set_member_contact()->set_address(options.address);
    const auto transaction = compose_as(*to->member, v1::ROLE_ADMINISTRATOR, {command_of(command)});
    if (!transaction) return context.fail(transaction.error());
    submit_and_print(to->node, *transaction, options.receipt, context);
}

}  // namespace

void add_member(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* group = add_group(app, "member", "Show members, and change one's own entry");
    CLI::App* listed = add_command(*group, context, "list", "List the members");
    add_node_options(*listed, options->node);
    listed->callback([options, &context] { list(*options, context); });
    CLI::App* shown = add_command(*group, context, "show", "Show a member with its node and keys");
    shown->add_option("id", options->id, "The member's id")->required();
    add_node_options(*shown, options->node);
    shown->callback([options, &context] { show(*options, context); });
    CLI::App* changed =
        add_command(*group, context, "contact", "Change the member's name and address");
    changed->add_option("--name", options->name, "Its name")->required();
    changed->add_option("--address", options->address, "Its address")->required();
    changed->add_option("--receipt", options->receipt, "Fetch the receipt too, into this file");
    add_node_options(*changed, options->node);
    changed->callback([options, &context] { contact(*options, context); });
}

}  // namespace consilium::cli
