// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "consilium/v1/api.pb.h"
#include "proto/canonical.hpp"
#include "services/ledger/service_state.hpp"

// Outcomes, receipts and state.
namespace consilium::services::ledger_api {
namespace {

namespace json = boost::json;
using http::Media;

http::Response protobuf(Bytes body) {
    return {200, Media::kProtobuf, false, std::move(body), {}};
}

// A file that is Protocol Buffers by nature: as it is, or base64 under `name`.
http::Response file_answer(const Result<Bytes, ReadError>& file, Media media, const char* name) {
    if (!file) return read_problem(file.error());
    if (media == Media::kProtobuf) return protobuf(*file);
    return http::json(json::serialize(json::object{{name, to_base64(*file)}}));
}

struct StateQuery {
    std::optional<Height> at;
    bool prove = false;
    Bytes prefix;
    Bytes from;
    std::size_t limit = 100;
};

// "1" or "true", "0" or "false"; `bad` for anything else.
bool parse_flag(const std::optional<std::string>& text, bool& bad) {
    if (!text || *text == "0" || *text == "false") return false;
    bad = bad || (*text != "1" && *text != "true");
    return true;
}

Bytes parse_hex(const std::optional<std::string>& text, bool& bad) {
    if (!text) return {};
    const auto bytes = from_hex(*text);
    bad = bad || !bytes || bytes->size() > limits::kStateKeyBytesMax;
    return bad ? Bytes() : *bytes;
}

// The query of a state route; `list` allows what only a list has.
std::optional<StateQuery> parse_query(std::string_view query, bool list) {
    if (!(list ? http::query_has_only(query, {"prefix", "from", "limit", "at", "prove"})
               : http::query_has_only(query, {"at", "prove"}))) {
        return std::nullopt;
    }
    bool bad = false;
    StateQuery out;
    if (const auto at = http::query_parameter(query, "at", bad)) {
        out.at = parse_number(*at);
        if (!out.at) return std::nullopt;
    }
    out.prove = parse_flag(http::query_parameter(query, "prove", bad), bad);
    if (list) {
        out.prefix = parse_hex(http::query_parameter(query, "prefix", bad), bad);
        out.from = parse_hex(http::query_parameter(query, "from", bad), bad);
        if (const auto limit = http::query_parameter(query, "limit", bad)) {
            const auto number = parse_number(*limit);
            if (!number || *number == 0 || *number > kStateListMax) return std::nullopt;
            out.limit = static_cast<std::size_t>(*number);
        }
    }
    if (bad) return std::nullopt;
    return out;
}

http::Response value_answer(const StateAnswer& answer, Media media) {
    if (media == Media::kProtobuf) {
        v1::StateValue message;
        message.set_height(answer.height);
        message.set_present(answer.value.has_value());
        message.set_value(answer.value.value_or(Bytes()));
        message.set_receipt(answer.receipt);
        return protobuf(proto::encode(message));
    }
    json::object out{{"height", answer.height}, {"present", answer.value.has_value()}};
    if (answer.value) out["value"] = to_base64(*answer.value);
    if (!answer.receipt.empty()) out["receipt"] = to_base64(answer.receipt);
    return http::json(json::serialize(out));
}

http::Response list_answer(const StateList& list, Media media) {
    if (media == Media::kProtobuf) {
        v1::StateList message;
        message.set_height(list.height);
        for (const auto& [key, value] : list.entries) {
            auto& entry = *message.add_entries();
            entry.set_key(key);
            entry.set_value(value);
        }
        message.set_more(list.more);
        message.set_receipt(list.receipt);
        return protobuf(proto::encode(message));
    }
    json::array entries;
    for (const auto& [key, value] : list.entries)
        entries.push_back(json::object{{"key", to_hex(key)}, {"value", to_base64(value)}});
    json::object out{{"height", list.height}, {"entries", std::move(entries)}, {"more", list.more}};
    if (!list.receipt.empty()) out["receipt"] = to_base64(list.receipt);
    return http::json(json::serialize(out));
}

}  // namespace

void LedgerService::State::add_outcome_routes(http::Router& router) {
    router.add(http::Method::kGet, "/v1/outcomes/{id}",
               read_options(kReadScope, {Media::kJson, Media::kProtobuf}),
               [this](http::Request& request, http::Responder responder) {
                   const auto id = fixed_from_hex<ledger::TransactionId>(request.parameters[0]);
                   if (!id || !request.query.empty()) return responder.send(bad_request());
                   answer_later(std::move(responder), [this, id = *id, media = request.accept] {
                       const auto found = ports.reads.outcome(id);
                       return found ? outcome_answer(*found, media, options.describe)
                                    : read_problem(found.error());
                   });
               });
    router.add(http::Method::kGet, "/v1/outcomes/{id}/receipt",
               read_options(kReadScope, {Media::kProtobuf, Media::kJson}),
               [this](http::Request& request, http::Responder responder) {
                   const auto id = fixed_from_hex<ledger::TransactionId>(request.parameters[0]);
                   if (!id || !request.query.empty()) return responder.send(bad_request());
                   answer_later(std::move(responder), [this, id = *id, media = request.accept] {
                       return file_answer(ports.reads.outcome_receipt(id), media, "receipt");
                   });
               });
    router.add(http::Method::kGet, "/v1/validators/history",
               read_options(kReadScope, {Media::kProtobuf, Media::kJson}),
               [this](http::Request& request, http::Responder responder) {
                   if (!request.query.empty()) return responder.send(bad_request());
                   answer_later(std::move(responder), [this, media = request.accept] {
                       return file_answer(ports.reads.validator_history(), media, "history");
                   });
               });
}

void LedgerService::State::add_state_routes(http::Router& router) {
    router.add(http::Method::kGet, "/v1/state/{key}",
               read_options(kReadScope, {Media::kJson, Media::kProtobuf}),
               [this](http::Request& request, http::Responder responder) {
                   const auto key = from_hex(request.parameters[0]);
                   const auto query = parse_query(request.query, false);
                   if (!key || key->empty() || key->size() > limits::kStateKeyBytesMax || !query) {
                       return responder.send(bad_request());
                   }
                   answer_later(std::move(responder), [this, key = *key, query = *query,
                                                       media = request.accept] {
                       const auto found = ports.reads.state(key, query.at, query.prove);
                       return found ? value_answer(*found, media) : read_problem(found.error());
                   });
               });
    auto list = read_options(kSearchScope, {Media::kJson, Media::kProtobuf});
    list.heavy = true;
    router.add(http::Method::kGet, "/v1/state", list,
               [this](http::Request& request, http::Responder responder) {
                   const auto query = parse_query(request.query, true);
                   if (!query) return responder.send(bad_request());
                   answer_later(
                       std::move(responder), [this, query = *query, media = request.accept] {
                           const auto found = ports.reads.state_list(
                               query.prefix, query.from, query.limit, query.at, query.prove);
                           return found ? list_answer(*found, media) : read_problem(found.error());
                       });
               });
}

}  // namespace consilium::services::ledger_api
