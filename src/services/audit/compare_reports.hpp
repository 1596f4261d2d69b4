// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <vector>

#include "services/audit/check_package.hpp"

namespace consilium::services::audit {

// What differs between the report that proven rows give and the one in a package, row by row and
// field by field. Rows in `untraced` lack transactions for reasons that were told already: those
// members are not compared. Every other difference, of a single byte too, is a fault.
[[nodiscard]] std::vector<Fault> compare_reports(const std::string& file, const std::string& proven,
                                                 const std::string& shown,
                                                 const std::set<std::string>& untraced);

}  // namespace consilium::services::audit
