// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "services/audit/ports.hpp"

namespace consilium::services::audit {

enum class AuditError : std::uint8_t {
    kUnknownPatient,  // or their chart is not on the ledger yet
    kNotNow,          // a header to come is needed: again in a moment
    kTooLarge,        // more than one answer may hold
    kDisk,            // ledger or store cannot be read
};

struct ChartRead {
    ChartOpening opening;
    Facts facts;
};

// All that the ledger says of a patient's chart as of one height, the newest that a header proves:
// every slot opened, every list under every link, and the transactions behind each row.
[[nodiscard]] Result<ChartRead, AuditError> read_chart(const Ports& ports,
                                                       std::string_view patient);

}  // namespace consilium::services::audit
