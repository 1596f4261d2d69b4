// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/import_input.hpp"
#include "crypto/hash.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"

namespace consilium::cli {
namespace {

using formats::json::Value;

constexpr std::string_view kImportScope = "user/*.cuds user/Import.cr";
constexpr std::size_t kIssuesShown = 5;
constexpr std::size_t kAnswerBytesMax = 256U << 20U;

struct Options {
    NodeOptions node;
    std::vector<std::string> paths;
    bool quarantine = false;
    bool worklist = false;
};

struct Totals {
    std::uint64_t parts = 0;
    std::uint64_t repeated = 0;
    std::uint64_t stored = 0;
    std::uint64_t unchanged = 0;
    std::uint64_t quarantined = 0;
    std::uint64_t refused = 0;
};

std::string_view text_of(const Value* object, std::string_view name) {
    const Value* value = object == nullptr ? nullptr : object->find(name);
    return value != nullptr && value->is_string() ? value->string() : std::string_view();
}

std::uint64_t number_of(const Value& value) {
    std::uint64_t out = 0;
    if (!value.is_number()) return out;
    const std::string_view text = value.number();
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

std::span<const Value> list_of(const Value& object, std::string_view name) {
    const Value* value = object.find(name);
    return value != nullptr && value->is_array() ? value->array() : std::span<const Value>();
}

// "Bundle.entry[3].resource.subject: The reference names no entry of the Bundle (not-found)"
std::string issue_text(const Value& issue) {
    std::string out;
    for (const Value& expression : list_of(issue, "expression")) {
        if (expression.is_string()) out = std::string(expression.string()) + ": ";
    }
    out += text_of(&issue, "diagnostics");
    return printable(out + " (" + std::string(text_of(&issue, "code")) + ")");
}

// An entry in quarantine, as the node reports it.
struct Item {
    std::string import;
    std::uint64_t entry = 0;
    std::string cause;
    std::string reason;
};

Item read_item(const Value& parameter) {
    Item out;
    for (const Value& part : list_of(parameter, "part")) {
        const auto name = text_of(&part, "name");
        const Value* number = part.find("valueInteger");
        if (name == "import") out.import = printable(text_of(&part, "valueString"));
        if (name == "entry" && number != nullptr) out.entry = number_of(*number);
        if (name == "cause" && number != nullptr)
            out.cause = "entry " + std::to_string(number_of(*number));
        const Value* outcome = part.find("resource");
        if (name != "outcome" || outcome == nullptr) continue;
        const auto issues = list_of(*outcome, "issue");
        if (!issues.empty()) out.reason = issue_text(issues.front());
    }
    return out;
}

std::vector<Item> read_items(const Value& parameters) {
    std::vector<Item> out;
    for (const Value& parameter : list_of(parameters, "parameter")) {
        if (text_of(&parameter, "name") == "quarantined" && parameter.find("part") != nullptr)
            out.push_back(read_item(parameter));
    }
    return out;
}

void print_items(const std::vector<Item>& items, const Context& context) {
    Table table({{"IMPORT"}, {"ENTRY", true}, {"BECAUSE OF"}, {"REASON"}});
    for (const Item& item : items)
        table.add({item.import.substr(0, 12), std::to_string(item.entry), item.cause, item.reason});
    table.print(context);
}

class Importer {
 public:
    // With `keep`, nothing is refused before its last turn.
    Importer(HttpsClient& http, bool keep, Context& context)
        : http_(http), keep_(keep), context_(context) {}

    // What became of one part.
    enum class Fate { kTaken, kRefused, kWaits };

    // kWaits: something that it refers to is not there yet, say. Why is shown only with `last`.
    [[nodiscard]] Result<Fate, Problem> take(const ImportPart& part, bool quarantine, bool last) {
        HttpRequest request;
        request.method = "POST";
        request.target = "/fhir/$import?key=" + to_hex(crypto::sha256(part.bundle).view()) +
                         (quarantine ? "&quarantine=true" : "");
        request.content_type = "application/fhir+json";
        request.accept = "application/fhir+json";
        request.body = part.bundle;
        const auto reply = http_.send(request);
        if (!reply) return fail(reply.error());
        const auto answer = formats::json::parse(reply->body, kAnswerBytesMax);
        if (!answer) return fail(Problem{Exit::kRefused, "the node's answer cannot be read", {}});
        if (reply->status == 200) {
            add(answer->root());
            return Fate::kTaken;
        }
        if (reply->status == 401 || reply->status == 403 || reply->status >= 500) {
            return fail(Problem{Exit::kRefused, "the node refused: " + first_issue(answer->root()),
                                "What was taken so far stays; the same command goes on."});
        }
        if (!last && (keep_ || waits_for_others(answer->root()))) return Fate::kWaits;
        show_refusal(part, answer->root());
        ++totals.refused;
        return Fate::kRefused;
    }

    Totals totals;
    std::vector<Item> items;

 private:
    void add(const Value& answer) {
        ++totals.parts;
        bool repeated = false;
        Totals one;
        for (const Value& parameter : list_of(answer, "parameter")) {
            const auto name = text_of(&parameter, "name");
            const Value* number = parameter.find("valueInteger");
            const Value* flag = parameter.find("valueBoolean");
            if (name == "repeated" && flag != nullptr && flag->is_boolean())
                repeated = flag->boolean();
            if (number == nullptr) continue;
            if (name == "stored") one.stored = number_of(*number);
            if (name == "unchanged") one.unchanged = number_of(*number);
            if (name == "quarantined") one.quarantined = number_of(*number);
        }
        totals.repeated += repeated ? 1 : 0;
        totals.stored += one.stored;
        totals.unchanged += one.unchanged;
        totals.quarantined += one.quarantined;
        for (Item& item : read_items(answer))
            items.push_back(std::move(item));
    }

    static std::string first_issue(const Value& outcome) {
        const auto issues = list_of(outcome, "issue");
        return issues.empty() ? std::string("without a reason") : issue_text(issues.front());
    }

    // A reference to something that another file may bring.
    static bool waits_for_others(const Value& outcome) {
        for (const Value& issue : list_of(outcome, "issue")) {
            if (text_of(&issue, "code") == "not-found") return true;
        }
        return false;
    }

    void show_refusal(const ImportPart& part, const Value& outcome) {
        const auto issues = list_of(outcome, "issue");
        context_.err << printable(part.name) << " was refused whole:\n";
        for (std::size_t i = 0; i < issues.size() && i < kIssuesShown; ++i)
            context_.err << "  " << issue_text(issues[i]) << '\n';
        if (issues.size() > kIssuesShown) {
            context_.err << "  and " << counted(issues.size() - kIssuesShown, "more", "more")
                         << '\n';
        }
    }

    HttpsClient& http_;
    const bool keep_;
    Context& context_;
};

// Rounds over what waits for others, until a round takes nothing more; then what is left goes in
// with its faults put aside, or is refused.
Status<Problem> import_parts(std::vector<ImportPart> waiting, Importer& importer, bool quarantine) {
    bool progress = true;
    while (!waiting.empty()) {
        // Lines that refer to each other in a circle go in together.
        if (!progress) {
            std::vector<ImportPart> lines;
            std::vector<ImportPart> others;
            for (ImportPart& part : waiting)
                (part.lines ? lines : others).push_back(std::move(part));
            const std::string joined = lines.size() > 1 ? join_parts(lines) : std::string();
            if (!joined.empty()) {
                others.push_back({lines.front().name + " and others", joined, false});
            } else {
                std::move(lines.begin(), lines.end(), std::back_inserter(others));
            }
            waiting = std::move(others);
        }
        std::vector<ImportPart> still;
        const bool last = !progress;
        progress = false;
        for (ImportPart& part : waiting) {
            const auto fate = importer.take(part, quarantine && last, last);
            if (!fate) return fail(fate.error());
            progress = progress || *fate == Importer::Fate::kTaken;
            if (*fate == Importer::Fate::kWaits) still.push_back(std::move(part));
        }
        waiting = std::move(still);
    }
    return Done{};
}

void print_totals(const Totals& totals, const std::vector<Item>& items, Context& context) {
    if (context.json) {
        context.out << "{\"requests\":" << totals.parts << ",\"repeated\":" << totals.repeated
                    << ",\"stored\":" << totals.stored << ",\"unchanged\":" << totals.unchanged
                    << ",\"quarantined\":" << totals.quarantined
                    << ",\"refused\":" << totals.refused << "}\n";
        return;
    }
    Facts facts;
    facts.add("Stored", counted(totals.stored, "resource", "resources"));
    if (totals.unchanged > 0) facts.add("Was there already", grouped(totals.unchanged));
    if (totals.repeated > 0)
        facts.add("Taken before", counted(totals.repeated, "request", "requests"));
    if (totals.quarantined > 0)
        facts.add("In quarantine", counted(totals.quarantined, "entry", "entries"));
    if (totals.refused > 0) facts.add("Refused", counted(totals.refused, "file", "files"));
    facts.print(context);
    if (!items.empty()) print_items(items, context);
}

void run_worklist(HttpsClient& http, Context& context) {
    const auto reply = http.send({"GET", "/fhir/$quarantine", "", "application/fhir+json", {}});
    if (!reply) return context.fail(reply.error());
    const auto answer = formats::json::parse(reply->body, kAnswerBytesMax);
    if (!answer || reply->status != 200)
        return context.fail(Exit::kRefused, "the node does not show its worklist");
    const auto items = read_items(answer->root());
    if (!context.json) return print_items(items, context);
    std::string out;
    formats::json::Writer writer(out);
    writer.begin_array();
    for (const Item& item : items) {
        writer.begin_object();
        writer.member("import", item.import);
        writer.name("entry");
        writer.number(std::to_string(item.entry));
        writer.member("cause", item.cause);
        writer.member("reason", item.reason);
        writer.end_object();
    }
    writer.end_array();
    context.out << out << '\n';
}

void run_import(const Options& options, Context& context) {
    auto to = connect(options.node, kImportScope);
    if (!to) return context.fail(to.error());
    HttpsClient http(to->endpoint, std::chrono::minutes(10));
    if (options.worklist) return run_worklist(http, context);
    if (options.paths.empty()) {
        return context.fail(Exit::kUsage, "say what to import",
                            "FHIR Bundles, NDJSON files or folders of them.");
    }
    const auto files = find_import_files(options.paths);
    if (!files) return context.fail(files.error());
    std::uint64_t bytes = 0;
    for (const ImportFile& file : *files)
        bytes += file.bytes;
    Importer importer(http, options.quarantine, context);
    std::vector<ImportPart> waiting;
    {
        Progress progress(context, "Importing", bytes);
        for (const ImportFile& file : *files) {
            auto parts = read_import_file(file.path);
            if (!parts) return context.fail(parts.error());
            for (ImportPart& part : *parts) {
                const auto fate = importer.take(part, false, false);
                if (!fate) return context.fail(fate.error());
                if (*fate == Importer::Fate::kWaits) waiting.push_back(std::move(part));
            }
            progress.advance(file.bytes);
        }
    }
    if (auto done = import_parts(std::move(waiting), importer, options.quarantine); !done)
        return context.fail(done.error());
    print_totals(importer.totals, importer.items, context);
    if (importer.totals.refused > 0) {
        context.fail(Exit::kRefused, "not everything was taken",
                     "With --quarantine, what is valid is taken and the rest put aside.");
    }
}

}  // namespace

void add_import(CLI::App& app, Context& context) {
    auto* command = add_command(app, context, "import",
                                "Store FHIR resources: Bundles, NDJSON, folders of them");
    auto options = std::make_shared<Options>();
    add_node_options(*command, options->node);
    command
        ->add_option("paths", options->paths,
                     "Files (.json, .ndjson, each perhaps .zst) and folders")
        ->type_name("PATH");
    command->add_flag("--quarantine", options->quarantine,
                      "Take what is valid, and put the rest aside with its reasons");
    command->add_flag("--worklist", options->worklist, "Show what was put aside");
    command->callback([options, &context] { run_import(*options, context); });
}

}  // namespace consilium::cli
