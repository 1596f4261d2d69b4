// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <shared_mutex>

#include "services/ledger/answer.hpp"
#include "services/ledger/ledger_service.hpp"
#include "services/port/work_queue.hpp"

// For the .cpp files of this room only.
namespace consilium::services::ledger_api {

class EventFeeds;

// Outcomes may come after the service has gone: a node that stops answers what it still has. Who
// is called back holds the gate, enters it for reading, and does nothing when it is shut.
struct Gate {
    std::shared_mutex mutex;
    bool open = true;
};

struct LedgerService::State {
    State(Ports all_ports, Options all_options, http::Tokens& all_tokens,
          telemetry::Metrics& all_metrics, telemetry::Logger logger);
    ~State();
    Ports ports;
    const Options options;
    http::Tokens& tokens;
    telemetry::Metrics& metrics;
    telemetry::Logger log;
    const std::shared_ptr<Gate> gate = std::make_shared<Gate>();
    telemetry::Counter submitted, applied, rejected, refused;
    std::unique_ptr<EventFeeds> feeds;
    std::unique_ptr<WorkQueue> reads;  // ends before all it uses

    // Answers from the read threads. `read` makes the answer.
    void answer_later(http::Responder responder, std::function<http::Response()> read);
    void count(const Result<Committed, SubmitError>& result);

    void add_submit_routes(http::Router& router);
    void add_outcome_routes(http::Router& router);
    void add_state_routes(http::Router& router);
    void add_block_routes(http::Router& router);
    void add_node_routes(http::Router& router);
    void add_event_routes(http::Router& router);
};

// Scopes of the ledger's routes (SMART v2 letters): create, read one, search.
inline constexpr http::Scope kSubmitScope{"Ledger", 'c', true};
inline constexpr http::Scope kReadScope{"Ledger", 'r', true};
inline constexpr http::Scope kSearchScope{"Ledger", 's', true};

[[nodiscard]] inline http::RouteOptions read_options(http::Scope scope,
                                                     std::vector<http::Media> produces = {
                                                         http::Media::kJson}) {
    http::RouteOptions out;
    out.scope = scope;
    out.produces = std::move(produces);
    return out;
}

[[nodiscard]] inline http::Response bad_request() {
    return read_problem(ReadError::kBadRequest);
}

// A decimal number without sign or leading zeros.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

}  // namespace consilium::services::ledger_api
