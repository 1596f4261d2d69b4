// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "formats/fhir/definitions.hpp"
#include "formats/fhir/primitive.hpp"
#include "services/ehr/compartment.hpp"
#include "services/ehr/fhir.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/patients_named.hpp"

// Questions about a patient whose record is at another member, in a form that is not asked there.
// The own store has no answer to them, and an empty one would look whole.
namespace consilium::services::ehr {
namespace {

namespace fhir = formats::fhir;

// Whether a plain id, as the value of that parameter, can be a Patient's.
bool takes_patient_id(std::string_view type, std::string_view code) {
    if (code == "_id") return type == "Patient";
    const auto* parameter = fhir::definitions().find_search_parameter(type, code);
    if (parameter == nullptr || parameter->type != fhir::SearchType::kReference) return false;
    return parameter->targets.empty() ||
           std::find(parameter->targets.begin(), parameter->targets.end(), "Patient") !=
               parameter->targets.end();
}

// The ids that may be of Patients in one parameter of a search of that type.
void append_ids(std::string_view type, const std::string& name, std::string_view value,
                std::string_view base, std::vector<std::string>& to) {
    const std::string_view code = std::string_view(name).substr(0, name.find(':'));
    while (!value.empty()) {
        const auto comma = value.find(',');
        std::string_view one = value.substr(0, comma);
        value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
        const auto reference = parse_reference(one, base);
        if (reference && reference->type == "Patient") {
            to.emplace_back(reference->id);
        } else if (takes_patient_id(type, code) && fhir::is_logical_id(one)) {
            to.emplace_back(one);
        }
    }
}

}  // namespace

Status<Problem> Fhir::check_named_here(const Call& call) const {
    const auto& path = call.path;
    if (!options_.elsewhere_key || path.empty() || !is_resource_type(path[0])) return Done{};
    const bool of_patient = path[0] == "Patient" && path.size() > 1 && path[1] != "_search";
    const bool compartment = of_patient && path.size() > 2 && is_resource_type(path[2]);
    const bool search = path.size() == 1 || path.back() == "_search" || compartment;
    const std::string& type = compartment ? path[2] : path[0];
    // What is in nobody's record (a Task) is our own, whomever it is for.
    if (!is_in_patient_compartment(type)) return Done{};
    if (reach_of(&call, type, search ? 's' : 'r') != Reach::kAll) return Done{};
    std::vector<std::string> ids;
    if (of_patient && fhir::is_logical_id(path[1])) ids.push_back(path[1]);
    if (search) {
        for (const auto& [name, value] : call.parameters)
            append_ids(type, name, value, options_.base(), ids);
    }
    for (const std::string& id : ids) {
        const auto row = store_.vault().row(options_.elsewhere_key(id));
        if (!row) return fail(store_problem(to_store_error(row.error())));
        if (!*row) continue;
        return fail(problem_of(422, "not-supported",
                               "The record of a patient named here is at another member: it is "
                               "asked for with Patient/ID, Patient/ID/$everything, Patient/ID/TYPE "
                               "or TYPE?patient=ID, each a request of its own"));
    }
    return Done{};
}

}  // namespace consilium::services::ehr
