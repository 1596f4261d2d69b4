// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "formats/json/write.hpp"
#include "services/audit/access_rows.hpp"

// Private to this room: parts of AuditEvents.
namespace consilium::services::audit {

inline constexpr std::string_view kEntityType =
    "http://terminology.hl7.org/CodeSystem/audit-entity-type";
inline constexpr std::string_view kObjectRole = "http://terminology.hl7.org/CodeSystem/object-role";

struct Coded {
    std::string_view system;
    std::string_view code;
    std::string_view display;
};

inline constexpr Coded kSourceRole{"http://dicom.nema.org/resources/ontology/DCM", "110153",
                                   "Source Role ID"};
inline constexpr Coded kDestinationRole{"http://dicom.nema.org/resources/ontology/DCM", "110152",
                                        "Destination Role ID"};

// "urn:consilium:" and the first half of the network id: the system of member ids.
[[nodiscard]] std::string realm_of(const LogName& log);

void write_coding(formats::json::Writer& json, const Coded& code);
void write_concept(formats::json::Writer& json, const Coded& code);
// {"identifier":{"system":...,"value":...}} as the member `name`.
void write_identifier(formats::json::Writer& json, std::string_view name, const std::string& system,
                      const std::string& value);
// A list with one v3-ActReason; nothing for no code.
void write_purpose(formats::json::Writer& json, std::string_view name, const std::string& code);
// The element "network" of an agent: an address, or that it is unknown.
void write_network(formats::json::Writer& json, const std::string& address);
void write_source(formats::json::Writer& json, const LogName& log);
// Entities.
void write_patient(formats::json::Writer& json, const std::string& id);
void write_resource(formats::json::Writer& json, const std::string& reference,
                    const std::string& type, bool data);

}  // namespace consilium::services::audit
