// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/home.hpp"
#include "cli/run_process.hpp"
#include "node/text_file.hpp"

namespace consilium::cli {
namespace {

void announce(const node::Config& config, const node::Process& process, Context& context) {
    if (context.json) {
        boost::json::array nodes;
        for (const auto& member : config.nodes) {
            nodes.push_back(boost::json::object{{"member", member.member},
                                                {"url", process.url(member.member)}});
        }
        // One line, so that a program that starts a node can wait for it.
        context.out << boost::json::serialize(boost::json::object{
                           {"chain_id", process.genesis().chain_id}, {"nodes", nodes}})
                    << std::endl;
        return;
    }
    context.out << "Running " << process.genesis().chain_id << "\n\n";
    Table table({{"Member"}, {"URL"}});
    for (const auto& member : config.nodes)
        table.add({member.member, process.url(member.member)});
    table.print(context);
    context.out << "\nStop with Ctrl-C or SIGTERM." << std::endl;
}

void run_node(const std::string& file, Context& context) {
    StopSignals signals;
    if (const auto readable = read_file(file, node::kTextFileBytesMax); !readable) {
        return context.fail(readable.error().code, readable.error().message,
                            "Give --config a configuration; 'consilium init' makes one.");
    }
    const auto config = node::load_config(file);
    if (!config) {
        for (const auto& error : config.error())
            context.fail(Exit::kUsage, node::to_string(error, file));
        context.err << "  docs/configuration.md lists all keys.\n";
        return;
    }
    if (const auto readable = read_file(config->genesis); !readable) {
        return context.fail(readable.error().code, readable.error().message,
                            "Copy the genesis document from another member, or correct genesis in "
                            "the configuration.");
    }
    const auto log = open_log(config->log);
    if (!log) return context.fail(log.error());
    auto process = node::Process::start(*config, *log);
    if (!process) return context.fail(problem_of(process.error()));
    announce(*config, **process, context);
    signals.wait();
    if (!context.json) context.out << "Stopping..." << std::endl;
    const bool failed = (*process)->failed();
    (*process)->stop();
    if (failed) {
        return context.fail(Exit::kDisk, "a member's node had stopped by itself",
                            "The log says why; 'consilium doctor' looks at what lies on disk.");
    }
    if (!context.json) context.out << "Stopped.\n";
}

}  // namespace

void add_node(CLI::App& app, Context& context) {
    auto file = std::make_shared<std::string>("consilium.toml");
    CLI::App* command =
        add_command(app, context, "node", "Run the nodes that a configuration names, with HTTPS");
    command->add_option("--config", *file, "The configuration")->capture_default_str();
    command->callback([file, &context] { run_node(*file, context); });
}

}  // namespace consilium::cli
