// SPDX-License-Identifier: Apache-2.0
#include "cli/node_client.hpp"

#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "base/hex.hpp"
#include "proto/canonical.hpp"
#include "services/ledger/delimited.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kWaitBetween{2};
constexpr int kAttemptsMax = 5000;
constexpr const char* kProtobuf = "application/x-protobuf";

std::string text_of(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::uint64_t number_of(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr) return 0;
    if (const auto* number = value->if_uint64()) return *number;
    const auto* number = value->if_int64();
    return number == nullptr || *number < 0 ? 0 : static_cast<std::uint64_t>(*number);
}

// A problem document (RFC 9457) as the node sent it.
struct Refusal {
    std::string code;
    std::string title;
};

Refusal read_refusal(const HttpReply& reply) {
    boost::system::error_code error;
    const json::value parsed = json::parse(reply.body, error);
    const auto* object = error ? nullptr : parsed.if_object();
    if (object == nullptr) return {"", "it answered with status " + std::to_string(reply.status)};
    const auto* issues = object->if_contains("issue");  // FHIR's OperationOutcome
    if (issues != nullptr && issues->is_array() && !issues->as_array().empty()) {
        const auto* first = issues->as_array().front().if_object();
        if (first != nullptr) return {text_of(*first, "code"), text_of(*first, "diagnostics")};
    }
    return {text_of(*object, "code"), text_of(*object, "title")};
}

Problem problem_of(const Refusal& refusal, unsigned status) {
    Problem problem{Exit::kRefused, "the node refused: " + refusal.title, {}};
    if (!refusal.code.empty()) problem.message += " (" + refusal.code + ")";
    if (status == 401) {
        problem.hint = "The token is missing, expired or of another node: 'consilium token new'.";
    } else if (status == 403 && refusal.code == "scope-missing") {
        problem.hint = "The token's scope does not allow it; give 'consilium token new' --scope.";
    } else if (status == 503) {
        problem.code = Exit::kUnreachable;
        problem.hint = "Try again in a moment; nothing is done twice.";
    }
    return problem;
}

template <typename Message>
Result<Message, Problem> decode(const Result<Bytes, Problem>& body) {
    if (!body) return fail(body.error());
    Message message;
    if (!proto::parse_canonical(*body, message)) {
        return fail(Problem{Exit::kInternal, "the node's answer is not what it should be",
                            "Is it of the same version? 'consilium version' and /openapi.json."});
    }
    return message;
}

std::string query_of(std::optional<Height> at, bool prove) {
    std::string query;
    if (at) query += "&at=" + std::to_string(*at);
    if (prove) query += "&prove=1";
    return query;
}

}  // namespace

Result<Bytes, Problem> NodeClient::call(const HttpRequest& request) {
    for (int attempt = 1;; ++attempt) {
        auto reply = http_.send(request);
        if (!reply) return fail(reply.error());
        if (reply->status / 100 == 2) return std::move(reply->body);
        const Refusal refusal = read_refusal(*reply);
        if (refusal.code != "not-yet" || attempt == kAttemptsMax) {
            return fail(problem_of(refusal, reply->status));
        }
        std::this_thread::sleep_for(kWaitBetween);
    }
}

Result<Bytes, Problem> NodeClient::get(const std::string& target) {
    return call({"GET", target, {}, kProtobuf, {}});
}

Result<Bytes, Problem> NodeClient::bytes(const std::string& target, const std::string& accept) {
    return call({"GET", target, {}, accept, {}});
}

Result<std::string, Problem> NodeClient::json(const std::string& target) {
    return call({"GET", target, {}, "application/json", {}});
}

Result<std::string, Problem> NodeClient::post_json(const std::string& target,
                                                   const std::string& body) {
    return call({"POST", target, "application/json", "application/json", body});
}

Result<RemoteStatus, Problem> NodeClient::status() {
    const auto body = json("/v1/status");
    if (!body) return fail(body.error());
    boost::system::error_code error;
    const json::value parsed = json::parse(*body, error);
    const auto* object = error ? nullptr : parsed.if_object();
    if (object == nullptr) {
        return fail(Problem{Exit::kInternal, "the node's status is not JSON", {}});
    }
    RemoteStatus status;
    status.member_id = text_of(*object, "member_id");
    status.network_id = text_of(*object, "network_id");
    status.chain_id = text_of(*object, "chain_id");
    status.state_root = text_of(*object, "state_root");
    status.protocol_version = number_of(*object, "protocol_version");
    status.height = number_of(*object, "height");
    status.retained_height = number_of(*object, "retained_height");
    status.block_time = {number_of(*object, "block_time_unix_ms")};
    status.queue_transactions = number_of(*object, "queue_transactions");
    const auto* catching_up = object->if_contains("catching_up");
    status.catching_up = catching_up != nullptr && *catching_up == json::value(true);
    const auto* failed = object->if_contains("failed");
    status.failed = failed != nullptr && *failed == json::value(true);
    return status;
}

Result<v1::CommittedOutcome, Problem> NodeClient::submit(const Bytes& transaction) {
    return decode<v1::CommittedOutcome>(
        call({"POST", "/v1/transactions", kProtobuf, kProtobuf, transaction}));
}

Result<std::vector<v1::SubmitAnswer>, Problem> NodeClient::submit_batch(
    const std::vector<Bytes>& transactions) {
    Bytes body;
    for (const auto& transaction : transactions)
        services::ledger_api::append_delimited(body, transaction);
    const auto reply = call({"POST", "/v1/transactions/batch", kProtobuf, kProtobuf, body});
    if (!reply) return fail(reply.error());
    const auto parts = services::ledger_api::split_delimited(*reply, transactions.size());
    std::vector<v1::SubmitAnswer> answers;
    for (const auto& part : parts.value_or(std::vector<Bytes>{})) {
        auto answer = decode<v1::SubmitAnswer>(part);
        if (!answer) return fail(answer.error());
        answers.push_back(std::move(answer).value());
    }
    if (answers.size() != transactions.size()) {
        return fail(Problem{Exit::kInternal, "the node answered another number of transactions",
                            "Send the same transactions again; nothing is done twice."});
    }
    return answers;
}

Result<v1::CommittedOutcome, Problem> NodeClient::outcome(const ledger::TransactionId& id) {
    return decode<v1::CommittedOutcome>(get("/v1/outcomes/" + to_hex(id.view())));
}

Result<Bytes, Problem> NodeClient::outcome_receipt(const ledger::TransactionId& id) {
    return get("/v1/outcomes/" + to_hex(id.view()) + "/receipt");
}

Result<v1::StateValue, Problem> NodeClient::state(BytesView key, std::optional<Height> at,
                                                  bool prove) {
    std::string query = query_of(at, prove);
    if (!query.empty()) query.front() = '?';
    return decode<v1::StateValue>(get("/v1/state/" + to_hex(key) + query));
}

Result<v1::StateList, Problem> NodeClient::state_page(BytesView prefix, BytesView from,
                                                      std::size_t limit, std::optional<Height> at,
                                                      bool prove) {
    std::string target = "/v1/state?prefix=" + to_hex(prefix) + "&limit=" + std::to_string(limit);
    if (!from.empty()) target += "&from=" + to_hex(from);
    return decode<v1::StateList>(get(target + query_of(at, prove)));
}

Result<v1::StateList, Problem> NodeClient::state_list(BytesView prefix, std::optional<Height> at) {
    auto list = state_page(prefix, {}, kPageRowsMax, at, false);
    while (list && list->more() && list->entries_size() > 0) {
        const Bytes from = list->entries().rbegin()->key() + std::string(1, '\0');
        // Later pages show the same state as the first.
        const auto next = state_page(prefix, from, kPageRowsMax, list->height(), false);
        if (!next) return next;
        list->mutable_entries()->MergeFrom(next->entries());
        list->set_more(next->more());
    }
    return list;
}

Result<v1::StoredBlock, Problem> NodeClient::block(Height height) {
    return decode<v1::StoredBlock>(get("/v1/blocks/" + std::to_string(height)));
}

Result<Height, Problem> NodeClient::height_at(UnixMs time) {
    const auto body = json("/v1/height?time_unix_ms=" + std::to_string(time.value));
    if (!body) return fail(body.error());
    boost::system::error_code error;
    const json::value parsed = json::parse(*body, error);
    const auto* object = error ? nullptr : parsed.if_object();
    if (object == nullptr) return fail(Problem{Exit::kInternal, "the height is not JSON", {}});
    return number_of(*object, "height");
}

Result<Bytes, Problem> NodeClient::validator_history() {
    return get("/v1/validators/history");
}

}  // namespace consilium::cli
