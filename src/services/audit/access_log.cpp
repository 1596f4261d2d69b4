// SPDX-License-Identifier: Apache-2.0
#include "services/audit/access_log.hpp"

#include <algorithm>
#include <chrono>

#include "base/assert.hpp"
#include "proto/canonical.hpp"

namespace consilium::services::audit {
namespace {

// What one write to the vault may hold.
constexpr std::size_t kGroupMax = 256;
// Of them all, below vault::kRowsPerPutMax; one access alone may have more.
constexpr std::size_t kGroupRowsMax = 65'536;
constexpr std::size_t kPage = 256;

std::optional<v1::AccessLogHead> read_head(const vault::Vault& vault) {
    const auto row = vault.row(head_key());
    v1::AccessLogHead out;
    if (!row || !*row || !proto::parse_canonical(**row, out)) return std::nullopt;
    return out;
}

}  // namespace

// One caller's access on its way.
struct ChainedLog::Entry {
    std::vector<LogPart> parts;
    bool written = false;
    bool done = false;
    std::condition_variable turn;

    [[nodiscard]] std::size_t rows() const {
        std::size_t out = parts.size();
        for (const LogPart& part : parts)
            out += part.patients.size();
        return out;
    }
};

struct ChainedLog::Batch {
    std::vector<vault::Row> rows;
    std::uint64_t logged = 0;
};

ChainedLog::ChainedLog(vault::Vault& vault, LogName name, std::function<UnixMs()> now,
                       telemetry::Logger log, telemetry::Metrics& metrics)
    : vault_(vault),
      name_(std::move(name)),
      tree_(vault, name_),
      now_(std::move(now)),
      log_(std::move(log)),
      rows_(metrics.counter("consilium_access_log_rows_total",
                            "Rows added to the log of accesses to patients' data.")),
      failures_(metrics.counter("consilium_access_log_failures_total",
                                "Accesses that were refused because they could not be logged.")) {
    open();
    thread_ = std::thread([this] { run(); });
}

ChainedLog::~ChainedLog() {
    {
        const std::lock_guard lock(stop_mutex_);
        stopping_ = true;
    }
    stopped_.notify_all();
    thread_.join();
    (void)sync();
}

// Goes on from the head's row; from the last row there is where it is behind or gone, also beyond
// rows that are missing: nothing is ever written over. What is wrong with
// what stands there is for a verification to find: refusing all accesses because of it would stop
// care.
void ChainedLog::open() {
    head_.hash = empty_log_hash(name_);
    const auto head = read_head(vault_);
    if (head && head->sequence() > 0 && assign(head_.hash, head->hash())) {
        head_.sequence = head->sequence();
        head_.at.value = head->at_unix_ms();
    }
    const std::uint64_t known = head_.sequence;
    for (bool more = true; more;) {
        const auto rows = vault_.rows(
            log_prefix(), head_.sequence == 0 ? Bytes() : log_key(head_.sequence), kPage);
        const std::uint64_t before = head_.sequence;
        for (std::size_t i = 0; rows && i < rows->size(); ++i) {
            const vault::Row& row = (*rows)[i];
            const auto sequence = parse_log_key(row.key);
            if (!sequence) continue;
            v1::LoggedRow found;
            if (proto::parse_canonical(*row.value, found)) head_.at.value = found.at_unix_ms();
            head_.sequence = *sequence;
            head_.hash = row_hash(name_, *row.value);
        }
        more = rows && rows->size() == kPage && head_.sequence > before;
    }
    if (head_.sequence != known)
        log_.error("audit", "the access log's head is behind its rows: verify the log");
    synced_ = head_.sequence;
}

ChainedLog::Head ChainedLog::head() const {
    const std::lock_guard lock(mutex_);
    return head_;
}

bool ChainedLog::ready() {
    vault::Row probe{synced_key(), Bytes()};
    {
        const std::lock_guard lock(mutex_);
        if (!failed_) return true;
        append_be64(*probe.value, synced_);
    }
    if (!vault_.append({&probe, 1})) return false;
    const std::lock_guard lock(mutex_);
    failed_ = false;
    return true;
}

void ChainedLog::add(const Entry& entry, Head& head, Batch& batch) {
    for (const LogPart& part : entry.parts) {
        v1::LoggedRow row;
        row.set_sequence(head.sequence + 1);
        row.set_previous(head.hash.bytes());
        head.at = std::max(head.at, now_());
        row.set_at_unix_ms(head.at.value);
        row.set_access(part.access);
        Bytes bytes = proto::encode(row);
        head.hash = row_hash(name_, bytes);
        head.sequence = row.sequence();
        for (const std::string& patient : part.patients)
            batch.rows.push_back({patient_key(patient, head.sequence), Bytes()});
        batch.rows.push_back({log_key(head.sequence), std::move(bytes)});
        ++batch.logged;
    }
}

void ChainedLog::write(const std::vector<Entry*>& group) {
    Head next = head();
    Batch batch;
    for (const Entry* entry : group)
        add(*entry, next, batch);
    v1::AccessLogHead head;
    head.set_member(name_.member);
    head.set_sequence(next.sequence);
    head.set_hash(next.hash.bytes());
    head.set_at_unix_ms(next.at.value);
    batch.rows.push_back({head_key(), proto::encode(head)});
    const bool written = vault_.append(batch.rows).ok();
    const std::lock_guard lock(mutex_);
    if (written) {
        head_ = next;
        rows_.add(batch.logged);
    } else if (!failed_) {
        log_.error("audit", "the access log cannot be written: accesses are refused");
    }
    failed_ = !written;
    if (!written) failures_.add(group.size());
    for (Entry* entry : group)
        entry->written = written;
}

bool ChainedLog::append(const Access& access) {
    Entry entry;
    entry.parts = parts_of(access);
    std::unique_lock lock(mutex_);
    waiting_.push_back(&entry);
    entry.turn.wait(lock, [&] { return entry.done || waiting_.front() == &entry; });
    if (entry.done) return entry.written;
    std::vector<Entry*> group;
    std::size_t rows = 0;
    for (Entry* one : waiting_) {
        rows += one->rows();
        if (!group.empty() && (group.size() == kGroupMax || rows > kGroupRowsMax)) break;
        group.push_back(one);
    }
    lock.unlock();
    write(group);
    lock.lock();
    for (Entry* one : group) {
        CONSILIUM_ASSERT(waiting_.front() == one);
        waiting_.pop_front();
        one->done = true;
        if (one != &entry) one->turn.notify_one();
    }
    if (!waiting_.empty()) waiting_.front()->turn.notify_one();
    return entry.written;
}

std::optional<ChainedLog::Head> ChainedLog::sync() {
    const Head now = head();
    {
        const std::lock_guard lock(mutex_);
        if (synced_ == now.sequence) return now;
    }
    // A synced write makes durable what was written before it.
    vault::Row row{synced_key(), Bytes()};
    append_be64(*row.value, now.sequence);
    if (!vault_.put({}, {&row, 1})) return std::nullopt;
    const std::lock_guard lock(mutex_);
    synced_ = std::max(synced_, now.sequence);
    return now;
}

void ChainedLog::run() {
    std::unique_lock lock(stop_mutex_);
    while (!stopping_) {
        stopped_.wait_for(lock, std::chrono::milliseconds(kSyncMs), [this] { return stopping_; });
        lock.unlock();
        if (!sync()) log_.error("audit", "the access log cannot be synced");
        lock.lock();
    }
}

}  // namespace consilium::services::audit
