// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "services/audit/ports.hpp"
#include "services/audit/reports.hpp"

// The package's own files, as their maker wrote them. Pure. An error is a sentence that says where
// a file is not what it should be.
namespace consilium::services::audit {

struct PackageHead {
    ledger::NetworkId network;
    ledger::MemberId custodian;
    std::string patient;
    ledger::ChartId chart;
    Height height = 0;
    UnixMs time;
    Period period;
    bool for_patient = false;
    bool documents = false;
};
[[nodiscard]] Result<PackageHead, std::string> read_package_json(const Bytes& text);

struct Openings {
    std::vector<SlotOpening> slots;
    std::vector<DisclosureOpening> disclosures;
};
[[nodiscard]] Result<Openings, std::string> read_openings_json(const Bytes& text);

// A salt that is empty stands for an erased version.
[[nodiscard]] Result<StoredDocuments, std::string> read_documents_json(const Bytes& text);

}  // namespace consilium::services::audit
