// SPDX-License-Identifier: Apache-2.0
#include "store_bench.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "base/parallel.hpp"
#include "state/ledger_state.hpp"
#include "store/rocks_disk.hpp"
#include "verify/state_proof.hpp"

namespace consilium::bench {
namespace {

using Clock = std::chrono::steady_clock;
using state::StateDiff;
using verify::StateQuestion;

constexpr std::size_t kBlockOperations = 4096;
constexpr std::size_t kRun = 64;  // appended creations under one prefix

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Threads that wait for work between blocks.
class Pool {
 public:
    explicit Pool(std::size_t threads) {
        for (std::size_t i = 1; i < threads; ++i)
            workers_.emplace_back([this] { work(); });
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() {
        {
            const std::lock_guard lock(mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        for (std::thread& worker : workers_)
            worker.join();
    }

    void run(std::size_t count, const std::function<void(std::size_t)>& body) {
        if (count <= 1 || workers_.empty()) return serial_for(count, body);
        {
            const std::lock_guard lock(mutex_);
            body_ = &body;
            count_ = count;
            next_ = 0;
            busy_ = workers_.size();
            ++round_;
        }
        wake_.notify_all();
        drain(body, count);
        std::unique_lock lock(mutex_);
        done_.wait(lock, [this] { return busy_ == 0; });
    }

 private:
    void drain(const std::function<void(std::size_t)>& body, std::size_t count) {
        for (std::size_t i = next_++; i < count; i = next_++)
            body(i);
    }
    void work() {
        std::uint64_t seen = 0;
        for (;;) {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [&] { return stop_ || round_ != seen; });
            if (stop_) return;
            seen = round_;
            const auto* body = body_;
            const std::size_t count = count_;
            lock.unlock();
            drain(*body, count);
            lock.lock();
            if (--busy_ == 0) done_.notify_one();
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable done_;
    const std::function<void(std::size_t)>* body_ = nullptr;
    std::size_t count_ = 0;
    std::atomic<std::size_t> next_ = 0;
    std::size_t busy_ = 0;
    std::uint64_t round_ = 0;
    bool stop_ = false;
    std::vector<std::thread> workers_;
};

std::uint64_t mix(std::uint64_t x) {  // splitmix64
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31U);
}

// The i-th random key, which need not be remembered.
Bytes random_key(std::uint64_t i) {
    Bytes key;
    key.reserve(32);
    for (std::uint64_t word = 0; word < 4; ++word)
        append_be64(key, mix(4 * i + word));
    return key;
}

Bytes value_of(std::uint64_t i) {
    Bytes value;
    value.reserve(64);
    for (std::uint64_t word = 0; word < 8; ++word)
        append_be64(value, mix(~(8 * i + word)));
    return value;
}

// What the kernel says of this process.
std::uint64_t bytes_written() {
    std::ifstream in("/proc/self/io");
    std::string name;
    std::uint64_t value = 0;
    while (in >> name >> value)
        if (name == "write_bytes:") return value;
    return 0;
}

double rss_mib() {
    std::ifstream in("/proc/self/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    in >> total >> resident;
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) /
           (1024.0 * 1024.0);
}

double cpu_seconds() {
    rusage usage{};
    (void)::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Rate {
    double per_s = 0;
    double bytes = 0;
    double cpu_us = 0;
};

// A state on a disk, with a thread that writes the block before while the next one is planned.
class Ledger {
 public:
    Ledger(const StoreBenchOptions& options) : options_(options), pool_(options.threads) {
        parallel_ = [this](std::size_t count, const std::function<void(std::size_t)>& body) {
            pool_.run(count, body);
        };
    }

    [[nodiscard]] Status<std::string> open() {
        state_.reset();
        disk_.reset();
        auto disk = store::open_rocks_disk(options_.directory);
        if (!disk) return fail(disk.error().detail);
        disk_ = std::move(*disk);
        auto state = state::LedgerState::open(*disk_);
        if (!state) return fail(std::string(to_string(state.error())));
        state_ = std::move(*state);
        next_height_ = state_->height() ? *state_->height() + 1 : 0;
        return Done{};
    }

    // Commits `blocks` blocks whose diffs `make` gives, durably, and says how fast. Diffs are made
    // in between, while nothing is being written, and their making is not counted.
    [[nodiscard]] Result<Rate, std::string> commit(
        std::uint64_t blocks, const std::function<StateDiff(std::uint64_t)>& make) {
        constexpr std::uint64_t kPrepared = 16;
        const std::uint64_t written = bytes_written();
        double spent = 0;
        double cpu = 0;
        std::uint64_t operations = 0;
        std::vector<StateDiff> diffs;
        for (std::uint64_t block = 0; block < blocks; block += diffs.size()) {
            diffs.clear();
            while (diffs.size() < std::min(kPrepared, blocks - block)) {
                diffs.push_back(make(block + diffs.size()));
                operations += diffs.back().size();
            }
            const auto start = Clock::now();
            const double cpu_before = cpu_seconds();
            if (auto done = commit(diffs); !done) return fail(done.error());
            spent += seconds_since(start);
            cpu += cpu_seconds() - cpu_before;
        }
        const auto n = static_cast<double>(operations);
        return Rate{n / spent, static_cast<double>(bytes_written() - written) / n, cpu * 1e6 / n};
    }

    [[nodiscard]] state::LedgerState& state() { return *state_; }

 private:
    // One atomic, synced write per block; while it runs the next block is planned on top of it.
    [[nodiscard]] Status<std::string> commit(const std::vector<StateDiff>& diffs) {
        std::optional<state::Pending> writing;
        std::thread writer;
        Status<state::DiskError> wrote = Done{};
        std::optional<std::string> failure;
        const auto finish = [&] {
            if (!writing) return;
            writer.join();
            if (!wrote) failure = to_string(wrote.error());
            if (!failure) state_->adopt(std::move(*writing));
            writing.reset();
        };
        for (const StateDiff& diff : diffs) {
            const Height height = next_height_++;
            auto pending = state_->plan(height, diff, parallel_);
            finish();
            if (!pending) failure = to_string(pending.error());
            if (failure) return fail(*failure);
            state_->hold(*pending);
            writing = std::move(*pending);
            writer = std::thread([&] {
                auto batch = disk_->new_batch();
                state_->stage(*writing, *batch);
                wrote = disk_->write(*batch, state::Durability::kSynced);
            });
        }
        finish();
        if (failure) return fail(*failure);
        return Done{};
    }

    const StoreBenchOptions& options_;
    Pool pool_;
    ParallelFor parallel_;
    std::unique_ptr<state::Disk> disk_;
    std::unique_ptr<state::LedgerState> state_;
    Height next_height_ = 0;
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// Makes and checks proofs of many questions, twice, and takes the second, warm round.
struct ProofCost {
    double bytes = 0;
    double make_us = 0;
    double check_us = 0;
};

Result<ProofCost, std::string> measure_proofs(const state::LedgerState& state,
                                              const std::vector<StateQuestion>& questions) {
    const auto snapshot = state.newest();
    std::vector<double> sizes;
    std::vector<double> makes;
    std::vector<double> checks;
    for (int round = 0; round < 2; ++round) {
        sizes.clear(), makes.clear(), checks.clear();
        for (const StateQuestion& question : questions) {
            auto start = Clock::now();
            const auto proof = snapshot->prove(question);
            makes.push_back(seconds_since(start) * 1e6);
            if (!proof) return fail(std::string(to_string(proof.error())));
            start = Clock::now();
            const auto checked =
                verify::check_state_proof(*proof, snapshot->root(), snapshot->height());
            checks.push_back(seconds_since(start) * 1e6);
            if (!checked) return fail(std::string(to_string(checked.error())));
            sizes.push_back(static_cast<double>(proof->size()));
        }
    }
    return ProofCost{median(sizes), median(makes), median(checks)};
}

class StoreBench {
 public:
    explicit StoreBench(const StoreBenchOptions& options) : options_(options), ledger_(options) {}

    [[nodiscard]] Result<std::vector<StoreBenchRow>, std::string> run() {
        if (auto opened = ledger_.open(); !opened) return fail(opened.error());
        if (auto genesis = ledger_.commit(1, [](std::uint64_t) { return StateDiff{}; }); !genesis)
            return fail(genesis.error());
        std::vector<StoreBenchRow> rows;
        for (const std::uint64_t keys : options_.key_counts) {
            auto row = measure(keys);
            if (!row) return fail(row.error());
            rows.push_back(*row);
        }
        return rows;
    }

 private:
    void say(const std::string& what) const {
        if (options_.progress) options_.progress(what);
    }

    [[nodiscard]] Result<Rate, std::string> create_until(std::uint64_t keys) {
        if (keys <= created_) return Rate{};
        const std::uint64_t blocks = (keys - created_ + kBlockOperations - 1) / kBlockOperations;
        return ledger_.commit(blocks, [&](std::uint64_t) {
            StateDiff diff;
            while (diff.size() < kBlockOperations && created_ < keys) {
                diff.emplace(random_key(created_), value_of(created_));
                ++created_;
            }
            return diff;
        });
    }
    [[nodiscard]] Result<Rate, std::string> update(std::uint64_t blocks) {
        return ledger_.commit(blocks, [&](std::uint64_t) {
            StateDiff diff;
            while (diff.size() < std::min<std::uint64_t>(kBlockOperations, created_)) {
                const std::uint64_t n = ++drawn_;
                diff.emplace(random_key(mix(n) % created_), value_of(~n));
            }
            return diff;
        });
    }
    [[nodiscard]] Result<Rate, std::string> append(std::uint64_t blocks) {
        return ledger_.commit(blocks, [&](std::uint64_t) {
            StateDiff diff;
            for (std::size_t run = 0; run < kBlockOperations / kRun; ++run) {
                const Bytes prefix = random_key(mix(++drawn_) % created_).substr(0, 24);
                for (std::size_t i = 0; i < kRun; ++i) {
                    Bytes key = prefix;
                    append_be64(key, ++appended_);
                    diff.emplace(std::move(key), value_of(appended_));
                }
            }
            return diff;
        });
    }

    [[nodiscard]] Result<StoreBenchRow, std::string> measure(std::uint64_t keys) {
        StoreBenchRow row;
        row.keys = keys;
        // With few keys the measured blocks are fewer, so that the state stays about that large.
        const std::uint64_t blocks =
            std::clamp<std::uint64_t>(keys / 4 / kBlockOperations, 2, options_.measured_blocks);
        say("growing to " + std::to_string(keys) + " keys");
        const std::uint64_t tail = blocks * kBlockOperations;
        if (auto grown = create_until(keys > tail ? keys - tail : 0); !grown)
            return fail(grown.error());
        const auto creates = create_until(keys);
        if (!creates) return fail(creates.error());
        say("updating");
        const auto updates = update(blocks);
        if (!updates) return fail(updates.error());
        if (auto measured = measure_state(row); !measured) return fail(measured.error());
        say("appending under prefixes");
        const auto appends = append(blocks);
        if (!appends) return fail(appends.error());
        row.creates_per_s = creates->per_s;
        row.bytes_per_create = creates->bytes;
        row.cpu_us_per_create = creates->cpu_us;
        row.updates_per_s = updates->per_s;
        row.bytes_per_update = updates->bytes;
        row.cpu_us_per_update = updates->cpu_us;
        row.appends_per_s = appends->per_s;
        row.bytes_per_append = appends->bytes;
        row.cpu_us_per_append = appends->cpu_us;
        row.rss_mib = std::max(row.rss_mib, rss_mib());
        return row;
    }

    // Memory, proofs, and a restart.
    [[nodiscard]] Status<std::string> measure_state(StoreBenchRow& row) {
        say("proving");
        row.rss_mib = rss_mib();
        std::vector<StateQuestion> present;
        std::vector<StateQuestion> absent;
        for (std::uint64_t i = 0; i < 2000; ++i) {
            present.push_back({StateQuestion::Kind::kKey, random_key(mix(i) % created_), {}});
            absent.push_back({StateQuestion::Kind::kKey, random_key(~i), {}});
        }
        const auto presence = measure_proofs(ledger_.state(), present);
        if (!presence) return fail(presence.error());
        const auto absence = measure_proofs(ledger_.state(), absent);
        if (!absence) return fail(absence.error());
        if (auto listed = measure_lists(row); !listed) return listed;
        row.presence_proof_bytes = presence->bytes;
        row.presence_make_us = presence->make_us;
        row.presence_check_us = presence->check_us;
        row.absence_proof_bytes = absence->bytes;
        row.absence_make_us = absence->make_us;
        row.absence_check_us = absence->check_us;
        row.rss_mib = std::max(row.rss_mib, rss_mib());
        say("restarting");
        const auto start = Clock::now();
        if (auto opened = ledger_.open(); !opened) return opened;
        row.open_ms = seconds_since(start) * 1e3;
        return Done{};
    }

    // Lists of 100 rows that were appended together.
    [[nodiscard]] Status<std::string> measure_lists(StoreBenchRow& row) {
        std::vector<StateQuestion> lists;
        const auto made = ledger_.commit(1, [&](std::uint64_t) {
            StateDiff diff;
            for (std::uint64_t list = 0; list < 40; ++list) {
                const Bytes prefix = random_key(mix(++drawn_) % created_).substr(0, 23) + "L";
                lists.push_back({StateQuestion::Kind::kPrefix, prefix, {}});
                for (std::uint64_t i = 0; i < 100; ++i) {
                    Bytes key = prefix;
                    append_be64(key, ++appended_);
                    diff.emplace(std::move(key), value_of(appended_));
                }
            }
            return diff;
        });
        if (!made) return fail(made.error());
        const auto completeness = measure_proofs(ledger_.state(), lists);
        if (!completeness) return fail(completeness.error());
        row.completeness_100_bytes = completeness->bytes;
        row.completeness_100_check_us = completeness->check_us;
        return Done{};
    }

    const StoreBenchOptions& options_;
    Ledger ledger_;
    std::uint64_t created_ = 0;
    std::uint64_t drawn_ = 0;
    std::uint64_t appended_ = 0;
};

}  // namespace

Result<std::vector<StoreBenchRow>, std::string> run_store_bench(const StoreBenchOptions& options) {
    return StoreBench(options).run();
}

}  // namespace consilium::bench
