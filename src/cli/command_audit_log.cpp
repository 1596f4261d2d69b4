// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <ostream>

#include "base/rfc3339.hpp"
#include "cli/access.hpp"
#include "cli/commands.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"

// A member's log of accesses to patients' data: `audit log` and `audit events`.
namespace consilium::cli {
namespace {

using formats::json::Value;

constexpr std::string_view kScope = "user/AuditEvent.rs";
constexpr std::size_t kLineBytesMax = 16U << 20U;

struct EventOptions {
    NodeOptions node;
    std::string patient;
    std::string from;
    std::string to;
};

std::string text_of(const Value& object, std::string_view name) {
    const Value* value = object.find(name);
    if (value == nullptr) return {};
    if (value->is_string()) return std::string(value->string());
    return value->is_number() ? std::string(value->number()) : std::string();
}

// "log-12-0-1" -> "12"
std::string sequence_of(const std::string& id) {
    const auto first = id.find('-');
    if (first == std::string::npos) return {};
    const auto second = id.find('-', first + 1);
    return id.substr(first + 1, second == std::string::npos ? second : second - first - 1);
}

std::string escaped(const std::string& text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
        if (plain) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kDigits[byte >> 4U];
        out += kDigits[byte & 15U];
    }
    return out;
}

std::string target_of(std::string_view path, const EventOptions& options,
                      const std::string& after) {
    std::string out = std::string(path) + "?to=" + escaped(options.to);
    if (!options.from.empty()) out += "&from=" + escaped(options.from);
    if (!options.patient.empty()) out += "&patient=" + escaped(options.patient);
    if (!after.empty()) out += "&after=" + after;
    return out;
}

void fail_with(Context& context, const HttpReply& reply) {
    const auto answer = formats::json::parse(reply.body, kLineBytesMax);
    const std::string title =
        answer && answer->root().is_object() ? text_of(answer->root(), "title") : std::string();
    context.fail(Exit::kRefused,
                 "the node refused: " +
                     (title.empty() ? "status " + std::to_string(reply.status) : printable(title)));
}

// Prints what the node answers; nothing after a failure, which it has said.
std::optional<Bytes> print_lines(HttpsClient& http, const std::string& target, Context& context) {
    HttpRequest request;
    request.target = target;
    request.accept = "application/x-ndjson";
    auto reply = http.send(request);
    if (!reply) {
        context.fail(reply.error());
        return std::nullopt;
    }
    if (reply->status != 200) {
        fail_with(context, *reply);
        return std::nullopt;
    }
    context.out << reply->body;
    return std::move(reply->body);
}

// Page by page: a page goes on after the row of the last event of the one before. Then what crossed
// between members.
void print_events(EventOptions options, Context& context) {
    auto connected = connect(options.node, kScope);
    if (!connected) return context.fail(connected.error());
    if (options.to.empty()) options.to = to_rfc3339(now());
    HttpsClient http(connected->endpoint);
    std::string after;
    while (true) {
        const auto lines =
            print_lines(http, target_of("/v1/audit/events", options, after), context);
        if (!lines) return;
        if (lines->empty()) break;
        BytesView last = *lines;
        last.remove_suffix(1);
        last = last.substr(last.rfind('\n') + 1);
        const auto event = formats::json::parse(Bytes(last), kLineBytesMax);
        if (!event || !event->root().is_object())
            return context.fail(Exit::kRefused, "the node's answer cannot be read");
        after = sequence_of(text_of(event->root(), "id"));
    }
    (void)print_lines(http, target_of("/v1/audit/disclosures", options, {}), context);
}

// "rows 9 to 12", "row 9", "head 3"
std::string place_of(const Value& finding) {
    const std::string row = text_of(finding, "row");
    const std::string until = text_of(finding, "until");
    const std::string head = text_of(finding, "head");
    std::string out;
    if (!row.empty())
        out = until.empty() || until == row ? "row " + row : "rows " + row + " to " + until;
    if (!head.empty()) out += (out.empty() ? "head " : ", head ") + head;
    return out;
}

void verify_log(const NodeOptions& options, Context& context) {
    auto connected = connect(options, kScope);
    if (!connected) return context.fail(connected.error());
    const auto body = connected->node.json("/v1/audit/log/verification");
    if (!body) return context.fail(body.error());
    const auto report = formats::json::parse(*body, kLineBytesMax);
    const Value* findings =
        report && report->root().is_object() ? report->root().find("findings") : nullptr;
    if (findings == nullptr || !findings->is_array())
        return context.fail(Exit::kRefused, "the node's answer cannot be read");
    const bool whole = findings->array().empty();
    if (context.json) {
        context.out << formats::json::write_pretty(report->root()) << '\n';
    } else {
        Facts facts;
        facts.add("Rows", text_of(report->root(), "rows"));
        facts.add("Heads on the ledger", text_of(report->root(), "heads"));
        facts.add("Anchored up to row", text_of(report->root(), "anchored"));
        facts.add("Verdict", whole ? "whole" : "NOT WHOLE");
        facts.print(context);
        if (!whole) {
            Table table({{"FAULT"}, {"WHERE"}, {"WHAT IT MEANS"}});
            for (const Value& finding : findings->array())
                table.add({printable(text_of(finding, "fault")), printable(place_of(finding)),
                           printable(text_of(finding, "text"))});
            table.print(context);
        }
    }
    if (!whole) context.exit = Exit::kRefused;
}

}  // namespace

void add_audit_log(CLI::App& group, Context& context) {
    auto events = std::make_shared<EventOptions>();
    CLI::App* shown =
        group.add_subcommand("events", "Print who accessed patients' data, as FHIR AuditEvents");
    add_node_options(*shown, events->node);
    shown->add_option("--patient", events->patient, "The FHIR id of the Patient whose data it was");
    shown->add_option("--from", events->from, "From this moment on: 2026-11-23 or RFC 3339");
    shown->add_option("--to", events->to, "Up to this moment; now without it");
    shown->callback([events, &context] { print_events(*events, context); });
    CLI::App* log = add_group(group, "log", "The log of accesses to patients' data");
    auto node = std::make_shared<NodeOptions>();
    CLI::App* verify = add_command(*log, context, "verify",
                                   "Check that no row was altered or left out, against the ledger");
    add_node_options(*verify, *node);
    verify->callback([node, &context] { verify_log(*node, context); });
}

}  // namespace consilium::cli
