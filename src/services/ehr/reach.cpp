// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/reach.hpp"

#include <algorithm>
#include <array>

#include "formats/json/parse.hpp"
#include "services/ehr/bundle_text.hpp"
#include "services/ehr/compartment.hpp"
#include "services/ehr/patients_named.hpp"

namespace consilium::services::ehr {
namespace {

using formats::json::Value;

constexpr std::string_view kActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
constexpr std::array<std::string_view, 3> kKept{"PSYTHPN", "NOPAT", "TABOO"};

bool is_text(const Value* value, std::string_view text) {
    return value != nullptr && value->is_string() && value->string() == text;
}

bool is_kept_from_patient(const Value& coding) {
    return is_text(coding.find("system"), kActCode) &&
           std::any_of(kKept.begin(), kKept.end(),
                       [&](std::string_view code) { return is_text(coding.find("code"), code); });
}

// A label may stand on the resource, on one inside it, or on an element: any coding counts.
bool has_kept_label(const Value& value) {
    if (value.is_array()) {
        const auto items = value.array();
        return std::any_of(items.begin(), items.end(), has_kept_label);
    }
    if (!value.is_object()) return false;
    if (is_kept_from_patient(value)) return true;
    const auto members = value.object();
    return std::any_of(members.begin(), members.end(),
                       [](const auto& member) { return has_kept_label(member.value); });
}

}  // namespace

Reach reach_of(const Call* call, std::string_view type, char permission) {
    if (call == nullptr) return Reach::kAll;
    if (call->scopes == nullptr) return Reach::kNothing;
    if (call->scopes->grants({type, permission})) return Reach::kAll;
    const bool reads = permission == 'r' || permission == 's';
    return reads && !call->own_patient.empty() && call->scopes->grants_patient({type, permission})
               ? Reach::kOwnRecord
               : Reach::kNothing;
}

std::optional<std::string> confined_to(const Call* call, Reach reach) {
    if (reach != Reach::kOwnRecord) return std::nullopt;
    return call->own_patient;
}

bool is_own(BytesView stored, std::string_view patient) {
    const auto identity = identity_of(stored);
    const auto document = formats::json::parse(Bytes(stored), stored.size());
    if (!identity || !document || has_kept_label(document->root())) return false;
    if (identity->type == "Patient") return identity->id == patient;
    const auto patients = patients_of(document->root(), identity->type, identity->id);
    return std::find(patients.begin(), patients.end(), patient) != patients.end() &&
           names_only(document->root(), patient);
}

bool reaches(const Call& call, BytesView stored, char permission) {
    const auto identity = identity_of(stored);
    if (!identity) return false;
    const Reach reach = reach_of(&call, identity->type, permission);
    return reach == Reach::kAll || (reach == Reach::kOwnRecord && is_own(stored, call.own_patient));
}

}  // namespace consilium::services::ehr
