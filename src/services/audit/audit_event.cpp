// SPDX-License-Identifier: Apache-2.0
#include "services/audit/audit_event.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "services/audit/event_json.hpp"

namespace consilium::services::audit {
namespace {

using formats::json::Writer;

constexpr std::string_view kProfiles =
    "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";
constexpr std::string_view kRestful = "http://hl7.org/fhir/restful-interaction";
constexpr std::string_view kParticipation =
    "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";

std::string to_base64(std::string_view bytes) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = group << 8U | (j < left ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j)
            out += j <= left ? kDigits[group >> (18 - 6 * j) & 63U] : '=';
    }
    return out;
}

constexpr Coded kApplication{"http://dicom.nema.org/resources/ontology/DCM", "110150",
                             "Application"};
constexpr Coded kCustodian{"http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                           "custodian", "Custodian"};
constexpr Coded kRecipient{kParticipation, "IRCP", "information recipient"};
constexpr Coded kAuthor{kParticipation, "AUT", "author (originator)"};

// What BALP says of one kind of interaction.
struct Pattern {
    std::string_view profile;  // "Read": with a patient "PatientRead"
    std::string_view subtype;  // of restful-interaction
    std::string_view action;
    Coded client;
    Coded server;
    Coded user;
    bool query = false;  // the entity is what was asked, not what was shown
};

Pattern pattern_of(v1::LoggedInteraction interaction) {
    switch (interaction) {
        case v1::LOGGED_INTERACTION_READ:
        case v1::LOGGED_INTERACTION_RECEIVED:
            return {"Read", "read", "R", kDestinationRole, kSourceRole, kRecipient, false};
        case v1::LOGGED_INTERACTION_VREAD:
            return {"Read", "vread", "R", kDestinationRole, kSourceRole, kRecipient, false};
        case v1::LOGGED_INTERACTION_HISTORY:
            return {"Read",      "history-instance", "R",  kDestinationRole,
                    kSourceRole, kRecipient,         false};
        case v1::LOGGED_INTERACTION_SEARCH:
            return {"Query", "search-type", "E", kSourceRole, kDestinationRole, kRecipient, true};
        case v1::LOGGED_INTERACTION_CREATE:
            return {"Create", "create", "C", kSourceRole, kDestinationRole, kAuthor, false};
        case v1::LOGGED_INTERACTION_UPDATE:
            return {"Update", "update", "U", kSourceRole, kDestinationRole, kAuthor, false};
        case v1::LOGGED_INTERACTION_PATCH:
            return {"Update", "patch", "U", kSourceRole, kDestinationRole, kAuthor, false};
        case v1::LOGGED_INTERACTION_DELETE:
            return {"Delete", "delete", "D", kApplication, kCustodian, kAuthor, false};
        case v1::LOGGED_INTERACTION_BATCH:
            return {"Query", "batch", "E", kSourceRole, kDestinationRole, kRecipient, true};
        default:  // $everything, imports and their worklist
            return {"Query", "operation", "E", kSourceRole, kDestinationRole, kRecipient, true};
    }
}

class Event {
 public:
    Event(const LogEntry& entry, const EventNames& names)
        : entry_(entry), names_(names), realm_(realm_of(names.log)) {}

    // `place` is the patient's in the row.
    [[nodiscard]] std::string write(v1::LoggedInteraction interaction,
                                    std::optional<std::uint32_t> place,
                                    const std::vector<const v1::LoggedResource*>& resources) {
        const Pattern pattern = pattern_of(interaction);
        const bool as_query = pattern.query || resources.empty();
        std::string out;
        Writer json(out);
        json.begin_object();
        json.member("resourceType", "AuditEvent");
        json.member("id", "log-" + std::to_string(entry_.sequence) + '-' +
                              (place ? std::to_string(*place) : std::string("none")) + '-' +
                              std::to_string(static_cast<int>(interaction)));
        json.name("meta");
        json.begin_object();
        json.member("versionId", "1");
        json.member("lastUpdated", to_rfc3339(entry_.at));
        // BALP's profiles are for what succeeded, and where the resource is known.
        if (!entry_.access.denied() && as_query == pattern.query) {
            json.name("profile");
            json.begin_array();
            json.string(std::string(kProfiles) + (place ? "Patient" : "") +
                        std::string(pattern.profile));
            json.end_array();
        }
        json.end_object();
        json.name("type");
        write_coding(json, {"http://terminology.hl7.org/CodeSystem/audit-event-type", "rest",
                            "RESTful Operation"});
        json.name("subtype");
        json.begin_array();
        write_coding(json, {kRestful, pattern.subtype, pattern.subtype});
        json.end_array();
        json.member("action", pattern.action);
        json.member("recorded", to_rfc3339(entry_.at));
        json.member("outcome", entry_.access.denied() ? "8" : "0");
        if (entry_.access.denied())
            json.member("outcomeDesc", "denied, status " + std::to_string(entry_.access.status()));
        write_purpose(json, "purposeOfEvent", entry_.access.purpose());
        json.name("agent");
        json.begin_array();
        write_user(json, pattern, place);
        write_client(json, pattern, place);
        write_server(json, pattern);
        json.end_array();
        write_source(json, names_.log);
        json.name("entity");
        json.begin_array();
        if (place) write_patient(json, entry_.access.patients(static_cast<int>(*place)));
        if (as_query) write_query(json, place);
        bool first = !as_query;
        for (const v1::LoggedResource* resource : resources) {
            write_shown(json, *resource, first);
            first = false;
        }
        write_row(json);
        json.end_array();
        json.end_object();
        return out;
    }

 private:
    // Whether it was by the token of a patient who is nobody's business here.
    [[nodiscard]] bool is_another(std::optional<std::uint32_t> place) const {
        const v1::LoggedAccess& access = entry_.access;
        const bool by_a_patient = !access.own_patient().empty() || !access.own_link().empty();
        return !names_.with_queries && by_a_patient &&
               (!place || access.patients(static_cast<int>(*place)) != access.own_patient());
    }

    void write_user(Writer& json, const Pattern& pattern,
                    std::optional<std::uint32_t> place) const {
        const v1::LoggedAccess& access = entry_.access;
        json.begin_object();
        json.name("type");
        write_concept(json, pattern.user);
        const bool another = is_another(place);
        if (another) {
            json.name("who");
            json.begin_object();
            json.member("display", "another patient");
            json.end_object();
        } else if (!access.own_patient().empty()) {
            json.name("who");
            json.begin_object();
            json.member("reference", "Patient/" + access.own_patient());
            json.end_object();
        } else if (!access.own_link().empty()) {
            write_identifier(json, "who", realm_ + ":link", access.own_link());
        } else {
            write_identifier(json, "who", realm_ + ':' + names_.log.member, access.subject());
        }
        json.name("requestor");
        json.boolean(true);
        if (!access.token().empty() && !another) {
            json.name("policy");
            json.begin_array();
            json.string("urn:ietf:params:oauth:jti:" + access.token());
            json.end_array();
        }
        write_purpose(json, "purposeOfUse", access.purpose());
        json.end_object();
    }

    void write_client(Writer& json, const Pattern& pattern,
                      std::optional<std::uint32_t> place) const {
        json.begin_object();
        json.name("type");
        write_concept(json, pattern.client);
        write_identifier(json, "who", realm_ + ':' + names_.log.member + ":client",
                         is_another(place) ? "another patient's" : entry_.access.client());
        json.name("requestor");
        json.boolean(false);
        write_network(json, {});  // the log keeps no addresses of clients
        json.end_object();
    }

    void write_server(Writer& json, const Pattern& pattern) const {
        json.begin_object();
        json.name("type");
        write_concept(json, pattern.server);
        write_identifier(json, "who", realm_, names_.log.member);
        json.name("requestor");
        json.boolean(false);
        write_network(json, names_.base);
        json.end_object();
    }

    // The address, for a patient without ids that are not their own.
    [[nodiscard]] std::string asked(std::optional<std::uint32_t> place) const {
        const v1::LoggedAccess& access = entry_.access;
        if (names_.with_queries) return access.asked();
        const std::string own =
            place ? "Patient/" + access.patients(static_cast<int>(*place)) : std::string("/");
        const std::string& text = access.asked();
        const bool theirs = text == own || text.substr(0, own.size() + 1) == own + '/';
        return theirs || access.patients_size() == 1 ? text : text.substr(0, text.find('/'));
    }

    void write_query(Writer& json, std::optional<std::uint32_t> place) const {
        const v1::LoggedAccess& access = entry_.access;
        std::string text = asked(place);
        if (!access.query().empty() && names_.with_queries) text += '?' + access.query();
        json.begin_object();
        json.name("type");
        write_coding(json, {kEntityType, "2", "System Object"});
        json.name("role");
        write_coding(json, {kObjectRole, "24", "Query"});
        if (access.query_cut()) json.member("description", "The query was longer.");
        json.member("query", to_base64(text.empty() ? "/" : text));
        json.end_object();
    }

    // The first is the event's data; BALP has one, so the others are typed as what they are.
    static void write_shown(Writer& json, const v1::LoggedResource& resource, bool data) {
        std::string reference = resource.type() + '/' + resource.id();
        if (resource.version() != 0) reference += "/_history/" + std::to_string(resource.version());
        write_resource(json, reference, resource.type(), data);
    }

    // Where the event stands in the log, so that it can be held against an anchored head.
    void write_row(Writer& json) const {
        json.begin_object();
        json.name("what");
        json.begin_object();
        json.name("identifier");
        json.begin_object();
        json.member("system", realm_ + ':' + names_.log.member + ":access-log");
        json.member("value", std::to_string(entry_.sequence));
        json.end_object();
        json.end_object();
        json.name("type");
        write_coding(json, {"http://hl7.org/fhir/resource-types", "AuditEvent", "AuditEvent"});
        json.name("detail");
        json.begin_array();
        json.begin_object();
        json.member("type", "SHA-256 of the row");
        json.member("valueString", to_hex(entry_.hash.view()));
        json.end_object();
        json.end_array();
        json.end_object();
    }

    const LogEntry& entry_;
    const EventNames& names_;
    const std::string realm_;
};

}  // namespace

std::vector<std::string> audit_events(const LogEntry& entry, const EventNames& names,
                                      const std::optional<std::string>& patient) {
    std::vector<std::string> out;
    Event event(entry, names);
    const v1::LoggedAccess& access = entry.access;
    const auto interaction_of = [&](const v1::LoggedResource& resource) {
        return resource.interaction() == v1::LOGGED_INTERACTION_UNSPECIFIED
                   ? access.interaction()
                   : resource.interaction();
    };
    const auto write = [&](std::optional<std::uint32_t> place) {
        std::set<v1::LoggedInteraction> kinds;
        std::vector<const v1::LoggedResource*> theirs;
        for (const v1::LoggedResource& resource : access.resources()) {
            const auto& places = resource.patients();
            const bool concerns =
                place ? std::find(places.begin(), places.end(), *place) != places.end()
                      : places.empty();
            if (!concerns) continue;
            theirs.push_back(&resource);
            kinds.insert(interaction_of(resource));
        }
        const bool of_nobody = access.patients().empty() && access.resources().empty();
        if (theirs.empty() && (place || of_nobody)) kinds.insert(access.interaction());
        for (const v1::LoggedInteraction kind : kinds) {
            std::vector<const v1::LoggedResource*> of_kind;
            std::copy_if(theirs.begin(), theirs.end(), std::back_inserter(of_kind),
                         [&](const auto* resource) { return interaction_of(*resource) == kind; });
            out.push_back(event.write(kind, place, of_kind));
        }
    };
    for (int i = 0; i < access.patients_size(); ++i) {
        if (!patient || access.patients(i) == *patient) write(static_cast<std::uint32_t>(i));
    }
    if (!patient) write(std::nullopt);
    return out;
}

std::optional<std::uint64_t> sequence_of_event(std::string_view id) {
    constexpr std::string_view kPrefix = "log-";
    if (id.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
    id.remove_prefix(kPrefix.size());
    std::uint64_t out = 0;
    const auto parsed = std::from_chars(id.data(), id.data() + id.size(), out);
    if (parsed.ec != std::errc() || parsed.ptr == id.data() + id.size() || *parsed.ptr != '-')
        return std::nullopt;
    return out;
}

}  // namespace consilium::services::audit
