// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "services/audit/package.hpp"
#include "verify/receipt.hpp"
#include "verify/trust.hpp"

// What an auditor does with a package: nothing in it is believed but what leads to the trusted
// genesis. Both reports are made anew from the proven rows and compared field by field with those
// of the package. No node, no network, no clock. docs/formats/audit-package.md, "Checks".
namespace consilium::services::audit {

// What is wrong: in which file, with which row of the ledger ("ehr/request/HEX/1"; empty when it is
// about no single row), and what. Texts may hold what files say: who prints them keeps control
// characters out.
struct Fault {
    std::string file;
    std::string row;
    std::string what;
};

struct Finding {
    std::string custodian;
    std::string patient;
    Height height = 0;
    UnixMs time;
    std::vector<std::string> checked;  // sentences: what holds
    std::vector<std::string> notes;    // what a reader should know, and is no fault
    std::vector<Fault> faults;
    std::size_t receipts = 0;
    std::size_t proofs = 0;
    std::size_t access_rows = 0;
    std::size_t accounting_rows = 0;
    std::size_t log_rows = 0;  // of the custodian's own access log
    std::size_t documents = 0;
    std::size_t erased = 0;
    std::size_t erased_by_word = 0;  // single versions, of which the ledger says nothing
    std::size_t withheld = 0;        // of a package for the patient, who is not shown them
    [[nodiscard]] bool good() const { return faults.empty(); }
};

[[nodiscard]] Finding check_package(const PackageFiles& files, const verify::Trust& trust,
                                    const verify::Freshness& freshness);

}  // namespace consilium::services::audit
