// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/access_notes.hpp"

#include <algorithm>

#include "formats/fhir/primitive.hpp"
#include "formats/json/parse.hpp"
#include "services/ehr/bundle_text.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/parameters.hpp"
#include "services/ehr/patients_named.hpp"
#include "services/ehr/resource_text.hpp"

namespace consilium::services::ehr {
namespace {

constexpr std::string_view kPatientPrefix = "Patient/";
constexpr std::string_view kVersion = R"("versionId":")";

bool is_id_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
}

std::string_view id_at(std::string_view text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_id_character);
    return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

// The version that write_resource() puts among the first members.
std::uint32_t version_in(BytesView stored) {
    const auto at = stored.substr(0, 256).find(kVersion);
    if (at == BytesView::npos) return 0;
    return parse_version(id_at(stored.substr(at + kVersion.size()))).value_or(0);
}

Interaction interaction_of_get(const std::vector<std::string>& path) {
    if (path.size() == 1)
        return path[0] == "$quarantine" ? Interaction::kWorklist : Interaction::kSearch;
    if (path.back() == "_history") return Interaction::kHistory;
    if (path.size() == 2) return Interaction::kRead;
    if (path.back() == "$everything") return Interaction::kEverything;
    return path.size() == 4 && path[2] == "_history" ? Interaction::kVread : Interaction::kSearch;
}

// kNone for what is no access to anybody's data.
Interaction interaction_of(const Call& call) {
    const auto& path = call.path;
    switch (call.verb) {
        case Verb::kGet:
            if (path.empty() || path[0] == "metadata") return Interaction::kNone;
            return interaction_of_get(path);
        case Verb::kPost:
            if (path.empty()) return Interaction::kBatch;
            if (path.back() == "$import") return Interaction::kImport;
            if (path.back() == "_search") return Interaction::kSearch;
            if (path.back() == "$everything") return Interaction::kEverything;
            if (path.back() == "$validate") return Interaction::kNone;
            return Interaction::kCreate;
        case Verb::kPut:
            return Interaction::kUpdate;
        case Verb::kPatch:
            return Interaction::kPatch;
        case Verb::kDelete:
            return Interaction::kDelete;
    }
    return Interaction::kNone;
}

}  // namespace

AccessNotes::AccessNotes(const Call& call) {
    access_.interaction = interaction_of(call);
    access_.own_patient = call.own_patient;
    if (access_.interaction == Interaction::kNone) return;
    for (const std::string& part : call.path) {
        if (!access_.asked.empty()) access_.asked += '/';
        access_.asked += part;
    }
    access_.query = format_parameters(call.parameters);
    if (!call.if_none_exist.empty()) access_.query += call.if_none_exist;
    // Whoever is asked for by name is concerned, whatever is found.
    if (call.path.size() > 1 && call.path[0] == "Patient") about_patient(call.path[1]);
    for (const auto& [name, value] : call.parameters) {
        const std::string_view plain = std::string_view(name).substr(0, name.find(':'));
        if (plain != "patient" && plain != "subject") continue;
        std::string_view id = value;
        if (id.substr(0, kPatientPrefix.size()) == kPatientPrefix) {
            id.remove_prefix(kPatientPrefix.size());
        } else if (plain == "subject" && name != "subject:Patient") {
            continue;
        }
        about_patient(id);
    }
}

void AccessNotes::about_patient(std::string_view id) {
    if (formats::fhir::is_logical_id(id)) (void)access_.patient(id);
}

void AccessNotes::set_query(std::string query) {
    if (!is_bundle()) {
        access_.query = std::move(query);
        return;
    }
    if (!access_.query.empty()) access_.query += '\n';
    access_.query += query;
}

bool AccessNotes::is_bundle() const {
    return access_.interaction == Interaction::kBatch ||
           access_.interaction == Interaction::kImport;
}

void AccessNotes::shown(BytesView stored, Interaction interaction) {
    const auto identity = identity_of(stored);
    if (!identity) return;
    AccessedResource resource;
    resource.interaction = interaction;
    if (interaction == Interaction::kNone && is_bundle()) resource.interaction = Interaction::kRead;
    resource.type = identity->type;
    resource.id = identity->id;
    resource.version = version_in(stored);
    for (const std::string_view patient : patients_named(stored))
        resource.patients.push_back(access_.patient(patient));
    access_.resources.push_back(std::move(resource));
}

void AccessNotes::changed(BytesView stored, Interaction interaction, std::string_view type,
                          std::string_view id, std::uint32_t version, std::string_view patient) {
    AccessedResource resource;
    // A patch is stored as an update.
    const bool is_patch =
        interaction == Interaction::kUpdate && access_.interaction == Interaction::kPatch;
    if (interaction != access_.interaction && !is_patch) resource.interaction = interaction;
    resource.type = type;
    resource.id = id;
    resource.version = version;
    std::vector<std::string_view> patients;
    if (!is_deletion(stored)) patients = patients_named(stored);
    if (type == "Patient" && std::find(patients.begin(), patients.end(), id) == patients.end())
        patients.push_back(id);
    if (!patient.empty() && std::find(patients.begin(), patients.end(), patient) == patients.end())
        patients.push_back(patient);
    for (const std::string_view one : patients)
        resource.patients.push_back(access_.patient(one));
    access_.resources.push_back(std::move(resource));
}

void AccessNotes::shown_body(const Answer& answer) {
    if (!answer.content_type.empty()) return;
    const auto document = formats::json::parse(answer.body, answer.body.size());
    if (!document) return;
    const auto text = [](const formats::json::Value& object, std::string_view name) {
        const auto* value = object.find(name);
        return value != nullptr && value->is_string() ? value->string() : std::string_view();
    };
    const auto note = [&](const formats::json::Value& shown) {
        AccessedResource resource;
        resource.type = text(shown, "resourceType");
        resource.id = text(shown, "id");
        if (!is_resource_type(resource.type) || !formats::fhir::is_logical_id(resource.id)) return;
        if (const auto* meta = shown.find("meta"); meta != nullptr && meta->is_object())
            resource.version = parse_version(text(*meta, "versionId")).value_or(0);
        for (const std::string_view id : patients_named(shown))
            resource.patients.push_back(access_.patient(id));
        access_.resources.push_back(std::move(resource));
    };
    const formats::json::Value& root = document->root();
    if (!root.is_object()) return;
    const auto* entries = text(root, "resourceType") == "Bundle" ? root.find("entry") : nullptr;
    if (entries == nullptr) {
        if (text(root, "resourceType") != "Bundle") note(root);
        return;
    }
    if (!entries->is_array()) return;
    for (const auto& entry : entries->array()) {
        const auto* resource = entry.find("resource");
        if (resource != nullptr && resource->is_object()) note(*resource);
    }
}

bool AccessNotes::is_access(const Reply& reply) const {
    if (access_.interaction == Interaction::kNone) return false;
    return reply || reply.error().status == 403 || !access_.resources.empty();
}

bool AccessNotes::writes() const {
    switch (access_.interaction) {
        case Interaction::kCreate:
        case Interaction::kUpdate:
        case Interaction::kPatch:
        case Interaction::kDelete:
        case Interaction::kBatch:
        case Interaction::kImport:
            return true;
        default:
            return false;
    }
}

Access AccessNotes::finish(const http::Principal* principal, const Reply& reply,
                           bool elsewhere) && {
    access_.elsewhere = elsewhere;
    access_.status = reply ? reply->status : reply.error().status;
    access_.denied = access_.status == 403;
    // A way of showing that nobody noted, or what was read or contributed elsewhere.
    const bool noted = !access_.resources.empty() || (writes() && !elsewhere);
    if (reply && !noted && !reply->body.empty()) shown_body(*reply);
    // The call knows whose link a token is of.
    const std::string own = std::move(access_.own_patient);
    if (principal != nullptr) describe(*principal, access_);
    if (!own.empty()) access_.own_patient = own;
    return std::move(access_);
}

void describe(const http::Principal& principal, Access& access) {
    access.subject = principal.subject;
    access.client = principal.client_id;
    access.token = principal.token_id;
    access.purpose = principal.purpose_of_use;
    access.break_glass = principal.break_glass;
    access.own_patient = principal.patient;
    access.own_link = principal.link;
}

}  // namespace consilium::services::ehr
