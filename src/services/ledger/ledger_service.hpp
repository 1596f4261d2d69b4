// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.hpp"
#include "http/router.hpp"
#include "http/token.hpp"
#include "ledger/outcome.hpp"
#include "services/port/port.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

// The ledger's HTTP API (docs/api.md): submission, outcomes, receipts, state, blocks, events, and
// what a node says of itself.
namespace consilium::services::ledger_api {

// What the routes ask of their node. All must outlive the service.
struct Ports {
    Submit& submit;
    Events& events;
    Reads& reads;
};

struct Options {
    // Name and text of a rejection, from the contracts' registry.
    std::function<ledger::RejectionText(std::uint32_t contract, std::uint32_t code)> describe;
    bool metrics_need_token = false;  // then scope system/Metrics.r
    unsigned read_threads = 1;        // for reads that may touch the disk; 1 to 16
    std::size_t reads_waiting_max = 1024;
    std::uint64_t ping_interval_ms = 15'000;  // of idle event streams
};

inline constexpr std::size_t kBatchTransactionsMax = 4096;
inline constexpr std::size_t kBatchBytesMax = 64U * 1024U * 1024U;
inline constexpr std::size_t kStateListMax = 1000;
inline constexpr std::size_t kBlockListMax = 100;

class LedgerService {
 public:
    // `tokens` and `metrics` must outlive the service.
    LedgerService(Ports ports, Options options, http::Tokens& tokens, telemetry::Metrics& metrics,
                  telemetry::Logger log);
    // Ends event streams and waits for reads under way. The server must have been stopped, or have
    // let go of the routes, before. Outcomes that the node hands over later go nowhere.
    ~LedgerService();

    // The routes refer to this object.
    void add_routes(http::Router& router);

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace consilium::services::ledger_api
