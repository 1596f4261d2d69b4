// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "services/audit/access_log.hpp"
#include "services/audit/ledger_heads.hpp"
#include "services/port/author.hpp"

// Brings the head of the access log onto the ledger, at most one at a time and only when there are
// new rows. A transaction is kept in a row before it is handed over and until its outcome is known.
namespace consilium::services::audit {

class LogAnchor {
 public:
    struct Ports {
        Submit& submit;
        const Reads& reads;
        Author& author;
    };
    // Every `tick_ms` of the wall clock; 0: soon after every access. All must outlive it.
    LogAnchor(ChainedLog& log, Ports ports, std::uint64_t tick_ms, telemetry::Logger logger,
              telemetry::Metrics& metrics);
    // Stops; what was handed over and not answered is taken up at the next start.
    ~LogAnchor();

    void start();
    void stop();

    // One attempt on the caller's thread: true when the ledger has a head that it had not before.
    // For tests, instead of start().
    [[nodiscard]] bool round();
    // How long start() waits before the next one: longer with every one that failed.
    [[nodiscard]] std::chrono::milliseconds until_next() const;

 private:
    struct Answer;
    void run();
    [[nodiscard]] std::optional<v1::AnchoredHead> plan();
    [[nodiscard]] std::optional<Bytes> compose(const v1::AnchoredHead& planned,
                                               std::uint32_t replaces);
    [[nodiscard]] bool hand_over(v1::AnchoredHead planned);
    [[nodiscard]] bool settle(v1::AnchoredHead planned, const Committed& committed);
    void drop(telemetry::Literal why);
    // Tells of a failure, but not of the same again and again.
    void complain(telemetry::Level level, telemetry::Literal what, const char* reason);
    [[nodiscard]] std::optional<v1::AnchoredHead> row(const Bytes& key) const;

    ChainedLog& log_;
    Ports ports_;
    const std::uint64_t tick_ms_;
    telemetry::Logger logger_;
    telemetry::Counter anchored_, failures_;

    // Of the thread that does the rounds.
    std::uint32_t failed_rounds_ = 0;  // in a row
    // Of what and why, since the last round that did not fail.
    std::pair<const void*, const void*> complained_;

    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    std::shared_ptr<Answer> waiting_;
    std::thread thread_;
};

}  // namespace consilium::services::audit
