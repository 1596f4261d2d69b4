// SPDX-License-Identifier: Apache-2.0
#include "services/audit/event_search.hpp"

#include <algorithm>
#include <charconv>

#include "formats/fhir/fhirpath_date.hpp"
#include "formats/fhir/primitive.hpp"
#include "proto/canonical.hpp"
#include "services/audit/event_json.hpp"

namespace consilium::services::audit {
namespace {

constexpr std::string_view kPatient = "Patient/";
constexpr std::size_t kRowsPerStep = 256;

std::optional<std::string> patient_in(std::string_view value, bool prefix_needed) {
    const bool prefixed = value.substr(0, kPatient.size()) == kPatient;
    if (prefixed) value.remove_prefix(kPatient.size());
    if ((prefix_needed && !prefixed) || !formats::fhir::is_logical_id(value)) return std::nullopt;
    return std::string(value);
}

UnixMs clamped(std::int64_t ms) {
    return {ms < 0 ? 0 : static_cast<std::uint64_t>(ms)};
}

// "ge2026-11-23": both ends, where the prefix sets them.
bool narrow(EventQuery& query, std::string_view value) {
    std::string_view prefix = "eq";
    if (value.size() > 2 && value[0] >= 'a' && value[0] <= 'z') {
        prefix = value.substr(0, 2);
        value.remove_prefix(2);
    }
    const auto moment = formats::fhir::parse_moment(value);
    if (!moment) return false;
    const auto range = formats::fhir::range_of(*moment);
    const auto not_before = [&](std::int64_t ms) {
        query.from = std::max(query.from.value_or(UnixMs{0}), clamped(ms));
    };
    const auto not_after = [&](std::int64_t ms) {
        query.to = std::min(query.to.value_or(clamped(ms)), clamped(ms));
    };
    if (prefix == "eq") {
        not_before(range.low_ms);
        not_after(range.high_ms);
    } else if (prefix == "ge") {
        not_before(range.low_ms);
    } else if (prefix == "gt" || prefix == "sa") {
        not_before(range.high_ms + 1);
    } else if (prefix == "le") {
        not_after(range.high_ms);
    } else if (prefix == "lt" || prefix == "eb") {
        not_after(range.low_ms - 1);
    } else {
        return false;
    }
    return true;
}

bool read_agent(EventQuery& query, std::string_view value, const LogName& log) {
    if (const auto bar = value.find('|'); bar != std::string_view::npos) {
        // Subjects are this member's own.
        if (value.substr(0, bar) != realm_of(log) + ':' + log.member) return false;
        value.remove_prefix(bar + 1);
    }
    query.subject = std::string(value);
    return !value.empty();
}

bool read_count(EventQuery& query, std::string_view value) {
    const char* end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, query.count);
    query.count = std::min(query.count, kEventsPerPageMax);
    return read.ec == std::errc() && read.ptr == end && query.count > 0;
}

bool read_parameter(EventQuery& query, const std::string& name, const std::string& value,
                    const LogName& log) {
    if (name == "patient" || name == "patient:Patient") {
        auto patient = patient_in(value, false);
        const bool other = query.patient && patient && *query.patient != *patient;
        query.patient = std::move(patient);
        return query.patient.has_value() && !other;
    }
    if (name == "date") return narrow(query, value);
    if (name == "agent:identifier") return read_agent(query, value, log);
    if (name == "agent" || name == "agent:Patient") {
        query.by = patient_in(value, name == "agent");
        return query.by.has_value();
    }
    if (name == "outcome") {
        query.denied = value == "8";
        return value == "0" || value == "8";
    }
    return name == "_count" && read_count(query, value);
}

bool fits(const v1::LoggedAccess& access, const EventQuery& query) {
    if (query.denied && access.denied() != *query.denied) return false;
    if (query.by && access.own_patient() != *query.by) return false;
    return !query.subject || (access.own_patient().empty() && access.own_link().empty() &&
                              access.subject() == *query.subject);
}

Result<std::uint64_t, vault::VaultError> newest_row(const vault::Vault& vault) {
    const auto row = vault.row(head_key());
    if (!row) return fail(row.error());
    v1::AccessLogHead head;
    if (*row && !proto::parse_canonical(**row, head)) return fail(vault::VaultError::kDamaged);
    return head.sequence();
}

}  // namespace

Result<EventQuery, std::string> read_event_query(
    const std::vector<std::pair<std::string, std::string>>& parameters, const LogName& log) {
    EventQuery out;
    for (const auto& [name, value] : parameters) {
        if (!read_parameter(out, name, value, log)) return fail(name);
    }
    return out;
}

Result<EventPage, vault::VaultError> search_events(const vault::Vault& vault,
                                                   const EventNames& names, const EventQuery& query,
                                                   EventPlace place) {
    if (place.newest == 0) {
        const auto newest = newest_row(vault);
        if (!newest) return fail(newest.error());
        place.newest = *newest;
    }
    EventPage out;
    LogRange range{query.from, query.to, place.after, kRowsPerStep};
    while (true) {
        const auto entries = read_accesses(vault, names.log, query.patient, range);
        if (!entries) return fail(entries.error());
        for (const LogEntry& entry : *entries) {
            if (entry.sequence > place.newest) return out;
            // Another member's patient may have the id of one of ours.
            const bool foreign = !names.with_queries && entry.access.elsewhere();
            if (!foreign && fits(entry.access, query)) {
                auto events = audit_events(entry, names, query.patient);
                for (std::size_t i = place.skip; i < events.size(); ++i) {
                    if (out.events.size() == query.count) {
                        out.next =
                            EventPlace{range.after, static_cast<std::uint32_t>(i), place.newest};
                        return out;
                    }
                    out.events.push_back(std::move(events[i]));
                }
                place.skip = 0;
            }
            range.after = entry.sequence;
        }
        if (entries->size() < kRowsPerStep) return out;
    }
}

Result<std::optional<std::string>, vault::VaultError> find_event(
    const vault::Vault& vault, const EventNames& names, std::string_view id,
    const std::optional<std::string>& patient) {
    const auto sequence = sequence_of_event(id);
    if (!sequence || *sequence == 0) return std::optional<std::string>();
    const auto entries = read_accesses(vault, names.log, std::nullopt,
                                       {std::nullopt, std::nullopt, *sequence - 1, 1});
    if (!entries) return fail(entries.error());
    if (entries->empty() || entries->front().sequence != *sequence)
        return std::optional<std::string>();
    if (!names.with_queries && entries->front().access.elsewhere())
        return std::optional<std::string>();
    const std::string begins = R"({"resourceType":"AuditEvent","id":")" + std::string(id) + '"';
    for (std::string& event : audit_events(entries->front(), names, patient)) {
        if (event.substr(0, begins.size()) == begins) return std::optional(std::move(event));
    }
    return std::optional<std::string>();
}

}  // namespace consilium::services::audit
