// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "services/ehr/bundle_entry.hpp"

// For the .cpp files of this room only: which entries of an import can be taken.
namespace consilium::services::ehr {

// Why an entry is not taken.
struct Fault {
    // The entry that it refers to and because of which it is not taken; nothing: it is itself at
    // fault. Of several, the one nearest to such an entry.
    std::optional<std::size_t> cause;
    std::vector<Issue> issues;
};

struct Import {
    Bytes key;
    bool quarantine = false;
    std::vector<std::optional<Entry>> entries;  // nothing: it has a fault from the start
    std::map<std::size_t, Fault> faults;        // by entry
};

struct ImportPorts {
    std::function<void(std::optional<Work>&)> begin;  // makes it anew
    // Whether a resource of that identity is stored and not deleted.
    std::function<bool(std::string_view type, std::string_view id)> stored;
    std::string base;
};

// Adds faults until the entries without one can all be taken: `work` then has their changes.
// A Problem, of status 500 or above, when the store cannot be read.
[[nodiscard]] Status<Problem> plan_import(Import& import, const ImportPorts& ports,
                                          std::optional<Work>& work);

}  // namespace consilium::services::ehr
