// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/compartment.hpp"

#include <algorithm>
#include <array>

#include "services/ehr/names.hpp"

namespace consilium::services::ehr {
namespace {

using formats::json::Value;

struct Membership {
    std::string_view type;
    std::string_view elements;  // paths, the most telling first, divided by spaces
};

constexpr std::array<Membership, 66> kMemberships = {{
    {"Account", "subject"},
    {"AdverseEvent", "subject"},
    {"AllergyIntolerance", "patient recorder asserter"},
    {"Appointment", "participant.actor"},
    {"AppointmentResponse", "actor"},
    {"AuditEvent", "entity.what agent.who"},
    {"Basic", "subject author"},
    {"BodyStructure", "patient"},
    {"CarePlan", "subject activity.detail.performer"},
    {"CareTeam", "subject participant.member"},
    {"ChargeItem", "subject"},
    {"Claim", "patient payee.party"},
    {"ClaimResponse", "patient"},
    {"ClinicalImpression", "subject"},
    {"Communication", "subject sender recipient"},
    {"CommunicationRequest", "subject sender recipient requester"},
    {"Composition", "subject author attester.party"},
    {"Condition", "subject asserter"},
    {"Consent", "patient"},
    {"Coverage", "beneficiary policyHolder subscriber payor"},
    {"CoverageEligibilityRequest", "patient"},
    {"CoverageEligibilityResponse", "patient"},
    {"DetectedIssue", "patient"},
    {"Device", "patient"},
    {"DeviceRequest", "subject performer"},
    {"DeviceUseStatement", "subject"},
    {"DiagnosticReport", "subject"},
    {"DocumentManifest", "subject author recipient"},
    {"DocumentReference", "subject author"},
    {"Encounter", "subject"},
    {"EnrollmentRequest", "candidate"},
    {"EpisodeOfCare", "patient"},
    {"ExplanationOfBenefit", "patient payee.party"},
    {"FamilyMemberHistory", "patient"},
    {"Flag", "subject"},
    {"Goal", "subject"},
    {"Group", "member.entity"},
    {"ImagingStudy", "subject"},
    {"Immunization", "patient"},
    {"ImmunizationEvaluation", "patient"},
    {"ImmunizationRecommendation", "patient"},
    {"Invoice", "subject recipient"},
    {"List", "subject source"},
    {"MeasureReport", "subject"},
    {"Media", "subject"},
    {"MedicationAdministration", "subject performer.actor"},
    {"MedicationDispense", "subject receiver"},
    {"MedicationRequest", "subject"},
    {"MedicationStatement", "subject"},
    {"MolecularSequence", "patient"},
    {"NutritionOrder", "patient"},
    {"Observation", "subject performer"},
    {"Patient", "link.other"},
    {"Person", "link.target"},
    {"Procedure", "subject performer.actor"},
    {"Provenance", "target"},
    {"QuestionnaireResponse", "subject author"},
    {"RelatedPerson", "patient"},
    {"RequestGroup", "subject action.participant"},
    {"ResearchSubject", "individual"},
    {"RiskAssessment", "subject"},
    {"Schedule", "actor"},
    {"ServiceRequest", "subject performer"},
    {"Specimen", "subject"},
    {"SupplyDelivery", "patient"},
    {"VisionPrescription", "patient"},
}};

const Membership* find_membership(std::string_view type) {
    const auto* found =
        std::lower_bound(kMemberships.begin(), kMemberships.end(), type,
                         [](const Membership& a, std::string_view b) { return a.type < b; });
    return found != kMemberships.end() && found->type == type ? found : nullptr;
}

void add(std::string_view id, std::vector<std::string_view>& to) {
    if (std::find(to.begin(), to.end(), id) == to.end()) to.push_back(id);
}

// Follows a path of elements through arrays, to references.
void collect(const Value& value, std::string_view path, std::vector<std::string_view>& to) {
    if (value.is_array()) {
        for (const Value& item : value.array())
            collect(item, path, to);
        return;
    }
    if (path.empty()) {
        const Value* text = value.find("reference");
        if (text == nullptr || !text->is_string()) return;
        const auto reference = parse_reference(text->string(), {});
        if (reference && reference->type == "Patient") add(reference->id, to);
        return;
    }
    const auto dot = path.find('.');
    const Value* next = value.find(path.substr(0, dot));
    if (next == nullptr) return;
    collect(*next, dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1), to);
}

}  // namespace

std::vector<std::string_view> patients_of(const Value& resource, std::string_view type,
                                          std::string_view own_id) {
    std::vector<std::string_view> out;
    if (type == "Patient") out.push_back(own_id);
    const Membership* membership = find_membership(type);
    if (membership == nullptr) return out;
    std::string_view rest = membership->elements;
    while (!rest.empty()) {
        const auto space = rest.find(' ');
        collect(resource, rest.substr(0, space), out);
        rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
    }
    return out;
}

bool is_in_patient_compartment(std::string_view type) {
    return find_membership(type) != nullptr;
}

}  // namespace consilium::services::ehr
