// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <cstdlib>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "cli/names.hpp"
#include "node/json_text.hpp"

namespace consilium::cli {
namespace {

struct Options {
    HomeOptions home;
    std::string subject;
    std::string client = "consilium-cli";
    std::string scope = std::string(kFullScope);
    std::uint64_t minutes = 60;
    std::string purpose;
    bool break_glass = false;
    std::string patient;
    std::string link;
};

void new_token(const Options& options, Context& context) {
    const auto member = open_member(options.home);
    if (!member) return context.fail(member.error());
    http::TokenRequest request;
    request.subject = options.subject.empty() ? member->id : options.subject;
    request.client_id = options.client;
    request.scope = options.scope;
    request.lifetime_ms = options.minutes * 60'000;
    request.purpose_of_use = options.purpose;
    request.break_glass = options.break_glass;
    request.patient = options.patient;
    request.link = options.link;
    const auto token = issue_token(*member, request);
    if (!token) return context.fail(token.error());
    if (!context.json) {
        context.out << *token << '\n';
        return;
    }
    boost::json::object shown{{"token", *token},
                              {"member", member->id},
                              {"subject", request.subject},
                              {"scope", request.scope},
                              {"expires", to_rfc3339({now().value + request.lifetime_ms})}};
    if (!request.purpose_of_use.empty()) shown["purpose_of_use"] = request.purpose_of_use;
    if (request.break_glass) shown["break_glass"] = true;
    if (!request.patient.empty()) shown["patient"] = request.patient;
    if (!request.link.empty()) shown["link"] = request.link;
    context.out << node::pretty_json(shown) << '\n';
}

}  // namespace

void add_token(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    CLI::App* group = add_group(app, "token", "Issue access tokens for a member's node");
    CLI::App* made =
        add_command(*group, context, "new", "Issue a token, signed with the member's token key");
    add_home_options(*made, options->home);
    made->add_option("--subject", options->subject,
                     "The opaque id of the user or system it is for; the member's id without it");
    made->add_option("--client", options->client, "The application that will use it")
        ->capture_default_str();
    made->add_option("--scope", options->scope, "SMART v2 scopes")->capture_default_str();
    made->add_option("--minutes", options->minutes, "How long it is valid")
        ->check(CLI::Range(1, 1440))
        ->capture_default_str();
    made->add_option("--purpose", options->purpose,
                     "Why its holder asks: a code of v3-PurposeOfUse, such as TREAT")
        ->check(CLI::Validator(
            [](std::string& text) {
                const bool capitals = std::all_of(text.begin(), text.end(),
                                                  [](char c) { return c >= 'A' && c <= 'Z'; });
                return capitals && text.size() >= 2 && text.size() <= 16
                           ? std::string()
                           : std::string("2 to 16 capital letters");
            },
            ""));
    made->add_flag("--break-glass", options->break_glass, "Its holder is cleared for emergencies");
    made->add_option("--patient", options->patient,
                     "The FHIR id of the Patient whose record it is for, with patient/ scopes");
    made->add_option("--link", options->link,
                     "The link whose record it is for, 32 hex digits, with patient/ scopes");
    made->callback([options, &context] { new_token(*options, context); });
}

}  // namespace consilium::cli
