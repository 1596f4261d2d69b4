// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <ostream>

#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/submission.hpp"
#include "ledger/hashes.hpp"
#include "node/key_file.hpp"

// The commands of `consilium key` that write to the ledger.
namespace consilium::cli {
namespace {

constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;

struct Options {
    NodeOptions node;
    std::string file;
    std::uint32_t days = 730;
    std::uint32_t number = 0;
    std::string receipt;
};

void submit(const Options& options, const Connected& from, NodeClient& node,
            const v1::MembershipCommand& command, Context& context) {
    const auto transaction =
        compose_as(*from.member, v1::ROLE_ADMINISTRATOR, {command_of(command)});
    if (!transaction) return context.fail(transaction.error());
    submit_and_print(node, *transaction, options.receipt, context);
}

void register_key(const Options& options, Context& context) {
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    if (!to->member) {
        return context.fail(Exit::kUsage, "this needs the member's folder", "Give --home.");
    }
    const auto key = node::load_key_file(options.file);
    if (!key) return context.fail(Exit::kDisk, key.error());
    v1::MembershipCommand command;
    auto& to_register = *command.mutable_register_key();
    to_register.set_algorithm(static_cast<v1::Algorithm>(key->algorithm()));
    to_register.set_public_key(key->public_key());
    to_register.set_not_after_unix_ms(now().value + options.days * kDayMs);
    const Hash32 digest = ledger::key_possession_digest(to->member->genesis.network_id,
                                                        to->member->id, key->public_key());
    to_register.set_possession_signature(key->sign(digest.view()));
    submit(options, *to, to->node, command, context);
    if (context.exit != Exit::kOk || context.json) return;
    context.out << "The node signs with it once member_key and member_key_id of its configuration "
                   "name it.\n";
}

void retire_key(const Options& options, Context& context) {
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    if (!to->member) {
        return context.fail(Exit::kUsage, "this needs the member's folder", "Give --home.");
    }
    v1::MembershipCommand command;
    command.mutable_retire_key()->set_key_id(options.number);
    submit(options, *to, to->node, command, context);
}

}  // namespace

void add_key_ledger(CLI::App& group, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* registered =
        add_command(group, context, "register", "Register a key of the member's on the ledger");
    registered->add_option("file", options->file, "The key file")->required();
    registered->add_option("--days", options->days, "How long it is valid")
        ->check(CLI::Range(1, 1825))
        ->capture_default_str();
    registered->add_option("--receipt", options->receipt, "Fetch the receipt too, into this file");
    add_node_options(*registered, options->node);
    registered->callback([options, &context] { register_key(*options, context); });
    CLI::App* retired = add_command(group, context, "retire", "Retire a key of the member's");
    retired->add_option("number", options->number, "Its number; 'consilium member show' lists them")
        ->required();
    retired->add_option("--receipt", options->receipt, "Fetch the receipt too, into this file");
    add_node_options(*retired, options->node);
    retired->callback([options, &context] { retire_key(*options, context); });
}

}  // namespace consilium::cli
