// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/fhir/definitions.hpp"
#include "formats/fhir/issue.hpp"
#include "formats/json/value.hpp"

namespace consilium::formats::fhir {

// The way from the root of a resource to where the validator is; text only when an issue needs it.
class Path {
 public:
    static constexpr std::int32_t kNoIndex = -1;

    void push(std::string_view name, std::int32_t index = kNoIndex) {
        steps_.push_back({name, index});
    }
    void pop() { steps_.pop_back(); }
    [[nodiscard]] bool empty() const { return steps_.empty(); }
    [[nodiscard]] std::string text() const;
    // The index of Bundle.entry at the start of the way, or -1.
    [[nodiscard]] std::int32_t entry() const;

 private:
    struct Step {
        std::string_view name;
        std::int32_t index;
    };
    std::vector<Step> steps_;
};

// Collects issues up to a number.
class Issues {
 public:
    Issues(std::size_t max, const Path& path) : max_(max), path_(path) {}

    void add(std::string_view code, std::string_view rule, Severity severity = Severity::kError);
    // At a member of where the path is.
    void add_at(std::string_view member, std::string_view code, std::string_view rule);
    // No more will be taken, so that nothing more need be looked for.
    [[nodiscard]] bool full() const { return full_; }
    [[nodiscard]] std::vector<Issue> take() && { return std::move(list_); }

 private:
    void put(Issue issue);

    std::size_t max_;
    const Path& path_;
    std::vector<Issue> list_;
    bool full_ = false;
};

// A Bundle, and what in it can be referred to.
struct BundleScope {
    // Whether urn: references must lead to an entry. Parts of a search result or a history may be
    // elsewhere.
    bool resolves = false;
    // fullUrl and the type of what is there (nullptr: none), sorted by fullUrl.
    std::vector<std::pair<std::string_view, const Type*>> entries;
    bool takes_conditional = false;  // a transaction or batch

    // The entry of that fullUrl, or nullptr.
    [[nodiscard]] const std::pair<std::string_view, const Type*>* find(std::string_view url) const;
};

// A resource that is being checked.
struct ResourceScope {
    const json::Value* value = nullptr;
    const Type* type = nullptr;
    ResourceScope* container = nullptr;  // of a contained resource
    struct Contained {
        std::string_view id;
        std::int32_t index;
        const Type* type;  // nullptr: unknown
    };
    std::vector<Contained> contained;  // sorted
    // Ids behind # in references, canonicals and uris of this resource and of those that it
    // contains.
    std::vector<std::string_view> local;
    bool means_container = false;  // a contained resource has a reference #
    const BundleScope* bundle = nullptr;
};

// The resource type that a JSON object claims, or nullptr.
[[nodiscard]] const Type* resource_type(const json::Value& value);
// The text of a member that is a string, else nothing.
[[nodiscard]] std::string_view text_of(const json::Value& object, std::string_view name);

// Notes #id, or # alone, as used.
void note_local(ResourceScope& scope, std::string_view id);

// The fullUrls of a Bundle's entries.
[[nodiscard]] BundleScope bundle_scope(const json::Value& bundle);
// Invariants bdl-1 to bdl-12, and what R4 2.36 says of fullUrl in prose. `path` stands at the
// Bundle.
void check_bundle(const json::Value& bundle, Path& path, Issues& issues);

// A Reference in `scope`: its form, that it leads somewhere inside a Bundle or its container, and
// that what it names is of a type in `targets`. The path stands at the Reference.
void check_reference(const json::Value& reference, std::span<const std::string_view> targets,
                     ResourceScope& scope, Issues& issues);

// A required binding. The path stands at the value, which is of type `type`.
void check_binding(const ValueSet& set, const Type& type, const json::Value& value, Issues& issues);

}  // namespace consilium::formats::fhir
