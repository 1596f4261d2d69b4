// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/ehr/fhir.hpp"

// Resources that the node's own agents store, beside their rows and in one step with them: checked
// as a client's are, all or nothing.
namespace consilium::services::ehr {

struct AgentEntry {
    std::string type;
    std::string id;  // given by the agent: new_fhir_id(), or that of the resource to replace
    const formats::json::Value* resource = nullptr;
    // The version that it follows; nothing: whichever is current, if any.
    std::optional<std::uint32_t> replaces;
    // About a patient of another member: what it refers to is theirs, and is not looked up here.
    bool foreign = false;
};

struct AgentVersion {
    vault::DocumentName document;
    UnixMs updated;
    Bytes stored;
};

// What else goes into the vault in that step, once it is known what the entries become; or why
// nothing shall.
using AgentExtra = std::function<Result<Extra, Problem>(const std::vector<AgentVersion>&)>;

// Thread-safe.
class AgentWrites {
 public:
    AgentWrites(Store& store, FhirOptions options);

    // In the order of the entries. 412 when a version to follow is not current; 409 when somebody
    // else changed a resource, or a row that `extra` expects, at the same time: look again.
    [[nodiscard]] Result<std::vector<AgentVersion>, Problem> write(
        const std::vector<AgentEntry>& entries, const AgentExtra& extra);

    // What is wrong with a resource by the definitions; `at` is its FHIRPath.
    [[nodiscard]] std::vector<Issue> validate(const formats::json::Value& resource,
                                              const std::string& at) const {
        return options_.validate(resource, at);
    }
    [[nodiscard]] Store& store() { return store_; }

 private:
    Store& store_;
    const FhirOptions options_;
    Searcher searcher_;
};

}  // namespace consilium::services::ehr
