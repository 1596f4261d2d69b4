// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>

#include "base/hex.hpp"
#include "consilium/v1/membership.pb.h"
#include "services/ledger/openapi.hpp"
#include "services/ledger/service_state.hpp"

// What a node says of itself and of its consortium.
namespace consilium::services::ledger_api {
namespace {

namespace json = boost::json;
using http::Media;

// Rows of membership (docs/formats/tables.md): contract 2, tables 1 (members) and 2 (nodes); the
// member's id follows, ended by a zero byte.
constexpr std::string_view kMemberRows{"\x02\x01", 2};
constexpr std::string_view kNodeRows{"\x02\x02", 2};

// "MEMBER_KIND_PAYER" as "payer".
std::string short_name(const std::string& name, std::size_t prefix) {
    std::string out = name.substr(std::min(prefix, name.size()));
    for (char& c : out)
        c = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

json::object member_json(std::string_view id, const v1::Member& member) {
    json::array kinds;
    for (const int kind : member.kinds()) {
        const auto name = v1::MemberKind_Name(static_cast<v1::MemberKind>(kind));
        kinds.push_back(json::string(short_name(name, sizeof "MEMBER_KIND_" - 1)));
    }
    return {{"member_id", id},
            {"name", member.name()},
            {"address", member.address()},
            {"kinds", std::move(kinds)},
            {"status",
             short_name(v1::MemberStatus_Name(member.status()), sizeof "MEMBER_STATUS_" - 1)}};
}

void add_node(json::object& to, const v1::Node& node) {
    to["endpoint"] = node.endpoint();
    to["validator"] = !node.validator_public_key().empty();
    if (!node.validator_public_key().empty()) {
        to["validator_public_key"] = to_hex(node.validator_public_key());
        to["validator_power"] = node.validator_power();
    }
    if (!node.peer_endpoint().empty()) to["peer_endpoint"] = node.peer_endpoint();
    if (!node.tls_key_sha256().empty()) to["tls_key_sha256"] = to_hex(node.tls_key_sha256());
}

std::string_view id_of(BytesView key) {
    return key.substr(kMemberRows.size(), key.size() - kMemberRows.size() - 1);
}

// Members and nodes as of one height: 1,000 members are at most (limits::kMembersMax).
http::Response members_answer(const Reads& reads) {
    const Height height = reads.status().height;
    const auto members = reads.state_list(kMemberRows, {}, kStateListMax, height, false);
    if (!members) return read_problem(members.error());
    const auto nodes = reads.state_list(kNodeRows, {}, kStateListMax, height, false);
    if (!nodes) return read_problem(nodes.error());
    std::map<std::string_view, const Bytes*> node_of;
    for (const auto& [key, value] : nodes->entries)
        node_of.emplace(id_of(key), &value);
    json::array out;
    for (const auto& [key, value] : members->entries) {
        v1::Member member;
        if (!member.ParseFromString(value)) return read_problem(ReadError::kDisk);
        auto row = member_json(id_of(key), member);
        const auto found = node_of.find(id_of(key));
        v1::Node node;
        if (found != node_of.end() && node.ParseFromString(*found->second)) add_node(row, node);
        out.push_back(std::move(row));
    }
    return http::json(
        json::serialize(json::object{{"height", height}, {"members", std::move(out)}}));
}

http::Response status_answer(const Reads& reads) {
    const auto status = reads.status();
    return http::json(json::serialize(json::object{
        {"member_id", status.member_id},
        {"network_id", to_hex(status.network_id.view())},
        {"chain_id", status.chain_id},
        {"protocol_version", status.protocol_version},
        {"height", status.height},
        {"retained_height", status.retained_height},
        {"block_time_unix_ms", status.block_time.value},
        {"state_root", to_hex(status.state_root.view())},
        {"catching_up", status.catching_up},
        {"failed", status.failed},
        {"queue_transactions", status.queue_transactions},
    }));
}

http::Response health_answer(const Reads& reads) {
    const auto status = reads.status();
    if (status.failed) {
        return http::problem(503, "stopped",
                             "The node has stopped by itself; its log says why, and a restart is "
                             "needed");
    }
    if (status.catching_up) {
        return http::problem_retry(503, "catching-up", "The node is catching up", 5);
    }
    return http::json(R"({"status":"ok"})");
}

}  // namespace

void LedgerService::State::add_node_routes(http::Router& router) {
    const auto open = [](Media media) {
        http::RouteOptions out;
        out.produces = {media};
        return out;
    };
    router.add(http::Method::kGet, "/v1/status", read_options(kReadScope),
               [this](http::Request&, http::Responder responder) {
                   answer_later(std::move(responder),
                                [this] { return status_answer(ports.reads); });
               });
    router.add(http::Method::kGet, "/v1/members", read_options(kSearchScope),
               [this](http::Request&, http::Responder responder) {
                   answer_later(std::move(responder),
                                [this] { return members_answer(ports.reads); });
               });
    router.add(http::Method::kGet, "/v1/genesis", read_options(kReadScope),
               [this](http::Request&, http::Responder responder) {
                   answer_later(std::move(responder),
                                [this] { return http::json(ports.reads.genesis()); });
               });
    router.add(http::Method::kGet, "/healthz", open(Media::kJson),
               [this](http::Request&, http::Responder responder) {
                   answer_later(std::move(responder),
                                [this] { return health_answer(ports.reads); });
               });
    auto scrape = open(Media::kMetrics);
    if (options.metrics_need_token) scrape.scope = http::Scope{"Metrics", 'r', true};
    router.add(http::Method::kGet, "/metrics", scrape,
               [this](http::Request&, http::Responder responder) {
                   answer_later(std::move(responder), [this] {
                       return http::Response{200, Media::kMetrics, false, metrics.render(), {}, {}};
                   });
               });
    router.add(http::Method::kGet, "/openapi.json", open(Media::kJson),
               [](http::Request&, http::Responder responder) {
                   responder.send(http::json(Bytes(openapi_document())));
               });
    router.add(http::Method::kGet, "/.well-known/jwks.json", open(Media::kJson),
               [this](http::Request&, http::Responder responder) {
                   responder.send(http::json(tokens.jwks()));
               });
}

}  // namespace consilium::services::ledger_api
