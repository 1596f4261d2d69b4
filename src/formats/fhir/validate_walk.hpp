// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/fhir/validate.hpp"
#include "formats/fhir/validate_scope.hpp"

namespace consilium::formats::fhir {

// One pass over a resource. JSON nests at most json::kDepthMax deep, and so do these calls.
class Walker {
 public:
    explicit Walker(const ValidateOptions& options) : issues_(options.issues_max, path_) {}

    [[nodiscard]] std::vector<Issue> run(const json::Value& root) &&;

 private:
    // The path stands at the value, of an element of `type`.
    void resource(const json::Value& value, ResourceScope* container, const BundleScope* bundle);
    void contained(ResourceScope& scope);
    void contained_in(ResourceScope& scope);
    void check_contained(ResourceScope& scope, const ResourceScope& inner);
    void members(const json::Value& object, const Type& type, ResourceScope& scope);
    void unknown_member(std::string_view name);
    void missing(const Type& type, const std::uint64_t* seen);
    void member(const Property& property, const json::Value* value, const json::Value* shadow,
                ResourceScope& scope);
    void list(const Property& property, const json::Value* value, const json::Value* shadow,
              ResourceScope& scope);
    void item(const Property& property, const json::Value* value, const json::Value* shadow,
              ResourceScope& scope);
    void primitive(const Property& property, const json::Value* value, const json::Value* shadow,
                   ResourceScope& scope);
    void primitive_value(const Property& property, const json::Value& value, ResourceScope& scope);
    void complex(const Property& property, const json::Value& value, ResourceScope& scope);
    void extension(const json::Value& value);

    Path path_;
    Issues issues_;
};

}  // namespace consilium::formats::fhir
