// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/audit/audit_event.hpp"

// The access log as FHIR's search on AuditEvent: R4's parameters patient, date, agent and outcome,
// page by page. Thread-safe.
namespace consilium::services::audit {

inline constexpr std::size_t kEventsPerPageDefault = 100;
inline constexpr std::size_t kEventsPerPageMax = 1000;

struct EventQuery {
    std::optional<std::string> patient;
    std::optional<UnixMs> from;          // included
    std::optional<UnixMs> to;            // included
    std::optional<std::string> subject;  // of the token of whoever did it
    std::optional<std::string> by;       // the patient by whose token it was
    std::optional<bool> denied;
    std::size_t count = kEventsPerPageDefault;
};
// Of a search's parameters, in which all must fit; the name of one that is unknown or cannot be
// read. agent is Patient/ID, or with :identifier a token's subject, also as SYSTEM|SUBJECT.
[[nodiscard]] Result<EventQuery, std::string> read_event_query(
    const std::vector<std::pair<std::string, std::string>>& parameters, const LogName& log);

// Where a page goes on. Rows that came after the first page are on none.
struct EventPlace {
    std::uint64_t after = 0;   // rows up to this one are done
    std::uint32_t skip = 0;    // and so many events of the next that fits
    std::uint64_t newest = 0;  // of the first page; 0: this is the first
};
struct EventPage {
    std::vector<std::string> events;  // oldest first
    std::optional<EventPlace> next;   // nothing: that was all
};
[[nodiscard]] Result<EventPage, vault::VaultError> search_events(const vault::Vault& vault,
                                                                 const EventNames& names,
                                                                 const EventQuery& query,
                                                                 EventPlace place);

// The event of that id; only one of that patient's, if one is given.
[[nodiscard]] Result<std::optional<std::string>, vault::VaultError> find_event(
    const vault::Vault& vault, const EventNames& names, std::string_view id,
    const std::optional<std::string>& patient);

}  // namespace consilium::services::audit
