// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/patients_named.hpp"

#include <algorithm>

#include "services/ehr/bundle_text.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/resource_text.hpp"

namespace consilium::services::ehr {
namespace {

constexpr std::string_view kPatient = "Patient";
constexpr std::string_view kReference = R"("reference":")";

void add(std::string_view id, std::vector<std::string_view>& to) {
    if (!id.empty() && std::find(to.begin(), to.end(), id) == to.end()) to.push_back(id);
}

// "Patient" as a segment of a path, with something after it.
bool has_patient_segment(std::string_view text) {
    for (auto at = text.find(kPatient); at != std::string_view::npos;
         at = text.find(kPatient, at + 1)) {
        const std::string_view rest = text.substr(at + kPatient.size());
        const bool begins = at == 0 || text[at - 1] == '/';
        if (begins && !rest.empty() && (rest[0] == '/' || rest[0] == '?')) return true;
    }
    return false;
}

std::string_view own_id(const formats::json::Value& resource) {
    const auto* type = resource.find("resourceType");
    const auto* id = resource.find("id");
    const bool is_patient = type != nullptr && type->is_string() && type->string() == kPatient;
    return is_patient && id != nullptr && id->is_string() ? id->string() : std::string_view();
}

}  // namespace

std::optional<std::string_view> patient_meant(std::string_view reference) {
    if (const auto local = parse_reference(reference, {})) {
        if (local->type == kPatient) return local->id;
        return std::nullopt;
    }
    if (reference.starts_with('#') || !has_patient_segment(reference)) return std::nullopt;
    return std::string_view();
}

std::vector<std::string_view> patients_named(const formats::json::Value& resource) {
    std::vector<std::string_view> out;
    add(own_id(resource), out);
    for_each_reference(resource, {}, [&out](std::string_view text, const std::string& /*path*/) {
        add(patient_meant(text).value_or(std::string_view()), out);
    });
    return out;
}

std::vector<std::string_view> patients_named(BytesView stored) {
    std::vector<std::string_view> out;
    const auto identity = identity_of(stored);
    if (identity && identity->type == kPatient) add(identity->id, out);
    for (auto at = stored.find(kReference); at != BytesView::npos;
         at = stored.find(kReference, at)) {
        at += kReference.size();
        const BytesView rest = stored.substr(at);
        // Most refer to no Patient, and long records are read often.
        if (!rest.starts_with(kPatient)) continue;
        add(patient_meant(rest.substr(0, rest.find('"'))).value_or(std::string_view()), out);
    }
    return out;
}

bool names_only(const formats::json::Value& resource, std::string_view patient) {
    const auto own = own_id(resource);
    bool only = own.empty() || own == patient;
    for_each_reference(resource, {}, [&](std::string_view text, const std::string& /*path*/) {
        only = only && patient_meant(text).value_or(patient) == patient;
    });
    return only;
}

}  // namespace consilium::services::ehr
