// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/names.hpp"
#include "cli/show.hpp"
#include "cli/submission.hpp"
#include "cli/verification.hpp"
#include "contracts/registry/registry.hpp"
#include "ledger/transaction.hpp"
#include "node/json_text.hpp"
#include "node/read_json.hpp"
#include "proto/canonical.hpp"
#include "proto/enum_names.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

struct Options {
    NodeOptions node;
    std::string file = "-";
    std::string role = "service";
    bool raw = false;
    std::string receipt;
};

// {"charts": {"open_link": {...}}}
Result<v1::Command, Problem> read_command(const json::value& value, std::size_t number) {
    const std::string where = "command " + std::to_string(number);
    const auto* object = value.if_object();
    if (object == nullptr || object->size() != 1) {
        return fail(Problem{Exit::kUsage, where + " must be an object with one contract's name",
                            "For example: {\"charts\": {\"close_link\": {...}}}"});
    }
    const std::string name(object->begin()->key());
    std::vector<std::string> known;
    for (const auto* contract : contracts::registry().contracts()) {
        known.emplace_back(contract->name());
        if (name != contract->name()) continue;
        const std::unique_ptr<google::protobuf::Message> message(contract->command().New());
        const std::string wrong = read_message(object->begin()->value(), *message);
        if (!wrong.empty()) return fail(Problem{Exit::kUsage, where + "." + name + wrong, {}});
        v1::Command command;
        command.set_contract(static_cast<std::uint32_t>(contract->id()));
        command.set_payload(message->SerializeAsString());
        return command;
    }
    return fail(Problem{Exit::kUsage, where + ": there is no contract '" + name + "'",
                        "Known are " + joined(known) + "."});
}

Result<std::vector<v1::Command>, Problem> read_commands(const std::string& text) {
    const auto parsed = node::read_json(text);
    if (!parsed) return fail(Problem{Exit::kUsage, "the input " + parsed.error(), {}});
    const auto* object = parsed->if_object();
    const auto* list = object == nullptr ? nullptr : object->if_contains("commands");
    const auto* array = list == nullptr ? parsed->if_array() : list->if_array();
    // What it says beside the commands would be lost.
    if (list != nullptr && object->size() != 1) {
        std::string name(object->begin()->key());
        if (name == "commands") name = std::string(std::next(object->begin())->key());
        return fail(
            Problem{Exit::kUsage, "the input's " + name + ": unknown; known here: commands", {}});
    }
    if (array == nullptr) {
        return fail(Problem{Exit::kUsage, "the input must be {\"commands\": [...]}",
                            "docs/cli.md shows examples."});
    }
    std::vector<v1::Command> commands;
    for (const auto& element : *array) {
        auto command = read_command(element, commands.size() + 1);
        if (!command) return fail(command.error());
        commands.push_back(std::move(command).value());
    }
    return commands;
}

void submit(const Options& options, Context& context) {
    const auto input = read_input(options.file);
    if (!input) return context.fail(input.error());
    if (options.raw && input->empty()) {
        return context.fail(Exit::kUsage, "the file is empty",
                            "With --raw it holds a v1.Transaction in Protocol Buffers.");
    }
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    Bytes transaction = *input;
    if (!options.raw) {
        const auto commands = read_commands(*input);
        if (!commands) return context.fail(commands.error());
        const auto role = proto::value_of<v1::Role>(options.role);
        if (!to->member || !role) {
            return context.fail(Exit::kUsage, "commands need a user's id and role",
                                "Give --home, and --role one of " +
                                    joined(proto::names_of<v1::Role>()) +
                                    "; or make the transaction yourself and give --raw.");
        }
        auto composed = compose_as(*to->member, *role, *commands);
        if (!composed) return context.fail(composed.error());
        transaction = std::move(composed).value();
    }
    submit_and_print(to->node, transaction, options.receipt, context);
}

}  // namespace

void add_submit(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* command = add_command(app, context, "submit",
                                    "Submit a transaction and wait for its durable outcome");
    command
        ->add_option("file", options->file,
                     "Commands as JSON, or with --raw a transaction; - is standard input")
        ->capture_default_str();
    command->add_option("--role", options->role, "The role in which the user of today acts")
        ->check(CLI::IsMember(proto::names_of<v1::Role>()))
        ->capture_default_str();
    command->add_flag("--raw", options->raw,
                      "The file is a v1.Transaction in Protocol Buffers, signed as it should be");
    command->add_option("--receipt", options->receipt, "Fetch the receipt too, into this file");
    add_node_options(*command, options->node);
    command->callback([options, &context] { submit(*options, context); });
}

}  // namespace consilium::cli
