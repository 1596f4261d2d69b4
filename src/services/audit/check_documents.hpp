// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "services/audit/proofs.hpp"

namespace consilium::services::audit {

struct DocumentsQuestion {
    const PackageFiles& files;
    const ledger::ChartId& chart;
    const std::string& patient;  // whose chart it is said to be
    bool for_patient = false;    // made for them: some of it may be kept back
    // What is proven to have been sent.
    const std::map<std::pair<ledger::LinkId, std::uint32_t>, DisclosureOpening>& disclosures;
};

// The stored documents of a package: every leaf of every manifest of the chart is a document that
// opens its commitment, erased, or padding; what was disclosed is among them, and the Patient.
void check_documents(const DocumentsQuestion& question, Proofs& proofs, Finding& finding);

}  // namespace consilium::services::audit
