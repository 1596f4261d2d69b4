// SPDX-License-Identifier: Apache-2.0
#include "services/audit/event_json.hpp"

#include "base/hex.hpp"

namespace consilium::services::audit {

using formats::json::Writer;

std::string realm_of(const LogName& log) {
    return "urn:consilium:" + to_hex(log.network.view()).substr(0, 32);
}

void write_coding(Writer& json, const Coded& code) {
    json.begin_object();
    json.member("system", code.system);
    json.member("code", code.code);
    json.member("display", code.display);
    json.end_object();
}

void write_concept(Writer& json, const Coded& code) {
    json.begin_object();
    json.name("coding");
    json.begin_array();
    write_coding(json, code);
    json.end_array();
    json.end_object();
}

void write_identifier(Writer& json, std::string_view name, const std::string& system,
                      const std::string& value) {
    json.name(name);
    json.begin_object();
    json.name("identifier");
    json.begin_object();
    json.member("system", system);
    json.member("value", value.empty() ? "unknown" : value);
    json.end_object();
    json.end_object();
}

void write_purpose(Writer& json, std::string_view name, const std::string& code) {
    if (code.empty()) return;
    json.name(name);
    json.begin_array();
    write_concept(json, {"http://terminology.hl7.org/CodeSystem/v3-ActReason", code, code});
    json.end_array();
}

void write_network(Writer& json, const std::string& address) {
    json.name("network");
    json.begin_object();
    if (address.empty()) {
        json.name("extension");
        json.begin_array();
        json.begin_object();
        json.member("url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason");
        json.member("valueCode", "unknown");
        json.end_object();
        json.end_array();
    } else {
        json.member("address", address);
        json.member("type", "5");  // a URI
    }
    json.end_object();
}

void write_source(Writer& json, const LogName& log) {
    json.name("source");
    json.begin_object();
    json.member("site", log.member);
    write_identifier(json, "observer", realm_of(log), log.member);
    json.name("type");
    json.begin_array();
    write_coding(json, {"http://terminology.hl7.org/CodeSystem/security-source-type", "4",
                        "Application Server"});
    json.end_array();
    json.end_object();
}

void write_patient(Writer& json, const std::string& id) {
    json.begin_object();
    json.name("what");
    json.begin_object();
    json.member("reference", "Patient/" + id);
    json.end_object();
    json.name("type");
    write_coding(json, {kEntityType, "1", "Person"});
    json.name("role");
    write_coding(json, {kObjectRole, "1", "Patient"});
    json.end_object();
}

void write_resource(Writer& json, const std::string& reference, const std::string& type,
                    bool data) {
    json.begin_object();
    json.name("what");
    json.begin_object();
    json.member("reference", reference);
    json.end_object();
    json.name("type");
    if (data) {
        write_coding(json, {kEntityType, "2", "System Object"});
    } else {
        write_coding(json, {"http://hl7.org/fhir/resource-types", type, type});
    }
    json.name("role");
    write_coding(json, {kObjectRole, "4", "Domain Resource"});
    json.end_object();
}

}  // namespace consilium::services::audit
