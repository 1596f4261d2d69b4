// SPDX-License-Identifier: Apache-2.0
#include "services/ledger/ledger_service.hpp"

#include <charconv>
#include <mutex>

#include "services/ledger/event_feeds.hpp"
#include "services/ledger/service_state.hpp"

namespace consilium::services::ledger_api {

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    const bool padded = text.size() > 1 && text[0] == '0';
    if (parsed.ec != std::errc{} || parsed.ptr != end || padded) return std::nullopt;
    return number;
}

LedgerService::State::State(Ports all_ports, Options all_options, http::Tokens& all_tokens,
                            telemetry::Metrics& all_metrics, telemetry::Logger logger)
    : ports(all_ports),
      options(std::move(all_options)),
      tokens(all_tokens),
      metrics(all_metrics),
      log(std::move(logger)),
      submitted(metrics.counter("consilium_api_transactions_total",
                                "Transactions that clients handed in.")),
      applied(metrics.counter("consilium_api_outcomes_total", "Outcomes answered to clients.",
                              {{"result", "applied"}})),
      rejected(metrics.counter("consilium_api_outcomes_total", "Outcomes answered to clients.",
                               {{"result", "rejected"}})),
      refused(metrics.counter("consilium_api_outcomes_total", "Outcomes answered to clients.",
                              {{"result", "refused"}})),
      feeds(std::make_unique<EventFeeds>(ports.events, options.describe, options.ping_interval_ms)),
      reads(std::make_unique<WorkQueue>(options.read_threads, options.reads_waiting_max)) {}

LedgerService::State::~State() = default;

void LedgerService::State::answer_later(http::Responder responder,
                                        std::function<http::Response()> read) {
    auto shared = std::make_shared<http::Responder>(std::move(responder));
    const bool taken = reads->run([shared, read = std::move(read)] { shared->send(read()); });
    if (!taken) {
        shared->send(http::problem_retry(503, "overloaded", "Too many reads are waiting", 1));
    }
}

void LedgerService::State::count(const Result<Committed, SubmitError>& result) {
    if (!result) {
        refused.add();
    } else if (result->outcome.empty() || ledger::decode_outcome(result->outcome)->applied()) {
        applied.add();
    } else {
        rejected.add();
    }
}

LedgerService::LedgerService(Ports ports, Options options, http::Tokens& tokens,
                             telemetry::Metrics& metrics, telemetry::Logger log)
    : state_(std::make_unique<State>(ports, std::move(options), tokens, metrics, std::move(log))) {}

LedgerService::~LedgerService() {
    const std::unique_lock lock(state_->gate->mutex);
    state_->gate->open = false;
}

void LedgerService::add_routes(http::Router& router) {
    state_->add_submit_routes(router);
    state_->add_outcome_routes(router);
    state_->add_state_routes(router);
    state_->add_block_routes(router);
    state_->add_node_routes(router);
    state_->add_event_routes(router);
}

}  // namespace consilium::services::ledger_api
