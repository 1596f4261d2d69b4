// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace consilium::cli {

// The ledger names a record by its list and its number in it; the record id is the custodian's
// handle, which the custodian keeps unique (docs/adr/0007-sequence-keyed-lists.md). Two records of
// one list with the same id can be taken for each other by whoever opens documents by id: an
// auditor must be told. One sentence for each such id, in order of the lists and of the first
// record that carries it; `rows` are proven rows of the state, those of other tables are passed
// over. Leaves of a manifest show their ids only once they have records of their own.
[[nodiscard]] std::vector<std::string> repeated_record_ids(
    const std::vector<std::pair<Bytes, Bytes>>& rows);

}  // namespace consilium::cli
