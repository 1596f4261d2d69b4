// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "formats/json/value.hpp"
#include "services/ehr/fhir.hpp"

// For the .cpp files of this room only.
namespace consilium::services::ehr {

// One write: a call's, or a Bundle entry's.
struct Step {
    Verb verb = Verb::kPost;
    std::string type;
    std::string id;            // empty: to be given, or found by `query`
    std::string query;         // of a conditional update, patch or deletion, or If-None-Exist
    bool conditional = false;  // `query` decides
    std::string if_match;
    Return wanted = Return::kRepresentation;
    const formats::json::Value* resource = nullptr;  // what to store; none for a deletion
    formats::json::Document patch;                   // of Verb::kPatch: JSON Patch (RFC 6902)
    formats::json::Document owned;                   // holds *resource when a patch made it
    std::string at;                                  // FHIRPath of the resource
    bool checked = false;                            // against the definitions
    Content* content = nullptr;                      // of a Binary: a document of its own
    // About a patient of another member: what it refers to is theirs, and is not looked up here.
    bool foreign = false;

    // After resolve():
    std::optional<ResourceRow> before;
    bool unchanged = false;  // there is nothing to write: the answer names what is there
    // After write():
    std::optional<std::size_t> change;  // of Work::changes()
};

// Checks the step's resource against the definitions, once.
[[nodiscard]] Status<Problem> check_resource(Step& step, const FhirOptions& options);

// A number of writes on their way into the store together. For one thread.
class Work {
 public:
    // Together: a resource must be one that the vault stores in one step with others.
    enum class Kind : std::uint8_t { kAlone, kTogether };
    // Of the call, which must outlive the work: its scopes, for what conditions and conditional
    // references may look at, and its notes.
    Work(Store& store, Searcher& searcher, const FhirOptions& options, const Call& call, Kind kind);

    // References to `full_url` mean that resource from now on. Refused when another has it (bdl-7).
    [[nodiscard]] Status<Problem> bind(std::string_view full_url, const Step& step);
    // Finds the identity that the step is about and what it replaces.
    [[nodiscard]] Status<Problem> resolve(Step& step);
    // Checks the resource and turns it into a change. After all steps have been resolved.
    [[nodiscard]] Status<Problem> write(Step& step);
    [[nodiscard]] Status<StoreError> commit(Extra extra = {});
    // The step made no change and will not: what it claimed is free again.
    void release(const Step& step);
    // The changes that steps made so far are given up, or have been committed.
    void clear();

    [[nodiscard]] Answer answer(const Step& step) const;
    [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }

 private:
    // Exactly one, none (empty), or a Problem of 412.
    [[nodiscard]] Result<std::string, Problem> find_one(const Step& step);
    [[nodiscard]] Status<Problem> check_match(const Step& step) const;
    [[nodiscard]] Status<Problem> claim(const Step& step);
    // A Patient here would hide the record that is elsewhere, which is not written here.
    [[nodiscard]] Status<Problem> check_not_elsewhere(const Step& step);
    // Makes step.resource out of the version that is stored: work_patch.cpp.
    [[nodiscard]] Status<Problem> apply_patch(Step& step) const;
    [[nodiscard]] Status<Problem> check_references(
        const Step& step, std::map<std::string, std::string, std::less<>>& rewritten);
    // The text to put instead, or nothing; issues go to `issues`.
    [[nodiscard]] std::optional<std::string> resolve_reference(std::string_view text,
                                                               const std::string& path,
                                                               std::vector<Issue>& issues);
    [[nodiscard]] std::optional<std::string> resolve_conditional(std::string_view text,
                                                                 const std::string& path,
                                                                 std::vector<Issue>& issues);
    [[nodiscard]] bool exists(const std::string& type, const std::string& id);
    [[nodiscard]] Result<ledger::ChartId, Problem> chart_for(
        const std::vector<std::string_view>& patients);
    void add_deletion(Step& step);
    void note_changes() const;

    Store& store_;
    Searcher& searcher_;
    const FhirOptions& options_;
    const Call& call_;
    const http::Scopes* scopes_;
    const Kind kind_;
    AccessNotes* notes_;
    UnixMs now_;
    std::map<std::string, std::string, std::less<>> bound_;        // fullUrl -> "Type/id"
    std::map<std::string, std::string, std::less<>> conditional_;  // "Type?query" -> "Type/id"
    std::set<std::string> claimed_;  // "Type/id", and "Type?query" that found nothing
    std::set<std::string> removed_;
    std::map<std::string, bool> known_;       // "Type/id" -> exists in the store
    std::map<std::string, ChartRow> charts_;  // new ones, by Patient id
    std::map<std::string, ledger::ChartId> chart_ids_;
    std::vector<Change> changes_;
};

}  // namespace consilium::services::ehr
