// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>

#include "base/result.hpp"
#include "services/audit/access_rows.hpp"
#include "services/port/port.hpp"

// What the ledger holds of a member's access log: one record in the member's own list, whose
// versions are the heads in their order.
namespace consilium::services::audit {

// The log's record: the same for a member's life, so that a log that begins anew is seen.
[[nodiscard]] ledger::RecordId log_record(const LogName& log);

struct LedgerLog {
    std::uint64_t sequence = 0;  // of the record in the member's own list
    std::uint32_t version = 0;   // the newest
    Hash32 commitment;           // to it
    std::uint32_t records = 0;   // with the log's record id: more than one is a fault
};

// Nothing when the ledger has no head of the log yet. Reads the member's own list when `sequence`
// does not say where the record is.
[[nodiscard]] Result<std::optional<LedgerLog>, ReadError> read_log(
    const Reads& reads, const LogName& log, std::optional<std::uint64_t> sequence);

// The commitment to a version below the newest; nothing when the ledger has none.
[[nodiscard]] Result<std::optional<Hash32>, ReadError> read_version(const Reads& reads,
                                                                    const LogName& log,
                                                                    std::uint64_t sequence,
                                                                    std::uint32_t version);

}  // namespace consilium::services::audit
