// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "consilium/v1/ehr.pb.h"
#include "crypto/random.hpp"
#include "node/json_text.hpp"
#include "proto/enum_names.hpp"

// `consilium record`: what a custodian does with the records that it holds.
namespace consilium::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kDiscloseScope = "user/Disclosure.cr";

struct Disclose {
    NodeOptions node;
    std::string patient;
    std::vector<std::string> resources;
    std::string recipient;
    std::string basis;
};

std::string text_of(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string().c_str())
                                                  : std::string();
}

std::vector<std::string> legal_bases() {
    auto names = proto::names_of<v1::LegalBasis>();
    const auto none = proto::name_of(v1::LEGAL_BASIS_NONE);
    names.erase(std::remove(names.begin(), names.end(), none), names.end());
    return names;
}

void print_order(const json::object& answer, Context& context) {
    Facts facts;
    facts.add("recipient", text_of(answer, "recipient"));
    facts.add("basis", text_of(answer, "basis"));
    facts.add("link", text_of(answer, "link"));
    facts.add("disclosure", std::to_string(answer.at("disclosure").to_number<std::uint64_t>()));
    facts.add("order", text_of(answer, "order"));
    for (const auto& one : answer.at("sent").as_array())
        facts.add("disclosed", text_of(one.as_object(), "resource"));
    for (const auto& one : answer.at("kept").as_array())
        facts.add("stays here",
                  text_of(one.as_object(), "resource") + ": " + text_of(one.as_object(), "reason"));
    facts.print(context);
}

void run_disclose(const Disclose& options, Context& context) {
    auto to = connect(options.node, kDiscloseScope);
    if (!to) return context.fail(to.error());
    json::array resources;
    for (const std::string& resource : options.resources)
        resources.emplace_back(resource);
    // With an id of its own the order may reach the node twice and is carried out once.
    const json::object order{{"order", to_hex(crypto::random_bytes(16))},
                             {"patient", options.patient},
                             {"resources", resources},
                             {"recipient", options.recipient},
                             {"basis", options.basis}};
    const auto answer = to->node.post_json("/v1/exchange/disclosures", json::serialize(order));
    if (!answer) return context.fail(answer.error());
    boost::system::error_code error;
    const auto parsed = json::parse(*answer, error);
    if (error || !parsed.is_object())
        return context.fail(Exit::kRefused, "the node's answer is no disclosure");
    if (context.json) {
        context.out << node::pretty_json(parsed) << '\n';
        return;
    }
    const bool filed = parsed.as_object().at("disclosure").to_number<std::uint64_t>() != 0;
    context.out << (filed ? "The disclosure is on the ledger; what is disclosed follows, sealed.\n"
                          : "The order is taken; the ledger has not answered yet.\n");
    print_order(parsed.as_object(), context);
}

void add_disclose(CLI::App& group, Context& context) {
    auto options = std::make_shared<Disclose>();
    CLI::App* command =
        add_command(group, context, "disclose",
                    "Disclose resources of a patient to another member by law (45 CFR 164.512)");
    add_node_options(*command, options->node);
    command->add_option("--patient", options->patient, "The FHIR id of the Patient")->required();
    command
        ->add_option("--resource", options->resources,
                     "TYPE/ID of what is disclosed, and nothing else; once for each")
        ->required();
    command->add_option("--recipient", options->recipient, "The member that receives it")
        ->required();
    command->add_option("--basis", options->basis, "The letter of 45 CFR 164.512 it rests on")
        ->required()
        ->check(CLI::IsMember(legal_bases()));
    command->callback([options, &context] { run_disclose(*options, context); });
}

}  // namespace

void add_record(CLI::App& app, Context& context) {
    CLI::App* group = add_group(app, "record", "Disclose and erase records of a member's own");
    add_disclose(*group, context);
    add_record_erasure(*group, context);
}

}  // namespace consilium::cli
