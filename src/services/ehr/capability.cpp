// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/capability.hpp"

#include "base/rfc3339.hpp"
#include "formats/fhir/definitions.hpp"
#include "formats/json/write.hpp"
#include "services/ehr/names.hpp"

namespace consilium::services::ehr {
namespace {

using formats::json::Writer;

// The type whose searches the node answers from its access log: docs/audit.md.
constexpr std::string_view kOwnEvents = "AuditEvent";

void write_codes(Writer& out, std::string_view name,
                 std::initializer_list<std::string_view> codes) {
    out.name(name);
    out.begin_array();
    for (const auto code : codes) {
        out.begin_object();
        out.member("code", code);
        out.end_object();
    }
    out.end_array();
}

void write_flag(Writer& out, std::string_view name, bool value) {
    out.name(name);
    out.boolean(value);
}

std::string_view code_of(formats::fhir::SearchType type) {
    using formats::fhir::SearchType;
    switch (type) {
        case SearchType::kNumber:
            return "number";
        case SearchType::kDate:
            return "date";
        case SearchType::kString:
            return "string";
        case SearchType::kReference:
            return "reference";
        case SearchType::kComposite:
            return "composite";
        case SearchType::kQuantity:
            return "quantity";
        case SearchType::kUri:
            return "uri";
        case SearchType::kSpecial:
            return "special";
        case SearchType::kToken:
            break;
    }
    return "token";
}

// Those that a search takes: full text and places are not among them.
void write_parameters(Writer& out, std::string_view type) {
    out.name("searchParam");
    out.begin_array();
    if (type == kOwnEvents) {
        for (const auto& [name, kind] :
             {std::pair("patient", "reference"), std::pair("date", "date"),
              std::pair("agent", "reference"), std::pair("outcome", "token")}) {
            out.begin_object();
            out.member("name", name);
            out.member("type", kind);
            out.end_object();
        }
        out.end_array();
        return;
    }
    for (const std::string_view base :
         {std::string_view("Resource"), std::string_view("DomainResource"), type}) {
        for (const auto& parameter : formats::fhir::definitions().search_parameters(base)) {
            if (parameter.type == formats::fhir::SearchType::kSpecial ||
                parameter.expression.empty()) {
                continue;
            }
            out.begin_object();
            out.member("name", parameter.code);
            out.member("type", code_of(parameter.type));
            out.end_object();
        }
    }
    out.end_array();
}

void write_type(Writer& out, std::string_view type) {
    out.begin_object();
    out.member("type", type);
    if (type == kOwnEvents)
        out.member("documentation",
                   "Searches, and reads of what they found (ids that begin with log-), answer from "
                   "this node's log of accesses to patients' data. What clients store of this type "
                   "is read by its id.");
    write_codes(out, "interaction",
                {"read", "vread", "update", "patch", "delete", "history-instance", "create",
                 "search-type"});
    out.member("versioning", "versioned-update");
    write_flag(out, "readHistory", true);
    write_flag(out, "updateCreate", true);
    write_flag(out, "conditionalCreate", true);
    out.member("conditionalRead", "full-support");
    write_flag(out, "conditionalUpdate", true);
    out.member("conditionalDelete", "single");
    write_parameters(out, type);
    out.end_object();
}

void write_rest(Writer& out) {
    out.name("rest");
    out.begin_array();
    out.begin_object();
    out.member("mode", "server");
    out.name("resource");
    out.begin_array();
    for (const std::string_view type : resource_types())
        write_type(out, type);
    out.end_array();
    write_codes(out, "interaction", {"transaction", "batch"});
    out.name("operation");
    out.begin_array();
    for (const auto& [name, definition] :
         {std::pair("everything", "http://hl7.org/fhir/OperationDefinition/Patient-everything"),
          std::pair("validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate")}) {
        out.begin_object();
        out.member("name", name);
        out.member("definition", definition);
        out.end_object();
    }
    out.end_array();
    out.end_object();
    out.end_array();
}

}  // namespace

Reply capability_answer(const Fhir& fhir) {
    Answer answer;
    Writer out(answer.body);
    out.begin_object();
    out.member("resourceType", "CapabilityStatement");
    out.member("status", "active");
    out.member("date", to_rfc3339(fhir.options().now()));
    out.member("kind", "instance");
    out.name("software");
    out.begin_object();
    out.member("name", "Consilium");
    out.end_object();
    out.name("implementation");
    out.begin_object();
    out.member("description", "A member's node: FHIR R4 over its vault");
    out.member("url", fhir.options().base());
    out.end_object();
    out.member("fhirVersion", "4.0.1");
    out.name("format");
    out.begin_array();
    out.string("application/fhir+json");
    out.string("json");
    out.end_array();
    out.name("patchFormat");
    out.begin_array();
    out.string("application/json-patch+json");
    out.end_array();
    write_rest(out);
    out.end_object();
    return answer;
}

}  // namespace consilium::services::ehr
