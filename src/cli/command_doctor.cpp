// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/doctor.hpp"
#include "cli/home.hpp"
#include "node/json_text.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

std::vector<Finding> examine(const std::string& file, Context& context) {
    std::vector<Finding> findings;
    const auto config = node::load_config(file);
    if (!config) {
        for (const auto& error : config.error()) {
            findings.push_back(fault("configuration", node::to_string(error, file),
                                     error.line == 0 && error.key.empty()
                                         ? "'consilium init' makes a configuration."
                                         : "docs/configuration.md lists all keys."));
        }
        return findings;
    }
    findings.push_back(good("configuration", file + " is valid"));
    const auto genesis = node::load_genesis(config->genesis);
    if (!genesis) {
        findings.push_back(
            fault("genesis", genesis.error(), "Copy the genesis document from another member."));
        return findings;
    }
    findings.push_back(good("genesis", genesis->chain_id));
    const UnixMs time = now();
    std::optional<UnixMs> newest;
    for (const auto& node : config->nodes) {
        examine_keys(node, *genesis, findings);
        examine_users(node, time, findings);
        examine_certificate(node, *genesis, time, findings);
        examine_folder(node, findings);
        examine_port(node, findings);
        newest = std::max(newest, examine_ledger(node, context, findings));
        examine_outbox(node, findings);
        examine_vault(node, genesis->network_id, findings);
    }
    examine_clock(*genesis, newest, time, findings);
    return findings;
}

std::string level_name(Finding::Level level) {
    switch (level) {
        case Finding::Level::kGood:
            return "good";
        case Finding::Level::kWarning:
            return "warning";
        case Finding::Level::kFault:
            return "FAULT";
    }
    return "";
}

void doctor(const std::string& file, Context& context) {
    const auto findings = examine(file, context);
    std::size_t faults = 0;
    std::size_t warnings = 0;
    json::array list;
    Table table({{"State"}, {"Subject"}, {"Finding"}});
    for (const auto& finding : findings) {
        faults += finding.level == Finding::Level::kFault ? 1 : 0;
        warnings += finding.level == Finding::Level::kWarning ? 1 : 0;
        const std::string level = level_name(finding.level);
        table.add({level, finding.subject, finding.text});
        if (!finding.mend.empty()) table.add({"", "", "-> " + finding.mend});
        list.push_back(json::object{{"level", level == "FAULT" ? "fault" : level},
                                    {"subject", finding.subject},
                                    {"text", finding.text},
                                    {"mend", finding.mend}});
    }
    if (faults != 0) context.exit = Exit::kRefused;
    if (context.json) {
        context.out << node::pretty_json(json::object{
                           {"findings", list}, {"faults", faults}, {"warnings", warnings}})
                    << '\n';
        return;
    }
    table.print(context);
    context.out << '\n'
                << counted(faults, "fault", "faults") << ", "
                << counted(warnings, "warning", "warnings") << '\n';
}

}  // namespace

void add_doctor(CLI::App& app, Context& context) {
    auto file = std::make_shared<std::string>("consilium.toml");
    CLI::App* command = add_command(app, context, "doctor",
                                    "Say what is wrong with a configured node and how to mend it");
    command->add_option("--config", *file, "The configuration")->capture_default_str();
    command->callback([file, &context] { doctor(*file, context); });
}

}  // namespace consilium::cli
