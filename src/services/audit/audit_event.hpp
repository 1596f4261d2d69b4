// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/audit/log_reader.hpp"

// Rows of the access log as AuditEvents of FHIR R4 in the profiles of IHE Basic Audit Log Patterns
// (https://profiles.ihe.net/ITI/BALP/). Pure.
namespace consilium::services::audit {

struct EventNames {
    LogName log;
    std::string base;  // of the member's FHIR API
    // What was asked may name others: patients are shown the address without it.
    bool with_queries = true;
};

// The events of a row, each as JSON: one for each patient and kind of interaction, as BALP wants
// it; with `patient`, only theirs. The id of each is "log-" and the row's sequence, the patient's
// place in the row and the interaction's number, with '-' between.
[[nodiscard]] std::vector<std::string> audit_events(const LogEntry& entry, const EventNames& names,
                                                    const std::optional<std::string>& patient);

// The sequence in an id that audit_events() gave.
[[nodiscard]] std::optional<std::uint64_t> sequence_of_event(std::string_view id);

}  // namespace consilium::services::audit
