// SPDX-License-Identifier: Apache-2.0
#include "services/audit/log_reader.hpp"

#include <algorithm>

#include "proto/canonical.hpp"

namespace consilium::services::audit {
namespace {

using vault::VaultError;

constexpr std::size_t kPage = 256;

Result<std::optional<v1::LoggedRow>, VaultError> row_at(const vault::Vault& vault,
                                                        std::uint64_t sequence, Bytes* bytes) {
    auto row = vault.row(log_key(sequence));
    if (!row) return fail(row.error());
    if (!*row) return std::optional<v1::LoggedRow>();
    v1::LoggedRow out;
    if (!proto::parse_canonical(**row, out)) return fail(VaultError::kDamaged);
    if (bytes != nullptr) *bytes = **std::move(row);
    return std::optional<v1::LoggedRow>(std::move(out));
}

std::optional<std::uint64_t> newest_of(const vault::Vault& vault) {
    const auto row = vault.row(head_key());
    v1::AccessLogHead head;
    if (!row) return std::nullopt;
    if (!*row || !proto::parse_canonical(**row, head)) return 0;
    return head.sequence();
}

// The last sequence whose row is before `from`: times ascend.
Result<std::uint64_t, VaultError> last_before(const vault::Vault& vault, UnixMs from) {
    const auto newest = newest_of(vault);
    if (!newest) return fail(VaultError::kDisk);
    std::uint64_t low = 0;
    std::uint64_t high = *newest;
    while (low < high) {
        const std::uint64_t middle = low + (high - low + 1) / 2;
        const auto row = row_at(vault, middle, nullptr);
        if (!row) return fail(row.error());
        // Where a row was left out, nothing is passed over.
        const bool before = *row && (*row)->at_unix_ms() < from.value;
        if (before) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

bool names(const v1::LoggedAccess& access, const std::string& patient) {
    return std::find(access.patients().begin(), access.patients().end(), patient) !=
           access.patients().end();
}

}  // namespace

Result<std::vector<LogEntry>, VaultError> read_accesses(const vault::Vault& vault,
                                                        const LogName& log,
                                                        const std::optional<std::string>& patient,
                                                        const LogRange& range) {
    std::vector<LogEntry> out;
    std::uint64_t after = range.after;
    if (range.from) {
        const auto before = last_before(vault, *range.from);
        if (!before) return fail(before.error());
        after = std::max(after, *before);
    }
    const Bytes prefix = patient ? patient_prefix(*patient) : log_prefix();
    const auto key_of = [&](std::uint64_t sequence) {
        return patient ? patient_key(*patient, sequence) : log_key(sequence);
    };
    while (out.size() < range.limit) {
        const auto rows = vault.rows(prefix, after == 0 ? Bytes() : key_of(after), kPage);
        if (!rows) return fail(rows.error());
        for (const vault::Row& found : *rows) {
            const auto sequence = patient ? parse_patient_key(found.key) : parse_log_key(found.key);
            if (!sequence) return fail(VaultError::kDamaged);
            after = *sequence;
            Bytes bytes;
            auto row = row_at(vault, *sequence, &bytes);
            if (!row) return fail(row.error());
            if (!*row) continue;
            LogEntry entry;
            entry.sequence = *sequence;
            entry.at.value = (*row)->at_unix_ms();
            if (range.to && entry.at > *range.to) return out;
            if (range.from && entry.at < *range.from) continue;
            entry.hash = row_hash(log, bytes);
            if (!proto::parse_canonical((*row)->access(), entry.access))
                return fail(VaultError::kDamaged);
            // An index row may be left of a write that failed.
            if (patient && !names(entry.access, *patient)) continue;
            out.push_back(std::move(entry));
            if (out.size() == range.limit) return out;
        }
        if (rows->size() < kPage) return out;
    }
    return out;
}

}  // namespace consilium::services::audit
