// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/consent_terms.hpp"
#include "cli/show.hpp"
#include "cli/submission.hpp"
#include "contracts/registry/registry.hpp"
#include "crypto/random.hpp"
#include "ledger/commitment.hpp"
#include "node/json_text.hpp"
#include "proto/canonical.hpp"
#include "proto/enum_names.hpp"

// `consilium consent`: what a patient said about a link, and what the custodian's staff enters that
// came on paper. A patient with a wallet uses `consilium wallet consent` and `wallet revoke`.
namespace consilium::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kScanBytesMax = 32U << 20U;
constexpr std::size_t kSaltBytes = 32;
constexpr std::string_view kScanScope = "user/Binary.c";

struct Options {
    NodeOptions node;
    ConsentTerms terms;
    std::string link;
    std::string paper;
    std::string receipt;
    std::uint32_t number = 0;
};

Result<Bytes, Problem> read_link(const std::string& text) {
    const auto id = fixed_from_hex<ledger::LinkId>(text);
    if (!id) return fail(Problem{Exit::kUsage, "a link has 32 hex digits", {}});
    return id->bytes();
}

// Seals the scan in the custodian's vault, as a Binary in no chart: 32 bytes of salt, then the
// scan. The salt opens the commitment to it, which is answered.
Result<Bytes, Problem> seal_scan(const Options& options, Context& context) {
    const auto scan = read_file(options.paper, kScanBytesMax);
    if (!scan) return fail(scan.error());
    const auto to = connect(options.node, kScanScope);
    if (!to) return fail(to.error());
    const Bytes salt = crypto::random_bytes(kSaltBytes);
    HttpsClient http(to->endpoint);
    const auto reply = http.send({"POST",
                                  "/fhir/Binary",
                                  "application/octet-stream",
                                  "application/fhir+json",
                                  salt + *scan,
                                  {{"Prefer", "return=minimal"}}});
    if (!reply) return fail(reply.error());
    if (reply->status != 201) {
        return fail(
            Problem{Exit::kRefused,
                    "the node did not take the scan: status " + std::to_string(reply->status),
                    "Nothing was submitted."});
    }
    const auto location = std::string(reply->header("Location").value_or(""));
    const auto at = location.find("Binary/");
    if (!context.json && at != std::string::npos) {
        context.out << "The scan is sealed in the vault: "
                    << location.substr(at, location.find("/_history", at) - at) << ".\n";
    }
    return ledger::document_commitment(salt, *scan).bytes();
}

struct Ready {
    Bytes link;
    Connected to;
};

Result<Ready, Problem> get_ready(const Options& options) {
    auto link = read_link(options.link);
    if (!link) return fail(link.error());
    auto to = connect(options.node);
    if (!to) return fail(to.error());
    if (!to->member) {
        return fail(Problem{Exit::kUsage, "this needs the folder of the custodian",
                            "Give --home and --member."});
    }
    return Ready{std::move(link).value(), std::move(to).value()};
}

void submit(const Options& options, const v1::IdentityCommand& command, Connected& to,
            Context& context) {
    const auto transaction = compose_as(*to.member, v1::ROLE_CLERK, {command_of(command)});
    if (!transaction) return context.fail(transaction.error());
    submit_and_print(to.node, *transaction, options.receipt, context);
}

void grant(const Options& options, Context& context) {
    auto ready = get_ready(options);
    if (!ready) return context.fail(ready.error());
    auto command = grant_command(options.terms, ready->link, ready->to.node);
    if (!command) return context.fail(command.error());
    const auto commitment = seal_scan(options, context);
    if (!commitment) return context.fail(commitment.error());
    command->mutable_grant_consent()->set_paper_commitment(*commitment);
    submit(options, *command, ready->to, context);
}

void revoke(const Options& options, Context& context) {
    auto ready = get_ready(options);
    if (!ready) return context.fail(ready.error());
    auto command = revoke_command(ready->link, options.number, ready->to.node);
    if (!command) return context.fail(command.error());
    const auto commitment = seal_scan(options, context);
    if (!commitment) return context.fail(commitment.error());
    command->mutable_revoke_consent()->set_paper_commitment(*commitment);
    submit(options, *command, ready->to, context);
}

template <typename E, typename List>
std::string names_in(const List& values) {
    std::string out;
    for (const auto value : values)
        out += (out.empty() ? "" : ", ") + proto::name_of(static_cast<E>(value));
    return out;
}

void list(const Options& options, Context& context) {
    const auto link = read_link(options.link);
    if (!link) return context.fail(link.error());
    auto to = connect(options.node);
    if (!to) return context.fail(to.error());
    const auto prefix =
        contracts::registry().key_from_path("identity/consent/" + to_hex(*link)).value_or("");
    const auto rows = to->node.state_list(prefix, std::nullopt);
    if (!rows) return context.fail(rows.error());
    Table table(
        {{"Number", true}, {"What"}, {"Purposes"}, {"Actions"}, {"Until"}, {"Given"}, {"Status"}});
    json::array out;
    for (int i = 0; i < rows->entries_size(); ++i) {
        v1::Consent consent;
        if (!proto::parse_canonical(rows->entries(i).value(), consent))
            return context.fail(Exit::kInternal, "the node's answer is not a list of consents");
        json::object shown = message_json(consent);
        shown["number"] = i + 1;
        out.push_back(std::move(shown));
        table.add({std::to_string(i + 1), proto::name_of(consent.provision()),
                   names_in<v1::PurposeOfUse>(consent.purposes()),
                   names_in<v1::AccessAction>(consent.actions()),
                   to_rfc3339({consent.valid_until_unix_ms()}), proto::name_of(consent.form()),
                   proto::name_of(consent.status())});
    }
    if (context.json) {
        context.out << node::pretty_json(json::object{{"consents", std::move(out)}}) << '\n';
    } else {
        table.print(context);
    }
}

}  // namespace

void add_consent(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* group = add_group(app, "consent", "Consents under a link: list them, enter paper");
    const auto add = [&](const char* name, const char* about,
                         void (*run)(const Options&, Context&)) {
        CLI::App* command = add_command(*group, context, name, about);
        command->add_option("--link", options->link, "The link, 32 hex digits")->required();
        add_node_options(*command, options->node);
        command->callback([options, run, &context] { run(*options, context); });
        return command;
    };
    add("list", "List what the patient said about a link", list);
    CLI::App* given =
        add("grant", "Enter a consent, or an objection, that the patient gave on paper", grant);
    add_consent_terms(*given, options->terms);
    CLI::App* revoked = add("revoke", "Enter a revocation that the patient gave on paper", revoke);
    revoked->add_option("--number", options->number, "The consent's number under the link")
        ->required();
    for (CLI::App* command : {given, revoked}) {
        command->add_option("--paper", options->paper, "The scan: it is sealed in the vault")
            ->required();
        command->add_option("--receipt", options->receipt, "Fetch the receipt too, into this file");
    }
}

}  // namespace consilium::cli
