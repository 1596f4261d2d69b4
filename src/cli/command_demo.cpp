// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/demo.hpp"
#include "cli/run_process.hpp"
#include "node/json_text.hpp"
#include "node/key_file.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

struct Story {
    std::string title;
    StepResult (*tell)(DemoWorld&);
};

const std::vector<Story>& story() {
    static const std::vector<Story> kStory = {
        {"Four members and a ledger", demo_genesis},
        {"The hospital takes in its patients' records", demo_import},
        {"A chart card is not a consent", demo_card},
        {"The patient consents, and the record crosses", demo_consent},
        {"The clinician contributes", demo_contribution},
        {"The patient revokes", demo_revoke},
        {"An emergency, under review", demo_emergency},
        {"A disclosure by law, accounted for", demo_law},
        {"Every alteration is detected", demo_tamper},
        {"Two documents are erased", demo_erasure},
        {"The stopped node returns", demo_absence}};
    return kStory;
}

std::uint64_t microseconds_since(std::chrono::steady_clock::time_point start) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::steady_clock::now() - start)
                                          .count());
}

constexpr std::size_t kColumns = 100;

// A finding on lines of its own, broken between words. One that begins with a blank is a detail of
// the one before.
void print_finding(std::string_view finding, Context& context) {
    const bool detail = finding.front() == ' ';
    finding.remove_prefix(std::min(finding.size(), finding.find_first_not_of(' ')));
    std::string text(finding);
    if (!detail && text.back() != ':') text += '.';
    std::string_view left = text;
    std::string line = detail ? "     - " : "   ";
    while (!left.empty()) {
        const std::size_t room = kColumns - line.size();
        std::size_t cut = left.size();
        if (left.size() > room) {
            cut = left.rfind(' ', room);
            if (cut == std::string_view::npos) cut = std::min(left.find(' '), left.size());
        }
        context.out << line << left.substr(0, cut) << '\n';
        left.remove_prefix(std::min(left.size(), cut + 1));
        line.assign(line.size(), ' ');
    }
}

void print_step(const DemoStep& step, Context& context) {
    const bool color = context.out_is_terminal;
    context.out << (color ? "\x1b[1m" : "") << step.number << ". " << step.title
                << (color ? "\x1b[0m" : "") << "  (" << duration_text(step.duration_us) << ")\n";
    for (const auto& finding : step.findings)
        print_finding(finding, context);
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
                << (world.options.folder / "receipts").string() << "/*\n"
                << "So can package/, which the patient had made:\n"
                << "  " << context.program << " audit verify --genesis "
                << (world.options.folder / "genesis.json").string() << " "
                << (world.options.folder / "package").string() << "\n";
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
                                                  {"patient", world.patient.id},
                                                  {"link", to_hex(world.patient.link)},
                                                  {"receipts", world.receipts.size()},
                                                  {"steps", told},
                                                  {"transactions", transactions},
                                                  {"nodes", nodes}})
                << std::endl;
}

// What curl needs to be the clinician, readable by its owner alone: no token on a command line.
Status<Problem> write_curl_config(const DemoWorld& world, const std::filesystem::path& file) {
    const auto clinic = open_member({world.home.folder.string(), "clinic"});
    if (!clinic) return fail(clinic.error());
    const auto token = issue_token(
        *clinic, {"clinic", "consilium-demo", "user/*.rs user/Disclosure.r", 86'400'000, "TREAT"});
    if (!token) return fail(token.error());
    const std::string text = "silent\nshow-error\ncacert = \"" + clinic->config.http.certificate +
                             "\"\nheader = \"Authorization: Bearer " + *token + "\"\n";
    if (auto written = node::write_private_file(file, text, true); !written)
        return fail(Problem{Exit::kDisk, written.error(), {}});
    return Done{};
}

void print_what_to_try(const DemoWorld& world, const std::string& curl, Context& context) {
    const std::string home = world.options.folder.string();
    const std::string clinic = "  curl --config " + curl + " '" + world.process->url("clinic");
    const std::string patient = "/fhir/Patient/" + world.patient.id + "/$everything'\n";
    const std::string wallet = " " + home + "/patient.wallet --passphrase-file " + home +
                               "/patient.passphrase --link " + to_hex(world.patient.link);
    context.out << "\nThe clinician asks again, and is denied:\n"
                << clinic << patient
                << "The patient consents again, through the regulator's node:\n  "
                << context.program << " wallet consent" << wallet << " --purpose treat --home "
                << home
                << " --member regulator\nNow the same question is answered. What came before:\n"
                << clinic << "/v1/exchange/disclosures'\nWhat the ledger says of it:\n  "
                << context.program << " ledger state ehr/request/" << to_hex(world.patient.link)
                << " --home " << home << " --member payer\n";
}

void leave_running(const DemoWorld& world, StopSignals& signals, Context& context) {
    if (!context.json) {
        const auto curl = world.options.folder / "clinician.curl";
        if (auto written = write_curl_config(world, curl); !written)
            return context.fail(written.error());
        context.out << "\nThe nodes go on running:\n\n";
        Table table({{"Member"}, {"URL"}});
        for (const auto& [member, speaker] : world.speakers)
            table.add({member, world.process->url(member)});
        table.print(context);
        print_what_to_try(world, curl.string(), context);
        context.out << "Stop them with Ctrl-C." << std::endl;
    }
    signals.wait();
}

void demo(const DemoOptions& options, bool once, Context& context) {
    StopSignals signals;
    DemoWorld world{options, context};
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
        std::string imperfect = "demo/imperfect.json";
        std::uint16_t port = 7443;
        bool once = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = add_command(
        app, context, "demo", "Show a consortium of four members at work, on real FHIR documents");
    command->add_option("--dir", options->folder, "Where to keep it; an earlier demo is replaced")
        ->capture_default_str();
    command->add_option("--data", options->data, "The folder of FHIR Bundles")
        ->capture_default_str();
    command->add_option("--imperfect", options->imperfect, "A FHIR Bundle with two faults")
        ->capture_default_str();
    command
        ->add_option("--port", options->port,
                     "The first member's port; 0 takes free ones, and so does a port in use")
        ->check(CLI::Range(0, 65531))
        ->capture_default_str();
    command->add_flag("--once", options->once,
                      "Exit at the end instead of leaving the nodes running");
    command->callback([options, &context] {
        demo({options->folder, options->data, options->imperfect, options->port}, options->once,
             context);
    });
}

}  // namespace consilium::cli
