// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "services/audit/facts.hpp"

// log.json of a package: what is shown of the custodian's access log. Pure; one excerpt has one
// spelling. docs/formats/audit-package.md.
namespace consilium::services::audit {

[[nodiscard]] std::string write_log_json(const LogExcerpt& excerpt);
// An error is a sentence that says where it is not what it should be.
[[nodiscard]] Result<LogExcerpt, std::string> read_log_json(const Bytes& text);

}  // namespace consilium::services::audit
