// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "cli/output.hpp"
#include "services/audit/package.hpp"

namespace consilium::cli {

// Writes an audit package to a folder that does not exist yet or is empty, and that its owner alone
// may read: the package opens what the ledger keeps closed, and may hold documents.
[[nodiscard]] Status<Problem> write_audit_folder(const std::filesystem::path& folder,
                                                 const services::audit::PackageFiles& files);

}  // namespace consilium::cli
