// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "services/audit/proofs.hpp"

namespace consilium::services::audit {

// Every record that the ledger has of the chart, and the stored documents that a package shows:
// each opens its commitment, or is erased on the ledger. What is neither is missing, and a fault.
void check_documents(const PackageFiles& files, const ledger::ChartId& chart, Proofs& proofs,
                     Finding& finding);

}  // namespace consilium::services::audit
