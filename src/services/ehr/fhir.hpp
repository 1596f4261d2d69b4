// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "services/ehr/call.hpp"
#include "services/ehr/reach.hpp"
#include "services/ehr/search.hpp"
#include "services/ehr/store.hpp"

// FHIR R4's RESTful interactions over a Store (https://hl7.org/fhir/R4/http.html), without HTTP
// itself. docs/fhir.md, section REST, says what is offered. Thread-safe.
namespace consilium::services::ehr {

class Work;
class Content;
struct Import;
struct Step;

inline constexpr std::size_t kBodyBytesMax = 64U * 1024U * 1024U;
inline constexpr std::size_t kResourceBytesMax = 32U * 1024U * 1024U;
inline constexpr std::size_t kBundleEntriesMax = 50'000;

struct FhirOptions {
    // "https://hospital.example/fhir": what absolute references and links begin with.
    std::function<std::string()> base;
    std::function<UnixMs()> now;
    // Issues of a resource at that FHIRPath; those that are errors refuse it.
    std::function<std::vector<Issue>(const formats::json::Value& resource, const std::string& at)>
        validate;
    // The key of the vault's row that says that the record of the patient with that id is at
    // another member: while it is there, no such Patient is written here. Null: nobody's is.
    std::function<Bytes(std::string_view id)> elsewhere_key;
};

class Fhir {
 public:
    Fhir(Store& store, FhirOptions options);

    // Any interaction. Whatever goes wrong is the Problem: the caller writes its OperationOutcome.
    [[nodiscard]] Reply handle(Call call);

    // A Binary that comes as its bytes, which are not there yet: whether it may come.
    [[nodiscard]] Status<Problem> check_upload(const Call& call) const;
    [[nodiscard]] Result<std::unique_ptr<Content>, Problem> begin_content(
        std::optional<std::uint64_t> size);
    // The same, when its content is there.
    [[nodiscard]] Reply store_content(Call& call, Content& content);

    [[nodiscard]] const FhirOptions& options() const { return options_; }

 private:
    friend class Work;
    [[nodiscard]] Reply handle_get(Call& call);
    [[nodiscard]] Reply handle_post(Call& call);
    // named_elsewhere.cpp: 422 for a read or search that names a patient whose record is elsewhere,
    // and that was not asked for there.
    [[nodiscard]] Status<Problem> check_named_here(const Call& call) const;

    // interactions.cpp
    [[nodiscard]] Reply read(const Call& call);
    [[nodiscard]] Reply vread(const Call& call);
    [[nodiscard]] Reply create(Call& call);
    [[nodiscard]] Reply create(const Call& call, const formats::json::Value& resource,
                               Content* content);
    [[nodiscard]] Reply update(Call& call);
    [[nodiscard]] Reply update(const Call& call, const formats::json::Value& resource,
                               Content* content);
    // Puts a Binary's own bytes in the place of its JSON, if they are asked for.
    [[nodiscard]] Status<Problem> show_binary(const Call& call, const vault::DocumentName& version,
                                              Answer& answer) const;
    [[nodiscard]] Reply patch(Call& call);
    [[nodiscard]] Reply erase(Call& call);
    // One write in a step of its own, tried again when somebody else was faster.
    [[nodiscard]] Reply write_alone(const Step& wanted, const Call& call);
    // history.cpp
    [[nodiscard]] Reply history(const Call& call);
    // Whether the current version is shown to the patient; earlier ones are only if it is.
    [[nodiscard]] Result<bool, Problem> is_own_now(const ResourceRow& row,
                                                   const std::string& patient) const;
    // operations.cpp
    [[nodiscard]] Reply everything(const Call& call);
    [[nodiscard]] Reply validate(Call& call);
    // bundles.cpp
    [[nodiscard]] Reply bundle(Call& call);
    [[nodiscard]] Reply batch(const formats::json::Value& bundle, const Call& call);
    [[nodiscard]] Reply transaction(const formats::json::Value& bundle, const Call& call);
    // import.cpp
    [[nodiscard]] Reply import(Call& call);
    [[nodiscard]] Reply import_entries(Import& import, const formats::json::Value* array,
                                       const Call& call);
    [[nodiscard]] Reply worklist(const Call& call);

    Store& store_;
    FhirOptions options_;
    Searcher searcher_;
    std::mutex conditional_;  // conditional writes take turns, so that two cannot both find nothing
};

// Whether the token of the call grants the letter (SMART v2) on all resources of the type; a
// Problem of 403 if not.
[[nodiscard]] Status<Problem> allow(const Call& call, std::string_view type, char permission);
// A patch asks for both: it answers what it left as it was, and its tests tell what is there.
[[nodiscard]] Status<Problem> allow_patch(const Call& call, std::string_view type);

// As allow(), for r and s: also what reaches to the patient's own record, which the caller confines
// itself to. Reach::kNothing is never answered.
[[nodiscard]] Result<Reach, Problem> may_read(const Call& call, std::string_view type,
                                              char permission);

// A store's error as FHIR says it.
[[nodiscard]] Problem store_problem(StoreError error);

}  // namespace consilium::services::ehr
