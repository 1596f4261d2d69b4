// SPDX-License-Identifier: Apache-2.0
#include "contracts/sdk/purpose.hpp"

namespace consilium::contracts::sdk {
namespace {

// The purpose above in the hierarchy, as far as consents follow it.
v1::PurposeOfUse parent_of(v1::PurposeOfUse purpose) {
    switch (purpose) {
        case v1::PURPOSE_OF_USE_ETREAT:
        case v1::PURPOSE_OF_USE_COC:
            return v1::PURPOSE_OF_USE_TREAT;
        case v1::PURPOSE_OF_USE_CAREMGT:
            return v1::PURPOSE_OF_USE_HOPERAT;
        case v1::PURPOSE_OF_USE_CLINTRCH:
            return v1::PURPOSE_OF_USE_HRESCH;
        default:
            return v1::PURPOSE_OF_USE_UNSPECIFIED;
    }
}

}  // namespace

bool covers(v1::PurposeOfUse named, v1::PurposeOfUse asked) {
    if (named == v1::PURPOSE_OF_USE_UNSPECIFIED) return false;
    return named == asked || named == parent_of(asked);
}

v1::PolicyParameter parameter_of(v1::PurposeOfUse purpose) {
    switch (purpose) {
        case v1::PURPOSE_OF_USE_TREAT:
        case v1::PURPOSE_OF_USE_COC:
            return v1::POLICY_PARAMETER_TREATMENT;
        case v1::PURPOSE_OF_USE_ETREAT:
            return v1::POLICY_PARAMETER_EMERGENCY_TREATMENT;
        case v1::PURPOSE_OF_USE_BTG:
            return v1::POLICY_PARAMETER_BREAK_GLASS;
        case v1::PURPOSE_OF_USE_HPAYMT:
            return v1::POLICY_PARAMETER_PAYMENT;
        case v1::PURPOSE_OF_USE_HOPERAT:
        case v1::PURPOSE_OF_USE_CAREMGT:
            return v1::POLICY_PARAMETER_OPERATIONS;
        case v1::PURPOSE_OF_USE_HRESCH:
        case v1::PURPOSE_OF_USE_CLINTRCH:
            return v1::POLICY_PARAMETER_RESEARCH;
        case v1::PURPOSE_OF_USE_PUBHLTH:
            return v1::POLICY_PARAMETER_PUBLIC_HEALTH;
        case v1::PURPOSE_OF_USE_PATRQT:
        case v1::PURPOSE_OF_USE_FAMRQT:
        case v1::PURPOSE_OF_USE_PWATRNY:
            return v1::POLICY_PARAMETER_INDIVIDUAL_REQUEST;
        default:
            return v1::POLICY_PARAMETER_UNSPECIFIED;
    }
}

v1::PolicyRule rule_of(const v1::Policy* policy, v1::PolicyParameter parameter) {
    if (policy != nullptr) {
        for (const v1::PolicyEntry& entry : policy->entries()) {
            if (entry.parameter() == parameter) return entry.rule();
        }
    }
    return parameter == v1::POLICY_PARAMETER_BREAK_GLASS ? v1::POLICY_RULE_OPT_OUT
                                                         : v1::POLICY_RULE_OPT_IN;
}

}  // namespace consilium::contracts::sdk
