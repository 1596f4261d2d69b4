// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <ostream>
#include <tuple>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "base/rfc3339.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/names.hpp"
#include "cli/network.hpp"
#include "cli/submission.hpp"
#include "node/json_text.hpp"
#include "node/key_file.hpp"
#include "proto/enum_names.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

struct Options {
    NodeOptions node;
    std::vector<std::string> roles;
    std::uint32_t days = 30;
    std::string from;
    std::vector<std::string> users;
    bool all = false;
    std::string receipt;
};

void list(const Options& options, Context& context) {
    const auto member = open_member(options.node.home);
    if (!member) return context.fail(member.error());
    const auto users = load_users(MemberHome{member->network.member(member->id)}.users());
    if (!users) return context.fail(users.error());
    // Whatever order the file has them in: by day, role and id.
    std::vector<node::UserEntry> sorted = *users;
    std::sort(sorted.begin(), sorted.end(), [](const node::UserEntry& a, const node::UserEntry& b) {
        return std::tie(a.valid_from, a.role, a.user) < std::tie(b.valid_from, b.role, b.user);
    });
    const UnixMs time = now();
    json::array shown;
    Table table({{"User"}, {"Role"}, {"Valid from"}, {"Valid until"}});
    for (const auto& entry : sorted) {
        const bool today = entry.valid_from <= time && time <= entry.valid_until;
        if (!options.all && !today) continue;
        const std::string id = to_hex(entry.user.view());
        table.add({id, proto::name_of(entry.role), to_rfc3339(entry.valid_from),
                   to_rfc3339(entry.valid_until)});
        shown.push_back(json::object{{"user", id},
                                     {"role", proto::name_of(entry.role)},
                                     {"valid_from", to_rfc3339(entry.valid_from)},
                                     {"valid_until", to_rfc3339(entry.valid_until)}});
    }
    if (context.json) {
        context.out << node::pretty_json(shown) << '\n';
    } else {
        table.print(context);
    }
}

// The first day that the list does not cover yet, in any of the roles.
UnixMs next_day(const std::vector<node::UserEntry>& users, const std::vector<v1::Role>& roles) {
    UnixMs last{0};
    for (const auto& entry : users) {
        const bool wanted = std::find(roles.begin(), roles.end(), entry.role) != roles.end();
        if (wanted) last = std::max(last, entry.valid_until);
    }
    return std::max(now(), UnixMs{last.value + 1});
}

void add(const Options& options, Context& context) {
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    if (!to->member) {
        return context.fail(Exit::kUsage, "this needs the member's folder", "Give --home.");
    }
    std::vector<v1::Role> roles;
    for (const auto& name : options.roles)
        roles.push_back(proto::value_of<v1::Role>(name).value_or(v1::ROLE_UNSPECIFIED));
    const auto file = MemberHome{to->member->network.member(to->member->id)}.users();
    auto users = load_users(file);
    if (!users) return context.fail(users.error());
    UnixMs from = next_day(*users, roles);
    if (!options.from.empty()) {
        const auto given = from_rfc3339(options.from);
        if (!given) {
            return context.fail(Exit::kUsage, "'" + options.from + "' is not a day",
                                "Give --from as YYYY-MM-DD.");
        }
        from = *given;
    }
    const auto made = make_users(from, options.days, roles);
    if (made.size() > limits::kUsersPerCommandMax) {
        return context.fail(Exit::kUsage,
                            "at most " + std::to_string(limits::kUsersPerCommandMax) +
                                " ids are registered at once",
                            "Give fewer --days or --role.");
    }
    v1::MembershipCommand command;
    for (const auto& entry : made) {
        auto& user = *command.mutable_register_users()->add_users();
        user.set_user(entry.user.bytes());
        user.set_role(entry.role);
        user.set_valid_from_unix_ms(entry.valid_from.value);
        user.set_valid_until_unix_ms(entry.valid_until.value);
    }
    const auto transaction = compose_as(*to->member, v1::ROLE_ADMINISTRATOR, {command_of(command)});
    if (!transaction) return context.fail(transaction.error());
    // The list is written first: an id that is on the ledger and in no list would be lost.
    auto all = *users;
    all.insert(all.end(), made.begin(), made.end());
    if (auto saved = node::write_private_file(file, node::format_users(all), true); !saved) {
        return context.fail(Exit::kDisk, saved.error());
    }
    submit_and_print(to->node, *transaction, options.receipt, context);
    if (context.exit == Exit::kRefused) {
        (void)node::write_private_file(file, node::format_users(*users), true);
    }
}

void revoke(const Options& options, Context& context) {
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    if (!to->member) {
        return context.fail(Exit::kUsage, "this needs the member's folder", "Give --home.");
    }
    v1::MembershipCommand command;
    for (const auto& text : options.users) {
        const auto user = fixed_from_hex<ledger::UserId>(text);
        if (!user) {
            return context.fail(
                Exit::kUsage, "'" + text + "' is not a user id",
                "An id is 32 hexadecimal digits; 'consilium user list' shows them.");
        }
        command.mutable_revoke_users()->add_users(user->bytes());
    }
    const auto transaction = compose_as(*to->member, v1::ROLE_ADMINISTRATOR, {command_of(command)});
    if (!transaction) return context.fail(transaction.error());
    submit_and_print(to->node, *transaction, options.receipt, context);
}

}  // namespace

void add_user(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* group = add_group(app, "user", "List, register and revoke a member's user ids");
    CLI::App* listed =
        add_command(*group, context, "list", "List the member's ids of today, by day, role and id");
    listed->add_flag("--all", options->all, "Those of other days too");
    add_home_options(*listed, options->node.home);
    listed->callback([options, &context] { list(*options, context); });
    CLI::App* added = add_command(*group, context, "add", "Register ids for days to come");
    added->add_option("--role", options->roles, "A role; may be given more than once")
        ->required()
        ->check(CLI::IsMember(proto::names_of<v1::Role>()))
        ->take_all();
    added->add_option("--days", options->days, "For how many days")
        ->check(CLI::Range(std::size_t{1}, limits::kUsersPerCommandMax))
        ->capture_default_str();
    added->add_option("--from", options->from,
                      "The first day, YYYY-MM-DD; without it the first that has none yet");
    added->add_option("--receipt", options->receipt, "Fetch the receipt too, into this file");
    add_node_options(*added, options->node);
    added->callback([options, &context] { add(*options, context); });
    CLI::App* revoked = add_command(*group, context, "revoke", "Revoke ids");
    revoked->add_option("users", options->users, "The ids")->required();
    revoked->add_option("--receipt", options->receipt, "Fetch the receipt too, into this file");
    add_node_options(*revoked, options->node);
    revoked->callback([options, &context] { revoke(*options, context); });
}

}  // namespace consilium::cli
