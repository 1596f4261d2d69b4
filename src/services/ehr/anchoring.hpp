// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "consilium/v1/documents.pb.h"
#include "services/ehr/store.hpp"
#include "services/port/author.hpp"
#include "services/port/port.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

// Brings what is stored onto the ledger: per chart one manifest of the records that are new, then
// what superseded versions that are there (docs/formats/fhir-rows.md).
// A transaction is kept in a row before it is handed over and until its outcome is known, so that
// after a crash the same bytes are handed over again: each version is anchored once.
namespace consilium::services::ehr {

inline constexpr std::size_t kManifestRecordsMax = 32'768;
// Each brings an audit path of up to 20 hashes; together they stay below a transaction's 64 KiB.
inline constexpr std::size_t kVersionsPerTransactionMax = 32;
inline constexpr std::size_t kChartsPerRoundMax = 256;
// A refusal is tried again after a while, also when nothing else happens.
inline constexpr std::chrono::milliseconds kAnchorRetry{5'000};
inline constexpr std::chrono::milliseconds kAnchorRetryMax = std::chrono::hours(24);

class Anchoring {
 public:
    struct Ports {
        Submit& submit;
        const Reads& reads;
        Author& author;
    };
    // `tick_ms` is how long new versions wait for others: 0 anchors at once. All must outlive it.
    Anchoring(Store& store, Ports ports, std::uint64_t tick_ms, telemetry::Logger log,
              telemetry::Metrics& metrics);
    // Stops; what was handed over and not answered is taken up at the next start.
    ~Anchoring();

    void start();
    void stop();
    // Something waits. Thread-safe; does not wait.
    void wake();

    // For tests, instead of start(), by the caller's thread. What was refused is tried again from
    // the next tick on, and what the ledger rejected once its time has come.
    void begin_tick(std::chrono::steady_clock::time_point now);
    // Takes up what was handed over, hands over what waits, and says whether there may be more to
    // do at once.
    [[nodiscard]] bool round();

 private:
    struct Planned {
        ledger::ChartId chart;
        Submission submission;
    };
    void run();
    // What was handed over before; false when the disk cannot be read.
    [[nodiscard]] bool resume(std::vector<Planned>& out);
    [[nodiscard]] std::vector<Planned> planned();
    [[nodiscard]] std::optional<Planned> plan(const ledger::ChartId& chart,
                                              const std::vector<Pending>& pending);
    [[nodiscard]] std::optional<Planned> plan_manifest(const ledger::ChartId& chart,
                                                       const std::vector<Pending>& fresh);
    [[nodiscard]] std::optional<Planned> plan_versions(const ledger::ChartId& chart,
                                                       const std::vector<Pending>& later);
    [[nodiscard]] bool add_version(const Pending& pending, std::vector<v1::Command>& commands);
    [[nodiscard]] bool add_leaf(const Pending& pending, const AnchorRow& anchor,
                                v1::RecordRef& ref);
    [[nodiscard]] bool add_opening(const ledger::ChartId& chart, std::vector<v1::Command>& commands,
                                   bool& opens);
    [[nodiscard]] std::optional<Bytes> compose(const std::vector<v1::Command>& commands);
    // False when it got no answer and shall be asked again later.
    bool hand_over(const std::vector<Planned>& planned);
    void settle(const Planned& planned, const Result<Committed, SubmitError>& result);
    [[nodiscard]] bool finish(const Planned& planned, const std::vector<std::uint64_t>& assigned);
    void add_manifest_rows(const Planned& planned, std::uint64_t sequence,
                           std::vector<vault::Row>& rows);
    void add_version_rows(const Planned& planned, const std::vector<std::uint64_t>& assigned,
                          std::vector<vault::Row>& rows);
    void drop(const Planned& planned);
    [[nodiscard]] std::vector<ledger::ManifestEntry> leaves_of(const ledger::ChartId& chart,
                                                               std::uint64_t sequence) const;
    [[nodiscard]] std::optional<std::vector<Pending>> pending_of(const ledger::ChartId& chart);

    struct Answers;
    Store& store_;
    Ports ports_;
    const std::uint64_t tick_ms_;
    telemetry::Logger log_;
    telemetry::Counter anchored_, transactions_, failures_;
    std::set<ledger::ChartId> refused_;  // not tried again before the next tick
    // Charts whose anchor the ledger rejected, as it does when an older vault was put back. A
    // rejection seldom passes, so each further try waits twice as long, up to a day.
    struct Rejected {
        unsigned tries = 0;
        std::chrono::steady_clock::time_point again;
    };
    std::map<ledger::ChartId, Rejected> rejected_;
    std::chrono::steady_clock::time_point tick_began_ = std::chrono::steady_clock::now();

    std::mutex mutex_;
    std::condition_variable changed_;
    bool woken_ = true;
    bool stopping_ = false;
    std::shared_ptr<Answers> waiting_;  // of the transactions that are under way
    std::thread thread_;
};

}  // namespace consilium::services::ehr
