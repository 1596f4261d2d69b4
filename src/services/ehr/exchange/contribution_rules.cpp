// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/contribution_rules.hpp"

#include <algorithm>
#include <array>

#include "formats/json/parse.hpp"
#include "services/ehr/compartment.hpp"
#include "services/ehr/exchange/rules.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/patients_named.hpp"
#include "services/ehr/resource_text.hpp"

namespace consilium::services::ehr::exchange {
namespace {

enum class Shown : std::uint8_t { kNo, kYes, kOfNobody };

// Whether a current or former version would be shown to somebody else who may read that patient's
// record.
Result<Shown, StoreError> is_shown(Store& store, std::string_view type, std::string_view id,
                                   std::uint32_t version, std::string_view patient) {
    const auto row = store.find(type, id);
    if (!row) return fail(row.error());
    if (!*row || (*row)->deleted) return Shown::kNo;
    const std::uint32_t wanted = version == 0 ? (*row)->version : version;
    if (wanted > (*row)->version) return Shown::kNo;
    const auto stored = store.read((*row)->record, wanted);
    if (!stored && stored.error() == StoreError::kErased) return Shown::kNo;
    if (!stored) return fail(stored.error());
    const auto parsed = formats::json::parse(*stored, stored->size());
    if (!parsed) return fail(StoreError::kDisk);
    const auto views = patients_of(parsed->root(), type, id);
    if (views.empty()) return is_unlabelled(parsed->root()) ? Shown::kOfNobody : Shown::kNo;
    const std::vector<std::string> patients(views.begin(), views.end());
    const bool sent = judge({type, id, patients, *stored}, patient) == v1::VERDICT_SEND;
    return sent ? Shown::kYes : Shown::kNo;
}

}  // namespace

const char* to_string(OfferFault fault) {
    switch (fault) {
        case OfferFault::kNone:
            return "none";
        case OfferFault::kType:
            return "type";
        case OfferFault::kPatient:
            return "patient";
        case OfferFault::kOtherPatient:
            return "other_patient";
        case OfferFault::kReference:
            return "reference";
        case OfferFault::kUnknown:
            return "unknown";
    }
    return "none";
}

bool is_contributed(std::string_view type) {
    constexpr std::array<std::string_view, 6> kServers{"AuditEvent", "Consent",    "Group",
                                                       "Patient",    "Provenance", "Person"};
    return is_in_patient_compartment(type) &&
           std::find(kServers.begin(), kServers.end(), type) == kServers.end();
}

OfferFault check_offered(const formats::json::Value& resource, std::string_view type,
                         std::string_view patient) {
    if (!is_contributed(type)) return OfferFault::kType;
    const auto patients = patients_of(resource, type, {});
    if (patients.empty() || patients.front() != patient) return OfferFault::kPatient;
    OfferFault out = OfferFault::kNone;
    for_each_reference(resource, std::string(type),
                       [&](std::string_view text, const std::string& /*path*/) {
                           if (out != OfferFault::kNone || text.starts_with('#')) return;
                           if (!parse_reference(text, {})) {
                               out = OfferFault::kReference;
                           } else if (patient_meant(text).value_or(patient) != patient) {
                               out = OfferFault::kOtherPatient;
                           }
                       });
    return out;
}

Result<bool, StoreError> refers_to_known(Store& store, const formats::json::Value& resource,
                                         std::string_view patient) {
    bool known = true;
    std::optional<StoreError> broken;
    for_each_reference(resource, {}, [&](std::string_view text, const std::string& /*path*/) {
        if (!known || broken || text.starts_with('#')) return;
        const auto reference = parse_reference(text, {});
        if (!reference) {
            known = false;
            return;
        }
        const auto version = parse_version(reference->version).value_or(0);
        const auto shown = is_shown(store, reference->type, reference->id, version, patient);
        if (!shown) {
            broken = shown.error();
        } else if (*shown == Shown::kNo) {
            known = false;
        }
    });
    if (broken) return fail(*broken);
    return known;
}

Result<bool, StoreError> is_correctable(Store& store, std::string_view type, std::string_view id,
                                        std::uint32_t version, std::string_view patient) {
    if (version == 0) return false;
    const auto shown = is_shown(store, type, id, version, patient);
    if (!shown) return fail(shown.error());
    return *shown == Shown::kYes;
}

}  // namespace consilium::services::ehr::exchange
