// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/ehr/work.hpp"

// For the .cpp files of this room only: the entries of batches, transactions and imports.
namespace consilium::services::ehr {

// An entry, read but not yet looked up.
struct Entry {
    Step step;
    std::string_view full_url;
    std::optional<Call> get;  // of a read
};

// A member of that name that is a string; else empty. `object` may be null.
[[nodiscard]] std::string_view text_of(const formats::json::Value* object, std::string_view name);

// One entry of a Bundle, at that FHIRPath. Allowed by the call's scopes.
[[nodiscard]] Result<Entry, Problem> read_entry(const formats::json::Value& value,
                                                const std::string& at, const Call& call,
                                                const std::string& base);

// Deletions, creations, updates, reads: FHIR R4 http, section 3.1.0.11.2.
[[nodiscard]] int rank_of(const Entry& entry);

// A refusal as the answer to an entry.
[[nodiscard]] Answer answer_of(Reply reply);

// "Bundle.entry[3]"
[[nodiscard]] std::string place_of(std::size_t index);

void append_issues(Problem& to, const Problem& from);

}  // namespace consilium::services::ehr
