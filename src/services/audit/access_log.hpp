// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/time.hpp"
#include "services/audit/log_tree.hpp"
#include "services/port/access_log.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "vault/vault.hpp"

// A member's accesses as rows of its vault, each with the hash of the one before: what is in the
// log cannot be changed or left out unnoticed, as far as its head is on the ledger
// (log_anchor.hpp).
namespace consilium::services::audit {

// How long what is in the log may wait for the disk.
inline constexpr std::uint64_t kSyncMs = 1000;

class ChainedLog final : public AccessLog {
 public:
    // `now` is the wall clock. Goes on where the vault's rows end, which must outlive it.
    ChainedLog(vault::Vault& vault, LogName name, std::function<UnixMs()> now,
               telemetry::Logger log, telemetry::Metrics& metrics);
    // What is in the log is on the disk then.
    ~ChainedLog() override;
    ChainedLog(const ChainedLog&) = delete;
    ChainedLog& operator=(const ChainedLog&) = delete;

    [[nodiscard]] bool ready() override;
    // Accesses that come while others are written go together. A row is in the database's log when
    // this returns; the disk has it after kSyncMs or with the next synced write to the vault.
    [[nodiscard]] bool append(const Access& access) override;

    struct Head {
        std::uint64_t sequence = 0;  // 0: the log is empty
        Hash32 hash;
        UnixMs at;
    };
    [[nodiscard]] Head head() const;
    // The head, when all up to it is on the disk; nothing when that failed.
    [[nodiscard]] std::optional<Head> sync();

    [[nodiscard]] const LogName& name() const { return name_; }
    [[nodiscard]] vault::Vault& vault() { return vault_; }
    // What of the rows is shown to patients; it follows them when it is asked to.
    [[nodiscard]] LogTree& tree() { return tree_; }

 private:
    struct Entry;
    struct Batch;
    void open();
    void write(const std::vector<Entry*>& group);
    void add(const Entry& entry, Head& head, Batch& batch);
    void run();

    vault::Vault& vault_;
    const LogName name_;
    LogTree tree_;
    const std::function<UnixMs()> now_;
    telemetry::Logger log_;
    telemetry::Counter rows_, failures_;

    mutable std::mutex mutex_;
    std::deque<Entry*> waiting_;  // the first one writes for those behind it
    Head head_;                   // of what is written
    std::uint64_t synced_ = 0;
    bool failed_ = false;

    std::mutex stop_mutex_;
    std::condition_variable stopped_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace consilium::services::audit
