// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/rules.hpp"

#include <algorithm>
#include <array>

#include "formats/json/parse.hpp"
#include "services/ehr/patients_named.hpp"
#include "vault/document.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using formats::json::Member;
using formats::json::Value;

constexpr std::string_view kConfidentiality =
    "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
// Systems whose codes say nothing of how sensitive a resource is.
constexpr std::array<std::string_view, 2> kHarmless{
    "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
};

bool has_text(const Value& coding, std::string_view name) {
    const Value* value = coding.find(name);
    return value != nullptr && value->is_string();
}

bool is_harmless(const Value& coding) {
    if (!coding.is_object() || !has_text(coding, "system") || !has_text(coding, "code"))
        return false;
    const std::string_view system = coding.find("system")->string();
    const std::string_view code = coding.find("code")->string();
    if (system == kConfidentiality) return code == "U" || code == "L" || code == "M" || code == "N";
    return std::find(kHarmless.begin(), kHarmless.end(), system) != kHarmless.end();
}

bool is_harmless_meta(const Value& meta) {
    if (!meta.is_object()) return false;
    const Value* security = meta.find("security");
    if (security == nullptr) return true;
    if (!security->is_array()) return false;
    const auto codings = security->array();
    return std::all_of(codings.begin(), codings.end(), is_harmless);
}

// A label within a resource: the extension of HL7's guide to segmentation (DS4P).
bool is_harmless_extension(const Value& object) {
    constexpr std::string_view kLabel = "/extension-inline-sec-label";
    const Value* url = object.find("url");
    if (url == nullptr || !url->is_string() || !url->string().ends_with(kLabel)) return true;
    const Value* coding = object.find("valueCoding");
    return coding != nullptr && is_harmless(*coding);
}

bool is_text(const Value* value, std::string_view text) {
    return value != nullptr && value->is_string() && value->string() == text;
}

}  // namespace

// Resources lie inside others (contained, Bundle.entry, Parameters.parameter), so every object that
// has a `meta` is looked at; none is deeper than formats::json::kDepthMax.
bool is_unlabelled(const Value& value) {
    if (value.is_array()) {
        const auto items = value.array();
        return std::all_of(items.begin(), items.end(), is_unlabelled);
    }
    if (!value.is_object()) return true;
    if (!is_harmless_extension(value)) return false;
    const auto members = value.object();
    return std::all_of(members.begin(), members.end(), [](const Member& member) {
        if (member.name == "meta" && !is_harmless_meta(member.value)) return false;
        return is_unlabelled(member.value);
    });
}

v1::Verdict judge(const Judged& what, std::string_view patient) {
    const auto parsed = formats::json::parse(Bytes(what.stored), vault::kDocumentBytesMax);
    if (!parsed) return v1::VERDICT_UNREADABLE;
    const Value& root = parsed->root();
    if (!is_text(root.find("resourceType"), what.type) || !is_text(root.find("id"), what.id))
        return v1::VERDICT_UNREADABLE;
    if (what.patients.empty() ||
        !std::all_of(what.patients.begin(), what.patients.end(),
                     [&](const auto& of) { return of == patient; }) ||
        !names_only(root, patient))
        return v1::VERDICT_OTHER_PATIENT;
    return is_unlabelled(root) ? v1::VERDICT_SEND : v1::VERDICT_LABELLED;
}

}  // namespace consilium::services::ehr::exchange
