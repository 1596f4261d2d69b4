// SPDX-License-Identifier: Apache-2.0
#include "services/audit/log_anchor.hpp"

#include <algorithm>
#include <chrono>

#include "base/assert.hpp"
#include "consilium/v1/documents.pb.h"
#include "crypto/random.hpp"
#include "ledger/commitment.hpp"
#include "ledger/hashes.hpp"
#include "ledger/outcome.hpp"
#include "proto/canonical.hpp"

namespace consilium::services::audit {
namespace {

constexpr std::size_t kSaltBytes = 32;
// Without a tick: how often is looked whether there are new rows.
constexpr std::uint64_t kLookMs = 50;

// A user id of the service, say, may be missing for hours.
constexpr std::uint64_t kPatienceMsMax = 60'000;
constexpr std::uint32_t kDoublingsMax = 16;

}  // namespace

// Of the transaction that is under way; it may come when nobody waits any more.
struct LogAnchor::Answer {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<Committed, SubmitError>> result;
    bool abandoned = false;
};

LogAnchor::LogAnchor(ChainedLog& log, Ports ports, std::uint64_t tick_ms, telemetry::Logger logger,
                     telemetry::Metrics& metrics)
    : log_(log),
      ports_(ports),
      tick_ms_(tick_ms),
      logger_(std::move(logger)),
      anchored_(metrics.counter("consilium_access_log_anchors_total",
                                "Heads of the access log that the ledger holds.")),
      failures_(metrics.counter("consilium_access_log_anchor_failures_total",
                                "Heads of the access log that could not be anchored.")) {}

LogAnchor::~LogAnchor() {
    stop();
}

void LogAnchor::start() {
    thread_ = std::thread([this] { run(); });
}

void LogAnchor::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        if (waiting_) {
            const std::lock_guard answer(waiting_->mutex);
            waiting_->abandoned = true;
            waiting_->changed.notify_all();
        }
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void LogAnchor::run() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, until_next(), [this] { return stopping_; })) {
        lock.unlock();
        (void)round();
        lock.lock();
    }
}

std::chrono::milliseconds LogAnchor::until_next() const {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    const auto tick = static_cast<std::int64_t>(tick_ms_ == 0 ? kLookMs : tick_ms_);
    std::int64_t wait = tick - now.count() % tick;
    if (failed_rounds_ != 0) {
        const std::uint64_t patience =
            std::min(kPatienceMsMax, kLookMs << std::min(failed_rounds_, kDoublingsMax));
        wait = std::max(wait, static_cast<std::int64_t>(patience));
    }
    return std::chrono::milliseconds(wait);
}

void LogAnchor::complain(telemetry::Level level, telemetry::Literal what, const char* reason) {
    failures_.add();
    ++failed_rounds_;
    // Both are texts of the program: one of them has one address.
    const std::pair<const void*, const void*> said{what.view().data(), reason};
    if (said == complained_) return;
    complained_ = said;
    logger_.write(level, "audit", what, {telemetry::Field::name("reason", reason)});
}

std::optional<v1::AnchoredHead> LogAnchor::row(const Bytes& key) const {
    const auto bytes = log_.vault().row(key);
    v1::AnchoredHead out;
    if (!bytes || !*bytes || !proto::parse_canonical(**bytes, out)) return std::nullopt;
    return out;
}

bool LogAnchor::round() {
    if (auto under_way = row(under_way_key())) return hand_over(*std::move(under_way));
    auto planned = plan();
    if (!planned) return false;
    const vault::Row kept{under_way_key(), proto::encode(*planned)};
    if (!log_.vault().put({}, {&kept, 1})) return false;
    return hand_over(*std::move(planned));
}

std::optional<v1::AnchoredHead> LogAnchor::plan() {
    const auto newest = row(newest_anchor_key());
    v1::AccessLogHead known;
    if (newest && !proto::parse_canonical(newest->head(), known)) return std::nullopt;
    if (log_.head().sequence == known.sequence()) return std::nullopt;
    const auto head = log_.sync();
    if (!head) return std::nullopt;
    const auto tree = log_.tree().follow(head->sequence);
    if (!tree)
        complain(telemetry::Level::kError, "the views of the access log cannot be made", "disk");
    // Further already, for a report: next time.
    if (!tree || tree->sequence != head->sequence) return std::nullopt;
    const auto ledger =
        read_log(ports_.reads, log_.name(),
                 newest ? std::optional<std::uint64_t>(newest->record_sequence()) : std::nullopt);
    if (!ledger) return std::nullopt;
    const std::uint32_t version = *ledger ? (*ledger)->version : 0;
    if (version != (newest ? newest->version() : 0)) {
        logger_.error(
            "audit",
            "the ledger has heads of the access log that this vault does not know: it was "
            "put back; verify the log",
            {telemetry::Field("version", version)});
    }
    v1::AccessLogHead next;
    next.set_member(log_.name().member);
    next.set_sequence(head->sequence);
    next.set_hash(head->hash.bytes());
    next.set_at_unix_ms(head->at.value);
    next.set_views(tree->views);
    next.set_root(tree->root.bytes());
    v1::AnchoredHead planned;
    planned.set_salt(crypto::random_bytes(kSaltBytes));
    planned.set_head(proto::encode(next));
    planned.set_record_id(log_record(log_.name()).bytes());
    if (*ledger) planned.set_record_sequence((*ledger)->sequence);
    planned.set_version(version + 1);
    auto transaction = compose(planned, version);
    if (!transaction) return std::nullopt;
    planned.set_transaction(*std::move(transaction));
    return planned;
}

std::optional<Bytes> LogAnchor::compose(const v1::AnchoredHead& planned, std::uint32_t replaces) {
    const Bytes commitment = ledger::document_commitment(planned.salt(), planned.head()).bytes();
    v1::DocumentsCommand command;
    if (replaces == 0) {
        command.mutable_anchor_record()->set_record_id(planned.record_id());
        command.mutable_anchor_record()->set_commitment(commitment);
    } else {
        auto& supersede = *command.mutable_supersede_record();
        supersede.mutable_record()->set_sequence(planned.record_sequence());
        supersede.set_version(replaces);
        supersede.set_commitment(commitment);
    }
    v1::Command out;
    out.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kDocuments));
    out.set_payload(proto::encode(command));
    auto bytes = ports_.author.compose(v1::ROLE_SERVICE, {out});
    if (bytes) return std::move(bytes).value();
    complain(telemetry::Level::kError, "no transaction can be made for the head of the access log",
             to_string(bytes.error()));
    return std::nullopt;
}

bool LogAnchor::hand_over(v1::AnchoredHead planned) {
    const NodeStatus status = ports_.reads.status();
    const auto id =
        ledger::transaction_id(status.network_id, status.member_id, planned.transaction());
    // What was handed over before a restart may have its outcome already.
    if (const auto known = ports_.reads.outcome(id)) return settle(std::move(planned), *known);
    auto answer = std::make_shared<Answer>();
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return false;
        waiting_ = answer;
    }
    ports_.submit.submit(planned.transaction(), [answer](Result<Committed, SubmitError> result) {
        const std::lock_guard lock(answer->mutex);
        answer->result = std::move(result);
        answer->changed.notify_all();
    });
    {
        std::unique_lock lock(answer->mutex);
        answer->changed.wait(lock, [&] { return answer->result || answer->abandoned; });
        if (!answer->result) return false;
    }
    {
        const std::lock_guard lock(mutex_);
        waiting_.reset();
    }
    if (*answer->result) return settle(std::move(planned), **answer->result);
    const SubmitError error = answer->result->error();
    complain(telemetry::Level::kWarning, "the node did not take a head of the access log",
             to_string(error));
    // These bytes can never apply any more: a new transaction takes a newer head.
    if (error == SubmitError::kExpired || error == SubmitError::kExpiredInQueue ||
        error == SubmitError::kMalformed || error == SubmitError::kTooLarge)
        drop("a head of the access log came too late");
    return false;
}

bool LogAnchor::settle(v1::AnchoredHead planned, const Committed& committed) {
    const auto outcome = ledger::decode_outcome(committed.outcome);
    if (!outcome || !outcome->applied()) {
        failures_.add();
        drop("the ledger rejected a head of the access log");
        return false;
    }
    if (planned.record_sequence() == 0) {
        if (outcome->assigned.empty()) return false;
        planned.set_record_sequence(outcome->assigned.back());
    }
    planned.clear_transaction();
    planned.set_transaction_id(committed.id.bytes());
    const Bytes value = proto::encode(planned);
    const std::vector<vault::Row> rows = {{anchor_key(planned.version()), value},
                                          {newest_anchor_key(), value},
                                          {under_way_key(), std::nullopt}};
    if (!log_.vault().put({}, rows)) return false;
    failed_rounds_ = 0;
    complained_ = {};
    anchored_.add();
    return true;
}

void LogAnchor::drop(telemetry::Literal why) {
    logger_.error("audit", why);
    const vault::Row gone{under_way_key(), std::nullopt};
    // If the disk fails, the row stays and is taken up again: the ledger answers as before.
    (void)log_.vault().put({}, {&gone, 1});
}

}  // namespace consilium::services::audit
