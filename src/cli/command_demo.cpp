// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <ostream>

#include "base/rfc3339.hpp"
#include "cli/commands.hpp"
#include "cli/demo.hpp"
#include "cli/run_process.hpp"
#include "node/json_text.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

struct Story {
    std::string title;
    StepResult (*tell)(DemoWorld&);
};

const std::vector<Story>& story() {
    static const std::vector<Story> kStory = {
        {"Genesis with four members", demo_genesis},
        {"The hospital anchors its documents", demo_anchor},
        {"Records change, are shared and shredded", demo_change},
        {"The auditor proves a chart complete", demo_audit},
        {"Every alteration is detected", demo_tamper},
        {"A node stops and returns", demo_absence}};
    return kStory;
}

std::uint64_t microseconds_since(std::chrono::steady_clock::time_point start) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::steady_clock::now() - start)
                                          .count());
}

void print_step(const DemoStep& step, Context& context) {
    const bool color = context.out_is_terminal;
    context.out << (color ? "\x1b[1m" : "") << step.number << ". " << step.title
                << (color ? "\x1b[0m" : "") << "  (" << duration_text(step.duration_us) << ")\n";
    for (const auto& finding : step.findings)
        context.out << "   " << finding << ".\n";
    context.out << std::endl;
}

void print_end(const DemoWorld& world, const std::vector<DemoStep>& steps, Context& context) {
    Table table({{"Step"}, {"What happened"}, {"Time", true}});
    std::uint64_t total = 0;
    for (const auto& step : steps) {
        table.add({std::to_string(step.number), step.title, duration_text(step.duration_us)});
        total += step.duration_us;
    }
    table.add({"", "All", duration_text(total)});
    table.print(context);
    context.out << "\nEverything is in " << world.options.folder.string()
                << ": receipts/ can be verified by anyone who has genesis.json:\n"
                << "  " << context.program << " receipt verify --genesis "
                << (world.options.folder / "genesis.json").string() << " "
                << (world.options.folder / "receipts").string() << "/*\n";
}

void print_json(const DemoWorld& world, const std::vector<DemoStep>& steps, Context& context) {
    json::array told;
    for (const auto& step : steps) {
        json::array findings;
        for (const auto& finding : step.findings)
            findings.push_back(json::string(finding));
        told.push_back(json::object{{"step", step.number},
                                    {"title", step.title},
                                    {"ms", static_cast<double>(step.duration_us) / 1000.0},
                                    {"findings", findings}});
    }
    json::array nodes;
    for (const auto& [member, speaker] : world.speakers)
        nodes.push_back(json::object{{"member", member}, {"url", world.process->url(member)}});
    json::array transactions;
    for (const auto& id : world.transactions)
        transactions.push_back(json::string(id));
    context.out << node::pretty_json(json::object{{"folder", world.options.folder.string()},
                                                  {"chain_id", world.process->genesis().chain_id},
                                                  {"earlier", to_rfc3339(world.earlier)},
                                                  {"receipts", world.receipts.size()},
                                                  {"steps", told},
                                                  {"transactions", transactions},
                                                  {"nodes", nodes}})
                << std::endl;
}

void leave_running(const DemoWorld& world, StopSignals& signals, Context& context) {
    if (!context.json) {
        context.out << "\nThe nodes go on running:\n\n";
        Table table({{"Member"}, {"URL"}});
        for (const auto& [member, speaker] : world.speakers)
            table.add({member, world.process->url(member)});
        table.print(context);
        const std::string home = world.options.folder.string();
        context.out << "\nAsk them:  " << context.program << " ledger blocks --home " << home
                    << " --member payer\nStop them with Ctrl-C." << std::endl;
    }
    signals.wait();
}

void demo(const DemoOptions& options, bool once, Context& context) {
    StopSignals signals;
    DemoWorld world{options, context, {}, nullptr, nullptr, {}, {}, 0, 0, {}, {}, {}, {}, {}};
    if (auto loaded = demo_load(world); !loaded) return context.fail(loaded.error());
    std::vector<DemoStep> steps;
    for (const auto& part : story()) {
        const auto start = std::chrono::steady_clock::now();
        auto findings = part.tell(world);
        if (!findings) {
            const Problem& problem = findings.error();
            return context.fail(problem.code,
                                "step " + std::to_string(steps.size() + 1) + " (" + part.title +
                                    "): " + problem.message,
                                problem.hint);
        }
        steps.push_back({static_cast<int>(steps.size()) + 1, part.title,
                         std::move(findings).value(), microseconds_since(start)});
        if (!context.json) print_step(steps.back(), context);
    }
    if (context.json) {
        print_json(world, steps, context);
    } else {
        print_end(world, steps, context);
    }
    if (!once) leave_running(world, signals, context);
    world.process->stop();
}

}  // namespace

void add_demo(CLI::App& app, Context& context) {
    struct Options {
        std::string folder = "consilium-demo";
        std::string data = "demo/data";
        std::uint16_t port = 7443;
        bool once = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = add_command(
        app, context, "demo", "Show a consortium of four members at work, on real FHIR documents");
    command->add_option("--dir", options->folder, "Where to keep it; an earlier demo is replaced")
        ->capture_default_str();
    command->add_option("--data", options->data, "The folder of FHIR Bundles (*.json.zst)")
        ->capture_default_str();
    command
        ->add_option("--port", options->port,
                     "The first member's port; 0 takes free ones, and so does a port in use")
        ->check(CLI::Range(0, 65531))
        ->capture_default_str();
    command->add_flag("--once", options->once,
                      "Exit at the end instead of leaving the nodes running");
    command->callback([options, &context] {
        demo({options->folder, options->data, options->port}, options->once, context);
    });
}

}  // namespace consilium::cli
