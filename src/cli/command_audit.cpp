// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <filesystem>
#include <memory>
#include <ostream>

#include "base/rfc3339.hpp"
#include "cli/access.hpp"
#include "cli/audit_folder.hpp"
#include "cli/commands.hpp"
#include "cli/home.hpp"
#include "cli/verification.hpp"
#include "node/json_text.hpp"
#include "services/audit/check_package.hpp"
#include "services/audit/tar.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;
namespace audit = services::audit;
namespace fs = std::filesystem;

constexpr std::string_view kScope = "user/Audit.rs";
constexpr const char* kHistory = "validators.history";

struct Options {
    NodeOptions node;
    std::string patient;
    std::string out;
    std::string from;
    std::string to;
    bool documents = false;
    std::string folder;
    TrustOptions trust{"genesis.json", {}, {}};
    std::string max_age;
};

// Names a value for a query; patients' ids and times have no other characters.
bool is_plain(std::string_view text) {
    return text.find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:") ==
           std::string_view::npos;
}

void export_package(const Options& options, Context& context) {
    for (const auto* text : {&options.patient, &options.from, &options.to}) {
        if (!is_plain(*text))
            return context.fail(Exit::kUsage, "'" + *text + "' is no FHIR id or time in UTC");
    }
    auto to = connect(options.node, kScope);
    if (!to) return context.fail(to.error());
    std::string query;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) query += (query.empty() ? "?" : "&") + (name + ("=" + value));
    };
    add("patient", options.patient);
    add("from", options.from);
    add("to", options.to);
    if (options.documents) add("documents", "1");
    const auto archive = to->node.bytes("/v1/audit/package" + query, "application/x-tar");
    if (!archive) return context.fail(archive.error());
    const auto files = audit::read_tar(*archive);
    if (!files) return context.fail(Exit::kInternal, "the node's answer is no audit package");
    if (auto written = write_audit_folder(options.out, *files); !written)
        return context.fail(written.error());
    if (context.json) {
        context.out << node::pretty_json(json::object{{"folder", options.out},
                                                      {"files", files->size()},
                                                      {"bytes", archive->size()}})
                    << '\n';
        return;
    }
    context.out << "Wrote " << counted(files->size(), "file", "files") << " to " << options.out
                << " (" << size_text(archive->size()) << ")\n";
    context.err << "note: the package tells who saw what of one patient"
                << (options.documents ? ", and holds the patient's documents" : "")
                << ": keep it as you keep the record.\n";
}

Result<audit::PackageFiles, Problem> read_package(const std::string& folder) {
    audit::PackageFiles out;
    std::error_code error;
    if (!fs::is_directory(folder, error))
        return fail(Problem{Exit::kDisk, "there is no folder " + folder,
                            "'consilium audit export' makes one."});
    std::size_t bytes = 0;
    for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
        if (at->is_directory(error)) continue;
        const std::string name = at->path().lexically_relative(folder).generic_string();
        if (!at->is_regular_file(error))
            return fail(Problem{Exit::kUsage, printable(name) + " is no plain file", {}});
        auto content = read_file(at->path());
        if (!content) return fail(content.error());
        bytes += content->size();
        if (bytes > audit::kPackageBytesMax)
            return fail(Problem{Exit::kUsage, folder + " holds more than a package may", {}});
        out[name] = std::move(content).value();
    }
    if (error) return fail(Problem{Exit::kDisk, folder + " cannot be read", {}});
    return out;
}

Result<audit::Finding, Problem> check(const Options& options) {
    verify::Freshness freshness{now(), std::nullopt};
    if (!options.max_age.empty()) {
        freshness.age_ms_max = parse_duration_ms(options.max_age);
        if (!freshness.age_ms_max)
            return fail(Problem{Exit::kUsage, "'" + options.max_age + "' is not a duration",
                                "Give --max-age a number and ms, s, m, h or d: 10m, 24h, 7d."});
    }
    const auto files = read_package(options.folder);
    if (!files) return fail(files.error());
    TrustOptions trust = options.trust;
    auto loaded = [&] {
        const auto history = files->find(kHistory);
        if (!trust.history.empty() || history == files->end() || history->second.empty())
            return load_trust(trust);
        trust.history = (fs::path(options.folder) / kHistory).string();
        return load_trust(trust);
    }();
    if (!loaded && trust.history != options.trust.history) {
        // Its own history may be what is wrong with it: then that is the finding.
        const auto without = load_trust(options.trust);
        if (!without) return fail(without.error());
        audit::Finding finding;
        finding.faults.push_back({kHistory, {}, loaded.error().message});
        return finding;
    }
    if (!loaded) return fail(loaded.error());
    return audit::check_package(*files, *loaded, freshness);
}

void print(const audit::Finding& finding, Context& context) {
    const auto say = [&](const std::string& text) {
        context.out << "  " << printable(text) << '\n';
    };
    if (!finding.custodian.empty())
        context.out << "Patient " << printable(finding.patient) << " of "
                    << printable(finding.custodian) << ", as of block " << finding.height << ", "
                    << to_rfc3339(finding.time) << "\n\n";
    if (finding.good()) {
        context.out << "Checked:\n";
        for (const auto& sentence : finding.checked)
            say(sentence);
    } else {
        context.out << "Faults:\n";
        for (const auto& fault : finding.faults)
            say(fault.file + ": " + (fault.row.empty() ? "" : fault.row + ": ") + fault.what);
    }
    if (!finding.notes.empty()) {
        context.out << "\nNotes:\n";
        for (const auto& note : finding.notes)
            say(note);
    }
    context.out << '\n'
                << (finding.good() ? "The package is good.\n"
                                   : "The package is NOT good: " +
                                         counted(finding.faults.size(), "fault", "faults") + "\n");
}

json::object to_json(const audit::Finding& finding) {
    const auto list = [](const std::vector<std::string>& texts) {
        json::array out;
        for (const auto& text : texts)
            out.emplace_back(text);
        return out;
    };
    json::array faults;
    for (const auto& fault : finding.faults)
        faults.push_back(
            json::object{{"file", fault.file}, {"row", fault.row}, {"what", fault.what}});
    return {{"good", finding.good()},
            {"custodian", finding.custodian},
            {"patient", finding.patient},
            {"block", finding.height},
            {"time", to_rfc3339(finding.time)},
            {"receipts", finding.receipts},
            {"proofs", finding.proofs},
            {"access_rows", finding.access_rows},
            {"accounting_rows", finding.accounting_rows},
            {"log_rows", finding.log_rows},
            {"documents", finding.documents},
            {"erased", finding.erased},
            {"erased_by_word", finding.erased_by_word},
            {"withheld", finding.withheld},
            {"checked", list(finding.checked)},
            {"notes", list(finding.notes)},
            {"faults", faults}};
}

void verify_package(const Options& options, Context& context) {
    const auto finding = check(options);
    if (!finding) return context.fail(finding.error());
    if (context.json) {
        context.out << node::pretty_json(to_json(*finding)) << '\n';
    } else {
        print(*finding, context);
        if (options.trust.checkpoints.empty() && finding->good())
            context.err << "note: no --checkpoint was given, so trust rests on the genesis alone; "
                           "keys of validators that left long ago prove little.\n";
    }
    if (!finding->good()) context.exit = Exit::kRefused;
}

// What a report says, as a list for people.
void show_report(const Options& options, const std::string& name, Context& context) {
    if (!is_plain(options.patient))
        return context.fail(Exit::kUsage, "'" + options.patient + "' is no FHIR id");
    auto to = connect(options.node, kScope);
    if (!to) return context.fail(to.error());
    const std::string query = options.patient.empty() ? "" : "?patient=" + options.patient;
    const auto report = to->node.json("/v1/audit/" + name + query);
    if (!report) return context.fail(report.error());
    if (context.json) {
        context.out << *report;
        return;
    }
    boost::system::error_code error;
    const json::value parsed = json::parse(*report, error);
    if (error) return context.fail(Exit::kInternal, "the node's answer is not JSON");
    const auto text = [](const json::value& of, const char* pointer) {
        boost::system::error_code missing;
        const auto* found = of.find_pointer(pointer, missing);
        return found != nullptr && found->is_string() ? printable(found->as_string())
                                                      : std::string();
    };
    context.out << "As of block " << parsed.at("block").to_number<std::uint64_t>() << ", "
                << text(parsed, "/time") << "\n";
    for (const auto& row : parsed.at("rows").as_array()) {
        const bool access = name == "access-report";
        const std::string when = text(row, access ? "/time" : "/date");
        context.out << '\n' << (when.empty() ? std::string(24, ' ') : when) << "  ";
        if (access) {
            context.out << text(row, "/sentence") << '\n';
        } else {
            context.out << text(row, "/disclosed/description") << text(row, "/disclosed/note")
                        << " to " << text(row, "/recipient/name") << ", "
                        << text(row, "/recipient/address") << text(row, "/recipient/address_note")
                        << ": " << text(row, "/purpose/statement") << " ("
                        << text(row, "/purpose/section") << ")\n";
        }
        for (const auto& made : row.at("transactions").as_array())
            context.out << std::string(26, ' ') << text(made, "/did") << " by "
                        << text(made, "/member") << ", transaction " << text(made, "/transaction")
                        << '\n';
    }
    context.out << '\n' << counted(parsed.at("rows").as_array().size(), "row", "rows") << '\n';
    boost::system::error_code missing;
    const auto* own = parsed.find_pointer("/own_word/rows", missing);
    if (own == nullptr || !own->is_array()) return;
    context.out << "\nBy its own word, at " << text(parsed, "/own_word/of") << " itself:\n";
    for (const auto& row : own->as_array())
        context.out << '\n' << text(row, "/time") << "  " << text(row, "/sentence") << '\n';
    context.out << '\n' << counted(own->as_array().size(), "row", "rows") << '\n';
}

}  // namespace

void add_audit(CLI::App& group, Context& context) {
    auto options = std::make_shared<Options>();
    const auto add_patient = [&](CLI::App& command) {
        command.add_option("--patient", options->patient,
                           "The FHIR id of the Patient; a patient's own token needs none");
        add_node_options(command, options->node);
    };
    CLI::App* accounting =
        add_command(group, context, "accounting",
                    "The accounting of disclosures of the last six years (45 CFR 164.528)");
    add_patient(*accounting);
    accounting->callback([options, &context] { show_report(*options, "accounting", context); });
    CLI::App* access = add_command(group, context, "access",
                                   "All that was asked, denied, disclosed and consented");
    add_patient(*access);
    access->callback([options, &context] { show_report(*options, "access-report", context); });
    CLI::App* exported = add_command(group, context, "export",
                                     "Write both reports and all that proves them to a folder");
    add_patient(*exported);
    exported->add_option("--out", options->out, "The folder; it must not exist yet")->required();
    exported->add_option("--from", options->from,
                         "The accounting's first moment; without it, six years before the last");
    exported->add_option("--to", options->to, "And its last; without it, the newest block's");
    exported->add_flag("--documents", options->documents,
                       "The stored documents too, with what opens their commitments");
    exported->callback([options, &context] { export_package(*options, context); });
    CLI::App* verified = add_command(group, context, "verify",
                                     "Verify a package offline: no node and no network is needed");
    verified->add_option("folder", options->folder, "The package's folder")->required();
    add_trust_options(*verified, options->trust);
    verified->add_option("--max-age", options->max_age,
                         "Refuse proofs whose header is older: 10m, 24h, 7d");
    verified->callback([options, &context] { verify_package(*options, context); });
}

}  // namespace consilium::cli
