// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <memory>
#include <ostream>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "consilium/v1/documents.pb.h"
#include "crypto/random.hpp"
#include "node/json_text.hpp"
#include "proto/enum_names.hpp"

// `consilium record erase` and what belongs to it: erasure at all holders, and holds against it.
namespace consilium::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view kEraseScope = "user/Erasure.cr";
constexpr std::string_view kHoldScope = "user/Hold.crd";

struct Erase {
    NodeOptions node;
    std::string resource;
    std::string version = "all";
    std::string basis;
};

struct Erasures {
    NodeOptions node;
    std::string id;
};

struct Hold {
    NodeOptions node;
    std::string disclosure;
    std::string reason;
    bool release = false;
};

std::string text_of(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string().c_str())
                                                  : std::string();
}

std::uint64_t number_of(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

Result<json::object, Problem> parse(const Result<std::string, Problem>& answer) {
    if (!answer) return fail(answer.error());
    boost::system::error_code error;
    auto parsed = json::parse(*answer, error);
    if (error || !parsed.is_object())
        return fail(Problem{Exit::kRefused, "the node's answer is not understood", {}});
    return parsed.as_object();
}

// "erased", "retained: legal-hold" or "outstanding since 2026-11-23T...".
std::string fate_of(const json::object& copy) {
    std::string out = text_of(copy, "state");
    if (out == "retained") out += ": " + text_of(copy, "reason");
    if (out == "outstanding") out += " since " + to_rfc3339({number_of(copy, "since_unix_ms")});
    return out;
}

void print_erasure(const json::object& erasure, Context& context) {
    Facts facts;
    facts.add("erasure", text_of(erasure, "erasure"));
    facts.add("resource", text_of(erasure, "resource"));
    facts.add("basis", text_of(erasure, "basis"));
    facts.add("state", text_of(erasure, "state"));
    if (const auto expires = number_of(erasure, "last_backup_expires_unix_ms"); expires != 0)
        facts.add("last backup expires", to_rfc3339({expires}));
    facts.print(context);
    const auto& holders = erasure.at("holders").as_array();
    if (holders.empty()) return;
    Table table({{"HOLDER", false}, {"LINK", false}, {"VERSION", true}, {"STATE", false}});
    for (const auto& one : holders) {
        const auto& copy = one.as_object();
        table.add({text_of(copy, "holder"), text_of(copy, "link"),
                   std::to_string(number_of(copy, "version")), fate_of(copy)});
    }
    table.print(context);
}

void run_erase(const Erase& options, Context& context) {
    auto to = connect(options.node, kEraseScope);
    if (!to) return context.fail(to.error());
    json::object order{{"erasure", to_hex(crypto::random_bytes(16))},
                       {"resource", options.resource},
                       {"basis", options.basis}};
    if (options.version == "all") {
        order["version"] = "all";
    } else {
        std::uint32_t version = 0;  // its digits are checked
        std::from_chars(options.version.data(), options.version.data() + options.version.size(),
                        version);
        order["version"] = version;
    }
    const auto answer = parse(to->node.post_json("/v1/records/erase", json::serialize(order)));
    if (!answer) return context.fail(answer.error());
    if (context.json) {
        context.out << node::pretty_json(*answer) << '\n';
        return;
    }
    context.out << "Erased here; whoever received it is told to do the same.\n";
    print_erasure(*answer, context);
}

void run_erasures(const Erasures& options, Context& context) {
    auto to = connect(options.node, kEraseScope);
    if (!to) return context.fail(to.error());
    if (!options.id.empty()) {
        const auto answer = parse(to->node.json("/v1/records/erasures/" + options.id));
        if (!answer) return context.fail(answer.error());
        if (context.json) {
            context.out << node::pretty_json(*answer) << '\n';
        } else {
            print_erasure(*answer, context);
        }
        return;
    }
    json::array all;
    std::string after;
    do {
        const auto page = parse(to->node.json("/v1/records/erasures?limit=1000" +
                                              (after.empty() ? after : "&after=" + after)));
        if (!page) return context.fail(page.error());
        for (const auto& one : page->at("items").as_array())
            all.push_back(one);
        after = text_of(*page, "next");
    } while (!after.empty());
    if (context.json) {
        context.out << node::pretty_json(json::object{{"items", std::move(all)}}) << '\n';
        return;
    }
    for (const auto& one : all) {
        print_erasure(one.as_object(), context);
        context.out << '\n';
    }
}

void run_hold(const Hold& options, Context& context) {
    auto to = connect(options.node, kHoldScope);
    if (!to) return context.fail(to.error());
    if (options.release) {
        HttpsClient http(to->endpoint);
        const auto reply = http.send(
            {"DELETE", "/v1/records/holds/" + options.disclosure, "", "application/json", {}});
        if (!reply) return context.fail(reply.error());
        if (reply->status != 204) return context.fail(Exit::kRefused, "nothing holds that");
        if (!context.json) context.out << "It is held no longer.\n";
        return;
    }
    const json::object order{{"disclosure", options.disclosure}, {"reason", options.reason}};
    const auto answer = parse(to->node.post_json("/v1/records/holds", json::serialize(order)));
    if (!answer) return context.fail(answer.error());
    if (context.json) {
        context.out << node::pretty_json(*answer) << '\n';
        return;
    }
    context.out << "What it brought is kept, whoever orders its erasure.\n";
}

CLI::Validator version_validator() {
    return CLI::Validator(
        [](std::string& text) {
            const bool digits =
                !text.empty() && text.size() <= 9 && text.front() != '0' &&
                std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
            return digits || text == "all" ? std::string() : std::string("a number, or 'all'");
        },
        "");
}

}  // namespace

void add_record_erasure(CLI::App& group, Context& context) {
    auto erase = std::make_shared<Erase>();
    CLI::App* command = add_command(group, context, "erase",
                                    "Erase a document here and at everybody who received it");
    add_node_options(*command, erase->node);
    command->add_option("--resource", erase->resource, "TYPE/ID of the resource")->required();
    command->add_option("--version", erase->version, "One version of it, or all")
        ->check(version_validator())
        ->capture_default_str();
    command->add_option("--basis", erase->basis, "Why it is erased")
        ->required()
        ->check(CLI::IsMember(proto::names_of<v1::ShredBasis>()));
    command->callback([erase, &context] { run_erase(*erase, context); });

    auto erasures = std::make_shared<Erasures>();
    command = add_command(group, context, "erasures",
                          "Show what was erased here, and what each holder answered");
    add_node_options(*command, erasures->node);
    command->add_option("id", erasures->id, "One erasure; all without it")->type_name("ID");
    command->callback([erasures, &context] { run_erasures(*erasures, context); });

    auto hold = std::make_shared<Hold>();
    command = add_command(group, context, "hold",
                          "Keep what a disclosure brought, whoever orders its erasure");
    add_node_options(*command, hold->node);
    command->add_option("disclosure", hold->disclosure, "The disclosure, as LINK/NUMBER")
        ->type_name("DISCLOSURE")
        ->required();
    command->add_option("--reason", hold->reason, "Why it is kept")
        ->required()
        ->check(CLI::IsMember(proto::names_of<v1::RetentionReason>()));
    command->callback([hold, &context] { run_hold(*hold, context); });

    auto release = std::make_shared<Hold>();
    release->release = true;
    command = add_command(group, context, "release", "End a hold");
    add_node_options(*command, release->node);
    command->add_option("disclosure", release->disclosure, "The disclosure, as LINK/NUMBER")
        ->type_name("DISCLOSURE")
        ->required();
    command->callback([release, &context] { run_hold(*release, context); });
}

}  // namespace consilium::cli
