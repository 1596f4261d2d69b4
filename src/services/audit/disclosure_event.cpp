// SPDX-License-Identifier: Apache-2.0
#include "services/audit/disclosure_event.hpp"

#include "base/rfc3339.hpp"
#include "services/audit/event_json.hpp"

namespace consilium::services::audit {
namespace {

using formats::json::Writer;

constexpr std::string_view kProfiles =
    "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.";

void write_member(Writer& json, const Coded& role, const EventNames& names,
                  const std::string& member) {
    const bool is_us = member == names.log.member;
    json.begin_object();
    json.name("type");
    write_concept(json, role);
    write_identifier(json, "who", realm_of(names.log), member);
    json.name("requestor");
    json.boolean(role.code == kDestinationRole.code);
    write_network(json, is_us ? names.base : std::string());
    json.end_object();
}

// The disclosure's row on the ledger.
void write_row(Writer& json, const MemberDisclosure& disclosure, const EventNames& names) {
    json.begin_object();
    write_identifier(json, "what", realm_of(names.log) + ":disclosure",
                     disclosure.link + '/' + std::to_string(disclosure.number));
    json.name("type");
    write_coding(json, {kEntityType, "2", "System Object"});
    json.name("role");
    write_coding(json, {kObjectRole, "3", "Report"});
    json.end_object();
}

// Of a disclosure by law. v3-ActReason has no codes for the letters of 45 CFR 164.512.
void write_basis(Writer& json, const std::string& basis) {
    json.name("purposeOfEvent");
    json.begin_array();
    json.begin_object();
    json.member("text", "by law, 45 CFR 164.512: " + basis);
    json.end_object();
    json.end_array();
}

}  // namespace

std::string disclosure_event(const MemberDisclosure& disclosure, const EventNames& names) {
    const bool incoming = disclosure.incoming;
    const std::string& us = names.log.member;
    std::string out;
    Writer json(out);
    json.begin_object();
    json.member("resourceType", "AuditEvent");
    json.member("id", (incoming ? "received-" : "sent-") + disclosure.link + '-' +
                          std::to_string(disclosure.number));
    json.name("meta");
    json.begin_object();
    json.member("versionId", "1");
    json.member("lastUpdated", to_rfc3339(disclosure.at));
    json.name("profile");
    json.begin_array();
    json.string(std::string(kProfiles) + (incoming ? "Recipient" : "Source"));
    json.end_array();
    json.end_object();
    json.name("type");
    write_coding(
        json, {kSourceRole.system, incoming ? "110107" : "110106", incoming ? "Import" : "Export"});
    json.name("subtype");
    json.begin_array();
    write_coding(json, {"http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "disclose",
                        "Disclose Record Lifecycle Event"});
    json.end_array();
    json.member("action", incoming ? "C" : "R");
    json.member("recorded", to_rfc3339(disclosure.at));
    json.member("outcome", "0");
    if (disclosure.basis.empty()) {
        write_purpose(json, "purposeOfEvent", disclosure.purpose);
    } else {
        write_basis(json, disclosure.basis);
    }
    json.name("agent");
    json.begin_array();
    write_member(json, kSourceRole, names, incoming ? disclosure.counterparty : us);
    write_member(json, kDestinationRole, names, incoming ? us : disclosure.counterparty);
    json.end_array();
    write_source(json, names.log);
    json.name("entity");
    json.begin_array();
    if (!disclosure.patient.empty()) write_patient(json, disclosure.patient);
    write_row(json, disclosure, names);
    for (const auto& [type, id] : disclosure.resources)
        write_resource(json, type + '/' + id, type, false);
    json.end_array();
    json.end_object();
    return out;
}

}  // namespace consilium::services::audit
