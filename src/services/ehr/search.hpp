// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "services/ehr/call.hpp"
#include "services/ehr/store.hpp"

// Search over the vault's index (https://hl7.org/fhir/R4/search.html). Thread-safe.
namespace consilium::services::ehr {

class Searcher {
 public:
    explicit Searcher(Store& store) : store_(store) {}

    // The ids of at most `limit` resources that fit a query such as "identifier=system|value".
    // A query without any criterion is a Problem: a condition must condition.
    [[nodiscard]] Result<std::vector<std::string>, Problem> match(std::string_view type,
                                                                  std::string_view query,
                                                                  std::size_t limit);
    // A searchset Bundle; `patient` restricts it to that compartment.
    [[nodiscard]] Reply search(const Call& call, const std::string& type,
                               const std::optional<std::string>& patient, const std::string& base);

    // What fits, ascending by name; with `all`, also when nothing restricts it.
    [[nodiscard]] Result<std::vector<vault::DocumentName>, Problem> names(
        const std::string& type, const Parameters& parameters,
        const std::optional<std::string>& patient, const std::string& base, bool all);

 private:
    Store& store_;
};

}  // namespace consilium::services::ehr
