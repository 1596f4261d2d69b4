// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "cli/commands.hpp"
#include "cli/network.hpp"
#include "node/json_text.hpp"

namespace consilium::cli {
namespace {

struct Options {
    std::string folder;
    std::vector<std::string> members;
    NetworkPlan plan;
};

void print(const NetworkMade& made, Context& context) {
    const std::string config = made.home.config().string();
    if (context.json) {
        boost::json::array members;
        for (const auto& [member, endpoint] : made.endpoints)
            members.push_back(boost::json::object{{"member", member}, {"endpoint", endpoint}});
        context.out << node::pretty_json(
                           boost::json::object{{"network_id", to_hex(made.network_id.view())},
                                               {"chain_id", made.chain_id},
                                               {"genesis", made.home.genesis().string()},
                                               {"config", config},
                                               {"members", members}})
                    << '\n';
        return;
    }
    context.out << "Made the network " << made.chain_id << " in " << made.home.folder.string()
                << "\n\n";
    Table table({{"Member"}, {"Endpoint"}, {"Folder"}});
    for (const auto& [member, endpoint] : made.endpoints)
        table.add({member, endpoint, made.home.member(member).string()});
    table.print(context);
    context.out << "\nAll members' nodes in one process:  " << context.program << " node --config "
                << config << "\nWhat may be wrong, and how to mend it:  " << context.program
                << " doctor --config " << config
                << "\nOf each member's folder, keys/, tls/node.key and users.json are secret.\n";
}

void init(const Options& options, Context& context) {
    NetworkPlan plan = options.plan;
    for (const auto& text : options.members) {
        auto member = parse_member_plan(text);
        if (!member) {
            return context.fail(
                Exit::kUsage, member.error(),
                "For example: --member 'hospital=provider:Riverside Hospital:1 River Road'");
        }
        plan.members.push_back(std::move(member).value());
    }
    if (plan.members.empty()) plan.members = example_members();
    Progress progress(context, "Making keys and certificates", plan.members.size());
    const auto made = make_network({options.folder}, std::move(plan), [&] { progress.advance(); });
    if (!made) return context.fail(made.error());
    print(*made, context);
}

}  // namespace

void add_init(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* command =
        add_command(app, context, "init", "Make a network: genesis document, keys, configuration");
    command->add_option("folder", options->folder, "The folder to make")->required();
    command
        ->add_option("--member", options->members,
                     "ID=KIND[+KIND...]:NAME:ADDRESS, once for each member; without it a "
                     "hospital, a clinic, a payer and a regulator")
        ->take_all();
    command->add_option("--address", options->plan.address, "The IP address to listen on")
        ->capture_default_str();
    command
        ->add_option(
            "--port", options->plan.port,
            "The port of the first member's node; the others take the next ones, then as many "
            "for what members' nodes send each other")
        ->check(CLI::Range(1, 65535))
        ->capture_default_str();
    command
        ->add_option("--user-days", options->plan.user_days,
                     "For how many days the members get user ids")
        ->check(CLI::Range(1, 365))
        ->capture_default_str();
    command->callback([options, &context] { init(*options, context); });
}

}  // namespace consilium::cli
