// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "state/ledger_state.hpp"

namespace consilium::state {

// What a full audit can find wrong. `serial` in AuditFinding says where, 0 when it is nowhere.
enum class AuditProblem {
    kEntryUnreadable,  // an entry is missing or not one
    kEntryFields,      // heights or ends out of order
    kPageHash,         // the entries of a page do not give its hash
    kPageNodes,        // the stored nodes of a page are not those of its entries
    kActiveBit,        // a bit is set for an ended entry, or clear for one in the current index
    kCurrentIndex,     // a row of the current index leads to another key, or nowhere
    kChain,            // an active entry's link does not lead to the next active entry
    kHistory,          // an ended entry without the row of history it left, or a row that is wrong
    kValue,            // a value is missing or is not the one its entry covers
};

[[nodiscard]] const char* to_string(AuditProblem problem);

struct AuditFinding {
    AuditProblem problem = AuditProblem::kEntryUnreadable;
    std::uint64_t serial = 0;
};

struct AuditReport {
    std::uint64_t entries = 0;  // in the log
    std::uint64_t active = 0;
    std::uint64_t pruned = 0;  // of which only the hash is held
    std::uint64_t problems = 0;
    std::vector<AuditFinding> findings;  // the first kAuditFindingsMax
};

inline constexpr std::size_t kAuditFindingsMax = 100;

// Reads everything that is stored of a state and checks it against its root: every entry and value,
// every page, the current index, history and the whole chain of links. Takes seconds per million
// entries; memory does not grow with the state. `progress` (may be empty) is told entries done.
[[nodiscard]] Result<AuditReport, StateError> audit(
    const StateSnapshot& state,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress = {});

}  // namespace consilium::state
