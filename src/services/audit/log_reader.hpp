// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "services/audit/access_rows.hpp"
#include "vault/vault.hpp"

// What an access log holds, in order. Thread-safe; shows what stands in the rows, not whether it is
// whole (log_verify.hpp).
namespace consilium::services::audit {

struct LogEntry {
    std::uint64_t sequence = 0;
    UnixMs at;
    Hash32 hash;  // of the row
    v1::LoggedAccess access;
};

struct LogRange {
    std::optional<UnixMs> from;  // included
    std::optional<UnixMs> to;    // included
    std::uint64_t after = 0;     // a sequence: only rows above it
    std::size_t limit = 1000;    // at least 1
};

// The rows in which that patient is named, or, without one, all; ascending. kDamaged for a row that
// cannot be read.
[[nodiscard]] Result<std::vector<LogEntry>, vault::VaultError> read_accesses(
    const vault::Vault& vault, const LogName& log, const std::optional<std::string>& patient,
    const LogRange& range);

}  // namespace consilium::services::audit
