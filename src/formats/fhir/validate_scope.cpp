// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/validate_scope.hpp"

#include <algorithm>
#include <string>

namespace consilium::formats::fhir {

std::string Path::text() const {
    std::string out;
    for (const Step& step : steps_) {
        if (!out.empty()) out += '.';
        out += step.name;
        if (step.index != kNoIndex) out += '[' + std::to_string(step.index) + ']';
    }
    return out;
}

std::int32_t Path::entry() const {
    if (steps_.size() < 2 || steps_[0].name != "Bundle" || steps_[1].name != "entry")
        return kNoIndex;
    return steps_[1].index;
}

void Issues::put(Issue issue) {
    if (full_) return;
    if (list_.size() == max_) {
        full_ = true;
        list_.push_back({Severity::kInformation, "informational", {}, "there are more issues", -1});
        return;
    }
    list_.push_back(std::move(issue));
}

void Issues::add(std::string_view code, std::string_view rule, Severity severity) {
    if (full_) return;
    put({severity, code, path_.text(), rule, path_.entry()});
}

void Issues::add_at(std::string_view member, std::string_view code, std::string_view rule) {
    if (full_) return;
    std::string path = path_.text();
    if (!path.empty()) path += '.';
    path += member;
    put({Severity::kError, code, std::move(path), rule, path_.entry()});
}

const Type* resource_type(const json::Value& value) {
    return definitions().find_resource(text_of(value, "resourceType"));
}

std::string_view text_of(const json::Value& object, std::string_view name) {
    const json::Value* found = object.find(name);
    return found != nullptr && found->is_string() ? found->string() : std::string_view();
}

const std::pair<std::string_view, const Type*>* BundleScope::find(std::string_view url) const {
    const auto at = std::lower_bound(entries.begin(), entries.end(), url,
                                     [](const auto& e, std::string_view u) { return e.first < u; });
    return at != entries.end() && at->first == url ? &*at : nullptr;
}

}  // namespace consilium::formats::fhir
