// SPDX-License-Identifier: Apache-2.0
#include <atomic>

#include "base/limits.hpp"
#include "consilium/v1/api.pb.h"
#include "proto/canonical.hpp"
#include "services/ledger/delimited.hpp"
#include "services/ledger/service_state.hpp"

// POST /v1/transactions and /v1/transactions/batch.
namespace consilium::services::ledger_api {
namespace {

using Answer = Result<Committed, SubmitError>;

// A batch that is being answered: each transaction has its place, the last one to come sends.
struct Batch {
    http::Responder responder;
    http::Media accept = http::Media::kJson;
    std::vector<std::optional<Answer>> answers;
    std::atomic<std::size_t> missing{0};
};

void append_error_json(std::string& out, SubmitError error) {
    out += R"({"error":{"status":)";
    out += std::to_string(problem_status(error));
    out += R"(,"code":")";
    out += problem_code(error);
    out += "\"}}";
}

http::Response batch_json(const Batch& batch, const Describe& describe) {
    http::Response out;
    out.media = http::Media::kJson;
    out.body.reserve(32 + batch.answers.size() * 192);
    out.body = "{\"answers\":[";
    for (const auto& answer : batch.answers) {
        if (out.body.back() != '[') out.body += ',';
        if (*answer) {
            append_outcome_json(out.body, **answer, describe);
        } else {
            append_error_json(out.body, answer->error());
        }
    }
    out.body += "]}";
    return out;
}

http::Response batch_protobuf(const Batch& batch) {
    http::Response out;
    out.media = http::Media::kProtobuf;
    for (const auto& answer : batch.answers) {
        v1::SubmitAnswer message;
        if (*answer) {
            const auto& committed = **answer;
            auto& to = *message.mutable_committed();
            to.set_transaction_id(committed.id.bytes());
            to.set_height(committed.height);
            to.set_bundle_index(committed.bundle_index);
            to.set_transaction_index(committed.transaction_index);
            to.set_outcome(committed.outcome);
        } else {
            message.set_error(problem_code(answer->error()));
        }
        append_delimited(out.body, proto::encode(message));
    }
    return out;
}

}  // namespace

void LedgerService::State::add_submit_routes(http::Router& router) {
    http::RouteOptions single;
    single.scope = kSubmitScope;
    single.consumes = {http::Media::kProtobuf};
    single.produces = {http::Media::kJson, http::Media::kProtobuf};
    single.body_bytes_max = limits::kTransactionBytesMax;
    http::RouteOptions many = single;
    many.body_bytes_max = kBatchBytesMax;

    router.add_batched(
        http::Method::kPost, "/v1/transactions", single,
        [this](std::vector<http::Exchange> exchanges) {
            std::vector<Bytes> transactions;
            transactions.reserve(exchanges.size());
            for (auto& exchange : exchanges)
                transactions.push_back(std::move(exchange.body));
            submitted.add(transactions.size());
            const auto waiting =
                std::make_shared<std::vector<http::Exchange>>(std::move(exchanges));
            ports.submit.submit_batch(
                std::move(transactions),
                [this, waiting, gate = gate](std::size_t index, Answer answer) {
                    const std::shared_lock lock(gate->mutex);
                    if (!gate->open) return;
                    auto& exchange = (*waiting)[index];
                    count(answer);
                    exchange.responder.send(
                        answer ? outcome_answer(*answer, exchange.accept, options.describe)
                               : submit_problem(answer.error()));
                });
        });

    router.add(http::Method::kPost, "/v1/transactions/batch", many,
               [this](http::Request& request, http::Responder responder) {
                   auto transactions = split_delimited(request.body, kBatchTransactionsMax);
                   if (!transactions || transactions->empty()) {
                       responder.send(http::problem(400, "batch-malformed",
                                                    "The body is not 1 to 4096 transactions, each "
                                                    "after its length"));
                       return;
                   }
                   submitted.add(transactions->size());
                   const auto batch = std::make_shared<Batch>();
                   batch->responder = std::move(responder);
                   batch->accept = request.accept;
                   batch->answers.resize(transactions->size());
                   batch->missing = transactions->size();
                   ports.submit.submit_batch(
                       std::move(*transactions),
                       [this, batch, gate = gate](std::size_t index, Answer answer) {
                           const std::shared_lock lock(gate->mutex);
                           if (!gate->open) return;
                           count(answer);
                           batch->answers[index] = std::move(answer);
                           if (batch->missing.fetch_sub(1) != 1) return;
                           batch->responder.send(batch->accept == http::Media::kProtobuf
                                                     ? batch_protobuf(*batch)
                                                     : batch_json(*batch, options.describe));
                       });
               });
}

}  // namespace consilium::services::ledger_api
