// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <ostream>

#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"

// `consilium record read`: reads through a node's FHIR API, records of other members' too.
namespace consilium::cli {
namespace {

using formats::json::Value;

constexpr std::string_view kReadScope = "user/*.rs";
constexpr std::size_t kAnswerBytesMax = 64U << 20U;

struct Options {
    NodeOptions node;
    std::string path;
    std::string purpose;
    std::string out;
};

// "The ledger denied the request: ... (forbidden)", of an OperationOutcome.
std::string reason_of(const Value& answer, unsigned status) {
    const Value* issues = answer.find("issue");
    if (issues == nullptr || !issues->is_array() || issues->array().empty())
        return "status " + std::to_string(status);
    const auto text = [&](std::string_view name) {
        const Value* value = issues->array().front().find(name);
        return value != nullptr && value->is_string() ? std::string(value->string())
                                                      : std::string();
    };
    return printable(text("diagnostics") + " (" + text("code") + ")");
}

void read(const Options& options, Context& context) {
    http::TokenRequest token;
    token.client_id = "consilium-cli";
    token.scope = kReadScope;
    token.purpose_of_use = options.purpose;
    auto to = connect(options.node, std::move(token));
    if (!to) return context.fail(to.error());
    HttpsClient http(to->endpoint);
    const auto reply =
        http.send({"GET", "/fhir/" + options.path, {}, "application/fhir+json", {}, {}});
    if (!reply) return context.fail(reply.error());
    const auto answer = formats::json::parse(reply->body, kAnswerBytesMax);
    if (!answer) return context.fail(Exit::kRefused, "the node's answer cannot be read");
    if (reply->status / 100 != 2) {
        return context.fail(Exit::kRefused,
                            "the node refused: " + reason_of(answer->root(), reply->status));
    }
    if (options.out.empty()) {
        // As it came for programs, indented for people.
        context.out << (context.json ? reply->body : formats::json::write_pretty(answer->root()))
                    << '\n';
        return;
    }
    if (auto written = write_file(options.out, reply->body); !written)
        return context.fail(written.error());
    context.err << "Wrote " << size_text(reply->body.size()) << " to " << options.out << ".\n";
}

}  // namespace

void add_record_read(CLI::App& app, Context& context) {
    CLI::App* group = app.get_subcommand("record");
    auto options = std::make_shared<Options>();
    CLI::App* command =
        add_command(*group, context, "read",
                    "Read through a node's FHIR API; of a chart elsewhere, by its card");
    command
        ->add_option("path", options->path,
                     "What follows /fhir/: 'Patient/ID/$everything', 'Observation?patient=ID'")
        ->required();
    command->add_option("--purpose", options->purpose,
                        "With --home: why, a code of v3-PurposeOfUse such as TREAT");
    command->add_option("--out", options->out, "Write it into this file");
    add_node_options(*command, options->node);
    command->callback([options, &context] { read(*options, context); });
}

}  // namespace consilium::cli
