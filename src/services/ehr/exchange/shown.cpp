// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/shown.hpp"

#include <algorithm>

#include "formats/fhir/primitive.hpp"
#include "formats/json/parse.hpp"
#include "services/ehr/access_notes.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/resource_text.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using formats::json::Value;

constexpr std::string_view kVersions = "/v1/";
constexpr std::string_view kPatient = "Patient/";
constexpr std::string_view kReviews = "emergency/reviews";

std::string_view text_of(const Value& object, std::string_view name) {
    const Value* value = object.find(name);
    return value != nullptr && value->is_string() ? value->string() : std::string_view();
}

void add_patient(Access& access, AccessedResource& resource, std::string_view id) {
    if (!formats::fhir::is_logical_id(id)) return;
    const std::uint32_t place = access.patient(id);
    auto& places = resource.patients;
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
}

// `patient`: in whose record it stands, where that is known.
void note_resource(const Value& shown, std::string_view patient, Access& access) {
    AccessedResource resource;
    resource.type = text_of(shown, "resourceType");
    resource.id = text_of(shown, "id");
    if (!is_resource_type(resource.type) || !formats::fhir::is_logical_id(resource.id)) return;
    if (const auto* meta = shown.find("meta"); meta != nullptr && meta->is_object())
        resource.version = parse_version(text_of(*meta, "versionId")).value_or(0);
    if (resource.type == "Patient") add_patient(access, resource, resource.id);
    for_each_reference(shown, {}, [&](std::string_view reference, const std::string&) {
        if (reference.substr(0, kPatient.size()) != kPatient) return;
        const auto id = reference.substr(kPatient.size());
        add_patient(access, resource, id.substr(0, id.find('/')));
    });
    add_patient(access, resource, patient);
    access.resources.push_back(std::move(resource));
}

// "Observation/1/_history/2", "Provenance/3"
void note_name(std::string_view name, std::string_view patient, Access& access) {
    constexpr std::string_view kHistory = "/_history/";
    AccessedResource resource;
    if (const auto at = name.find(kHistory); at != std::string_view::npos) {
        resource.version = parse_version(name.substr(at + kHistory.size())).value_or(0);
        name = name.substr(0, at);
    }
    const auto slash = name.find('/');
    if (slash == std::string_view::npos) return;
    resource.type = name.substr(0, slash);
    resource.id = name.substr(slash + 1);
    if (!is_resource_type(resource.type) || !formats::fhir::is_logical_id(resource.id)) return;
    add_patient(access, resource, patient);
    access.resources.push_back(std::move(resource));
}

// Of an emergency's review: our user saw it, the patient is another member's.
bool is_elsewhere(const Value& item) {
    return text_of(item, "side") == "requester";
}

void note_item(const Value& item, Access& access) {
    if (is_elsewhere(item) != access.elsewhere && item.find("side") != nullptr) return;
    const std::string_view patient = text_of(item, "patient");
    if (formats::fhir::is_logical_id(patient)) (void)access.patient(patient);
    if (const Value* resource = item.find("resource"); resource != nullptr) {
        if (resource->is_object()) note_resource(*resource, patient, access);
        if (resource->is_string()) note_name(resource->string(), patient, access);
    }
    for (const char* name : {"record", "provenance"})
        note_name(text_of(item, name), patient, access);
    const Value* sent = item.find("sent");
    if (sent == nullptr || !sent->is_array()) return;
    for (const Value& one : sent->array()) {
        const Value* version = one.find("version");
        std::string name(text_of(one, "resource"));
        if (version != nullptr && version->is_number())
            name += "/_history/" + std::string(version->number());
        note_name(name, patient, access);
    }
}

}  // namespace

std::string asked_of(std::string_view path) {
    if (path.substr(0, kVersions.size()) == kVersions) path.remove_prefix(kVersions.size());
    return std::string(path);
}

void note_shown(BytesView body, Access& access) {
    const auto document = formats::json::parse(Bytes(body), body.size());
    if (!document || !document->root().is_object()) return;
    const Value& root = document->root();
    const std::string_view type = text_of(root, "resourceType");
    if (type == "Bundle") {
        const Value* entries = root.find("entry");
        if (entries == nullptr || !entries->is_array()) return;
        for (const Value& entry : entries->array()) {
            const Value* resource = entry.is_object() ? entry.find("resource") : nullptr;
            if (resource != nullptr && resource->is_object()) note_resource(*resource, {}, access);
        }
    } else if (!type.empty()) {
        note_resource(root, {}, access);
    } else if (const Value* items = root.find("items"); items != nullptr && items->is_array()) {
        for (const Value& item : items->array()) {
            if (item.is_object()) note_item(item, access);
        }
    } else {
        note_item(root, access);
    }
}

http::Response show(AccessLog* log, const http::Principal& principal, const Shown& shown,
                    http::Response answer) {
    const bool denied = answer.status == 403;
    if (log == nullptr || (answer.status >= 300 && !denied)) return answer;
    Access access;
    access.interaction = shown.interaction;
    access.asked = shown.asked;
    access.query = shown.query;
    access.elsewhere = shown.elsewhere;
    access.status = answer.status;
    access.denied = denied;
    describe(principal, access);
    // Reviews are of patients here and of other members' alike: a row for each kind.
    if (!denied && shown.asked.substr(0, kReviews.size()) == kReviews) {
        Access other = access;
        other.elsewhere = !access.elsewhere;
        note_shown(answer.body, other);
        if (!other.patients.empty() && !log->append(other)) return not_logged();
    }
    if (formats::fhir::is_logical_id(shown.patient)) (void)access.patient(shown.patient);
    if (!denied) note_shown(answer.body, access);
    return log->append(access) ? std::move(answer) : not_logged();
}

http::Response not_logged() {
    return http::problem_retry(503, "access-log",
                               "The access log cannot be written: nothing is shown", 1);
}

}  // namespace consilium::services::ehr::exchange
