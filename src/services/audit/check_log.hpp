// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "services/audit/proofs.hpp"

namespace consilium::services::audit {

// What a package shows of the custodian's access log: that its head is the one on the ledger, that
// every row shown is in the log of that head, and that none is left out before one that is shown.
// Nothing, and a fault, when nothing of it can be read. docs/formats/audit-package.md, "The
// custodian's log".
[[nodiscard]] std::optional<LogExcerpt> check_log(const PackageFiles& files,
                                                  const ledger::NetworkId& network,
                                                  const ledger::MemberId& custodian,
                                                  const std::string& patient, Proofs& proofs,
                                                  Finding& finding);

}  // namespace consilium::services::audit
