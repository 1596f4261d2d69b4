// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/anchoring.hpp"

#include <chrono>

#include "ledger/hashes.hpp"
#include "ledger/outcome.hpp"

namespace consilium::services::ehr {

namespace {

std::chrono::milliseconds until_next_tick(std::uint64_t tick_ms) {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    const auto tick = static_cast<std::int64_t>(tick_ms);
    return std::chrono::milliseconds(tick - now.count() % tick);
}

}  // namespace

// The answers of one round's transactions. They may come when nobody waits any more.
struct Anchoring::Answers {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::optional<Result<Committed, SubmitError>>> results;
    std::size_t missing = 0;
    bool abandoned = false;
};

Anchoring::Anchoring(Store& store, Ports ports, std::uint64_t tick_ms, telemetry::Logger log,
                     telemetry::Metrics& metrics)
    : store_(store),
      ports_(ports),
      tick_ms_(tick_ms),
      log_(std::move(log)),
      anchored_(metrics.counter("consilium_fhir_anchored_total",
                                "Document versions that the ledger holds a commitment of.")),
      transactions_(metrics.counter("consilium_fhir_anchor_transactions_total",
                                    "Transactions that anchored document versions.")),
      failures_(metrics.counter("consilium_fhir_anchor_failures_total",
                                "Transactions for anchors that were refused or rejected.")) {}

Anchoring::~Anchoring() {
    stop();
}

void Anchoring::start() {
    thread_ = std::thread([this] { run(); });
}

void Anchoring::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        if (waiting_) {
            const std::lock_guard answers(waiting_->mutex);
            waiting_->abandoned = true;
            waiting_->changed.notify_all();
        }
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Anchoring::wake() {
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
    }
    changed_.notify_all();
}

void Anchoring::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        const auto due = [this] { return stopping_ || woken_; };
        if (!changed_.wait_for(lock, kAnchorRetry, due) && refused_.empty()) {
            continue;
        }
        if (stopping_) return;
        // To the next tick of the clock, so that it does not show when the first of them came.
        if (tick_ms_ > 0) {
            changed_.wait_for(lock, until_next_tick(tick_ms_), [this] { return stopping_; });
        }
        if (stopping_) return;
        woken_ = false;
        lock.unlock();
        begin_tick(std::chrono::steady_clock::now());
        while (round()) {
        }
        lock.lock();
    }
}

void Anchoring::begin_tick(std::chrono::steady_clock::time_point now) {
    tick_began_ = now;
    refused_.clear();
    for (const auto& [chart, rejected] : rejected_) {
        if (now < rejected.again) refused_.insert(chart);
    }
}

bool Anchoring::round() {
    std::vector<Planned> work;
    if (!resume(work)) return false;
    if (work.empty()) work = planned();
    if (work.empty()) return false;
    return hand_over(work);
}

bool Anchoring::resume(std::vector<Planned>& out) {
    Bytes after;
    while (out.size() < kChartsPerRoundMax) {
        const auto rows = store_.vault().rows(submission_prefix(), after, kChartsPerRoundMax);
        if (!rows) return false;
        for (const auto& row : *rows) {
            const auto chart = decode_submission_key(row.key);
            auto submission = decode_submission(*row.value);
            if (!chart || !submission) {
                log_.error("fhir", "a row of a transaction that is under way cannot be read");
                return false;
            }
            if (refused_.count(*chart) == 0) out.push_back({*chart, *std::move(submission)});
        }
        if (rows->size() < kChartsPerRoundMax) return true;
        after = rows->back().key;
    }
    return true;
}

std::vector<Anchoring::Planned> Anchoring::planned() {
    std::vector<Planned> out;
    std::optional<Pending> after;
    while (out.size() < kChartsPerRoundMax) {
        const auto first = store_.pending(after, 1);
        if (!first || first->empty()) break;
        const ledger::ChartId chart = first->front().chart;
        const auto pending = pending_of(chart);
        // One transaction of a chart at a time: what is under way must be settled first.
        const auto under_way = store_.vault().row(submission_key(chart));
        if (!pending || !under_way) break;
        if (refused_.count(chart) == 0 && !*under_way) {
            if (auto one = plan(chart, *pending)) {
                out.push_back(*std::move(one));
            } else {
                refused_.insert(chart);
            }
        }
        after = Pending{chart, {}, ~0U};
        after->record.value.fill(0xff);
    }
    return out;
}

std::optional<std::vector<Pending>> Anchoring::pending_of(const ledger::ChartId& chart) {
    const auto rows = store_.vault().rows(pending_prefix(chart), {}, kManifestRecordsMax);
    if (!rows) return std::nullopt;
    std::vector<Pending> out;
    for (const auto& row : *rows) {
        const auto pending = decode_pending_key(row.key);
        if (!pending) return std::nullopt;
        out.push_back(*pending);
    }
    return out;
}

bool Anchoring::hand_over(const std::vector<Planned>& planned) {
    auto answers = std::make_shared<Answers>();
    answers->results.resize(planned.size());
    const NodeStatus status = ports_.reads.status();
    std::vector<Bytes> transactions;
    std::vector<std::size_t> indexes;
    for (std::size_t i = 0; i < planned.size(); ++i) {
        // What was handed over before a restart may have its outcome already.
        const auto& bytes = planned[i].submission.transaction;
        const auto id = ledger::transaction_id(status.network_id, status.member_id, bytes);
        if (auto known = ports_.reads.outcome(id)) {
            answers->results[i] = std::move(known).value();
            continue;
        }
        transactions.push_back(bytes);
        indexes.push_back(i);
    }
    answers->missing = transactions.size();
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return false;
        waiting_ = answers;
    }
    if (!transactions.empty()) {
        ports_.submit.submit_batch(
            std::move(transactions),
            [answers, indexes](std::size_t index, Result<Committed, SubmitError> result) {
                const std::lock_guard lock(answers->mutex);
                answers->results[indexes[index]] = std::move(result);
                if (--answers->missing == 0) answers->changed.notify_all();
            });
    }
    {
        std::unique_lock lock(answers->mutex);
        answers->changed.wait(lock, [&] { return answers->missing == 0 || answers->abandoned; });
        if (answers->missing != 0) return false;
    }
    {
        const std::lock_guard lock(mutex_);
        waiting_.reset();
    }
    for (std::size_t i = 0; i < planned.size(); ++i)
        settle(planned[i], *answers->results[i]);
    return true;
}

void Anchoring::settle(const Planned& planned, const Result<Committed, SubmitError>& result) {
    if (result) {
        transactions_.add();
        const auto outcome = ledger::decode_outcome(result->outcome);
        if (outcome && outcome->applied()) {
            if (!finish(planned, outcome->assigned)) refused_.insert(planned.chart);
            rejected_.erase(planned.chart);
            return;
        }
        failures_.add();
        log_.error("fhir", "the ledger rejected an anchor",
                   {telemetry::Field("contract", outcome ? outcome->contract : 0U),
                    telemetry::Field("code", outcome ? outcome->code : 0U)});
        drop(planned);
        refused_.insert(planned.chart);
        Rejected& rejected = rejected_[planned.chart];
        rejected.again =
            tick_began_ + std::min(kAnchorRetry * (1 << rejected.tries), kAnchorRetryMax);
        rejected.tries = std::min(rejected.tries + 1, 20U);
        return;
    }
    failures_.add();
    const SubmitError error = result.error();
    log_.warning("fhir", "the node did not take an anchor",
                 {telemetry::Field::name("reason", to_string(error))});
    // These bytes can never apply any more: a new transaction anchors the same versions.
    if (error == SubmitError::kExpired || error == SubmitError::kExpiredInQueue ||
        error == SubmitError::kMalformed || error == SubmitError::kTooLarge) {
        drop(planned);
    }
    refused_.insert(planned.chart);
}

}  // namespace consilium::services::ehr
