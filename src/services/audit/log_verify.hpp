// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "services/audit/ledger_heads.hpp"
#include "vault/vault.hpp"

// Whether an access log is whole: every row as it was written, none left out, and its heads those
// that the ledger holds. Thread-safe; may run while the log grows.
namespace consilium::services::audit {

enum class LogFault : std::uint8_t {
    kRowMissing,     // rows `sequence` to `until` are not there
    kRowUnreadable,  // row `sequence` is not what a log holds under that number
    kRowAltered,     // row `sequence` is not the one that the next row or the head names
    kIndexMissing,   // row `sequence` would not be found by one of its patients
    kTailCut,        // rows `sequence` to `until` were there, as the head or an anchored one says
    kHeadMissing,    // there are rows and no head, or the head cannot be read
    kHeadBehind,     // the head is that of row `sequence`, and there are later ones
    kRewritten,      // up to row `sequence` the log is not the one whose head is anchored
    kAnchorMissing,  // the ledger has head `version`, and the vault does not: it was put back
    kAnchorAltered,  // the vault's head `version` is not what the ledger has a commitment to
    kNotOnLedger,    // the vault's head `version` is not on the ledger
    kBegunAnew,      // the ledger has more than one record of this log
    kViewsAltered,   // head `version` has another root of views than the rows up to `sequence` give
};
// "row-missing", and a sentence that says what it means.
[[nodiscard]] const char* to_string(LogFault fault);
[[nodiscard]] const char* describe(LogFault fault);

struct LogFinding {
    LogFault fault = LogFault::kRowMissing;
    std::uint64_t sequence = 0;
    std::uint64_t until = 0;
    std::uint32_t version = 0;
};

inline constexpr std::size_t kFindingsMax = 100;

struct LogReport {
    std::uint64_t rows = 0;
    std::uint64_t sequence = 0;           // of the newest row
    std::uint32_t anchors = 0;            // heads on the ledger that fit the log
    std::uint64_t anchored_sequence = 0;  // up to this row the ledger vouches for the log
    std::uint64_t record_sequence = 0;    // where the heads are, in the member's own list
    std::vector<LogFinding> findings;     // at most kFindingsMax
    [[nodiscard]] bool whole() const { return findings.empty(); }
};

enum class LogVerifyError : std::uint8_t { kVault, kLedger };

[[nodiscard]] Result<LogReport, LogVerifyError> verify_log(const vault::Vault& vault,
                                                           const LogName& log, const Reads& reads);

}  // namespace consilium::services::audit
