// SPDX-License-Identifier: Apache-2.0
#include "vault_bench.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <thread>

#include "base/hex.hpp"
#include "vault/vault.hpp"

namespace consilium::bench {
namespace {

using Clock = std::chrono::steady_clock;
using vault::DocumentName;
using vault::NewDocument;
using vault::Row;

constexpr std::uint64_t kPayloadBytes = 650;
constexpr std::uint64_t kPerPatient = 110;
constexpr std::uint64_t kCategories = 10;
constexpr std::size_t kHits = kPerPatient / kCategories;
constexpr std::size_t kBulk = 256;
constexpr std::size_t kThreads = 16;
constexpr const char* kFailed = "the vault failed; is the disk full?";

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::uint64_t mix(std::uint64_t x) {  // splitmix64
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31U);
}

// The n-th identifier of a kind, as random ones are spread.
Bytes id_of(std::uint64_t kind, std::uint64_t n) {
    Bytes out;
    append_be64(out, mix(2 * n + (kind << 40U)));
    append_be64(out, mix(2 * n + 1 + (kind << 40U)));
    return out;
}

DocumentName name_of(std::uint64_t n) {
    DocumentName name;
    (void)assign(name.record, id_of(1, n));
    name.version = 1;
    return name;
}

Bytes patient_of(std::uint64_t n) {
    return to_hex(id_of(2, n / kPerPatient));
}

Bytes category_key(const Bytes& patient, std::uint64_t category) {
    return "Observation/patient-category=" + patient + "|category-" + std::to_string(category) +
           ";";
}

// As many and as long as those of an Observation.
std::vector<Bytes> index_of(std::uint64_t n) {
    const Bytes patient = patient_of(n);
    const Bytes at = "20" + std::to_string(10 + n % 16) + "-0" + std::to_string(1 + n % 9) + "-1" +
                     std::to_string(n % 10) + "T0" + std::to_string(n % 10) + ":17:21+01:00";
    return {category_key(patient, n % kCategories),
            "Observation/_id=" + to_hex(id_of(3, n)) + ";",
            "Observation/patient=" + patient + ";",
            "Observation/code=http://loinc.org|" + std::to_string(1000 + n % 900) + "-4;",
            "Observation/status=final;",
            "Observation/date=" + at + ";",
            "Observation/_lastUpdated=" + at + ";",
            "Observation/encounter=" + to_hex(id_of(4, n / 20)) + ";",
            "Observation/category=observation-category|category-" + std::to_string(n % kCategories),
            "Observation/value-quantity=" + std::to_string(n % 300) + ".5|mmol/L;",
            "Observation/performer=" + to_hex(id_of(5, n % 500)) + ";",
            "Patient/" + patient + "/Observation/" + to_hex(id_of(3, n)) + ";"};
}

Bytes row_key_of(std::uint64_t n) {
    return "ehr/id/Observation/" + to_hex(id_of(3, n));
}

std::uint64_t disk_bytes(const std::filesystem::path& folder) {
    std::uint64_t sum = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
        if (entry.is_regular_file(error)) sum += entry.file_size(error);
    }
    return sum;
}

double rss_mib() {
    std::ifstream in("/proc/self/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    in >> total >> resident;
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) /
           (1024.0 * 1024.0);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

class VaultBench {
 public:
    explicit VaultBench(const VaultBenchOptions& options) : options_(options) {}

    [[nodiscard]] Result<std::vector<VaultBenchRow>, std::string> run() {
        const auto folder = options_.directory / "vault";
        if (!vault::Vault::create(folder, "a passphrase", {1, 1024}) || !open())
            return fail("a vault cannot be made in " + options_.directory.string());
        std::vector<VaultBenchRow> rows;
        for (const std::uint64_t documents : options_.document_counts) {
            VaultBenchRow row;
            row.documents = documents;
            if (!measure(row)) return fail(std::string(kFailed));
            rows.push_back(row);
        }
        return rows;
    }

 private:
    void say(const std::string& what) const {
        if (options_.progress) options_.progress(what);
    }

    [[nodiscard]] bool open() {
        vault_.reset();
        auto opened = vault::Vault::open(options_.directory / "vault", {}, "a passphrase");
        if (opened) vault_ = std::move(*opened);
        return vault_ != nullptr;
    }

    [[nodiscard]] bool put(std::uint64_t first, std::size_t count) {
        std::vector<NewDocument> documents;
        std::vector<Row> rows;
        for (std::uint64_t n = first; n < first + count; ++n) {
            documents.push_back({name_of(n), payload_, index_of(n)});
            rows.push_back({row_key_of(n), Bytes(name_of(n).record.view())});
        }
        return vault_->put(documents, rows).ok();
    }

    [[nodiscard]] bool grow(VaultBenchRow& row) {
        say("growing to " + std::to_string(row.documents) + " documents");
        const auto start = Clock::now();
        const std::uint64_t before = stored_;
        while (stored_ < row.documents) {
            const auto count =
                static_cast<std::size_t>(std::min<std::uint64_t>(kBulk, row.documents - stored_));
            if (!put(stored_, count)) return false;
            stored_ += count;
        }
        row.bulk_puts_per_s = static_cast<double>(stored_ - before) / seconds_since(start);
        return true;
    }

    // Runs `work` in 16 threads for a while; how often a second it was done, or nothing.
    [[nodiscard]] double rate(const std::function<bool(std::uint64_t)>& work) const {
        std::atomic<bool> stop{false};
        std::atomic<bool> failed{false};
        std::atomic<std::uint64_t> next{0};
        std::atomic<std::uint64_t> done{0};
        const auto start = Clock::now();
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < kThreads; ++i) {
            threads.emplace_back([&] {
                while (!stop && !failed) {
                    if (!work(next++)) failed = true;
                    ++done;
                }
            });
        }
        std::this_thread::sleep_for(std::chrono::seconds(options_.seconds));
        stop = true;
        for (std::thread& thread : threads)
            thread.join();
        return failed ? 0 : static_cast<double>(done) / seconds_since(start);
    }

    // Microseconds; nothing when it failed.
    [[nodiscard]] static double once(std::size_t rounds,
                                     const std::function<bool(std::uint64_t)>& work) {
        std::vector<double> times;
        for (std::size_t round = 0; round < 2 * rounds; ++round) {
            const auto start = Clock::now();
            if (!work(mix(round % rounds))) return 0;
            if (round >= rounds) times.push_back(seconds_since(start) * 1e6);
        }
        return median(times);
    }

    [[nodiscard]] bool read_one(std::uint64_t n) const {
        const auto found = vault_->read(name_of(mix(n) % stored_), kPayloadBytes);
        return found && found->size() == kPayloadBytes;
    }
    [[nodiscard]] bool find_one(std::uint64_t n) const {
        // One of the patients whose documents are all there.
        const std::uint64_t patient = mix(n) % (stored_ / kPerPatient) * kPerPatient;
        const auto found =
            vault_->find(category_key(patient_of(patient), n % kCategories), std::nullopt, 100);
        return found && found->size() == kHits;
    }
    [[nodiscard]] bool row_one(std::uint64_t n) const {
        const auto found = vault_->row(row_key_of(mix(n) % stored_));
        return found && found->has_value();
    }

    [[nodiscard]] bool read(VaultBenchRow& row) {
        say("reading");
        row.read_us = once(4000, [this](std::uint64_t n) { return read_one(n); });
        row.find_us = once(4000, [this](std::uint64_t n) { return find_one(n); });
        row.row_us = once(4000, [this](std::uint64_t n) { return row_one(n); });
        row.reads_per_s = rate([this](std::uint64_t n) { return read_one(n); });
        row.finds_per_s = rate([this](std::uint64_t n) { return find_one(n); });
        row.rss_mib = rss_mib();
        return row.read_us > 0 && row.find_us > 0 && row.row_us > 0 && row.reads_per_s > 0 &&
               row.finds_per_s > 0;
    }

    // Documents besides those that are counted, of other numbers.
    [[nodiscard]] bool put_one_by_one(VaultBenchRow& row) {
        say("putting one by one");
        besides_ += 1ULL << 32U;
        row.puts_per_s = rate([this](std::uint64_t n) { return put(besides_ + n, 1); });
        besides_ += 1ULL << 32U;
        last_ = besides_;
        row.put_ms = once(300, [this](std::uint64_t) { return put(last_++, 1); }) / 1e3;
        return row.puts_per_s > 0 && row.put_ms > 0;
    }

    [[nodiscard]] bool shred(VaultBenchRow& row) {
        say("erasing");
        const auto shred_one = [this](std::uint64_t n) {
            const DocumentName name = name_of(n);
            return vault_->shred({&name, 1}).ok();
        };
        std::vector<double> alone;
        for (int i = 0; i < 5; ++i) {
            const auto start = Clock::now();
            if (!shred_one(--last_)) return false;
            alone.push_back(seconds_since(start) * 1e3);
        }
        row.shred_ms = median(alone);
        std::atomic<bool> failed{false};
        const auto start = Clock::now();
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < kThreads; ++i) {
            const std::uint64_t n = --last_;
            threads.emplace_back([&, n] {
                if (!shred_one(n)) failed = true;
            });
        }
        for (std::thread& thread : threads)
            thread.join();
        row.shred_16_ms = seconds_since(start) * 1e3;
        return !failed;
    }

    [[nodiscard]] bool measure(VaultBenchRow& row) {
        if (!grow(row) || !read(row)) return false;
        // Before anything is put besides, and with what waited in memory written.
        say("restarting");
        vault_.reset();
        const auto start = Clock::now();
        if (!open()) return false;
        row.open_ms = seconds_since(start) * 1e3;
        row.disk_bytes_per_document = static_cast<double>(disk_bytes(options_.directory)) /
                                      static_cast<double>(row.documents);
        const bool done = put_one_by_one(row) && shred(row);
        row.rss_mib = std::max(row.rss_mib, rss_mib());
        return done;
    }

    const VaultBenchOptions& options_;
    const Bytes payload_ = Bytes(kPayloadBytes, 'p');
    std::unique_ptr<vault::Vault> vault_;
    std::uint64_t stored_ = 0;
    std::uint64_t besides_ = 1ULL << 36U;
    std::uint64_t last_ = 0;
};

}  // namespace

Result<std::vector<VaultBenchRow>, std::string> run_vault_bench(const VaultBenchOptions& options) {
    return VaultBench(options).run();
}

}  // namespace consilium::bench
