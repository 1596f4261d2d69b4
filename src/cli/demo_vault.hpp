// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cli/fhir_bundle.hpp"
#include "cli/output.hpp"
#include "ledger/commitment.hpp"
#include "ledger/ids.hpp"
#include "ledger/manifest.hpp"

// What the hospital keeps to itself in the demo: payloads, salts, and what its commitments on the
// ledger open to. In a file of mode 0600, until nodes have vaults of their own.
namespace consilium::cli {

struct DemoDocument {
    std::string type;  // FHIR resource type
    ledger::RecordId record;
    Bytes salt;
    std::string payload;
    std::uint32_t leaf_index = 0;  // in its list's manifest
    std::uint64_t sequence = 0;    // its own, once touched alone
    std::uint32_t version = 1;
    bool shredded = false;  // salt and payload are gone
    [[nodiscard]] Hash32 commitment() const { return ledger::document_commitment(salt, payload); }
};

// One list of records: a chart, or the hospital's own (no slots).
struct DemoList {
    bool own = false;
    ledger::ChartId chart;
    struct Slot {
        Bytes salt;
        ledger::LinkId link;
    };
    std::vector<Slot> slots;
    std::vector<DemoDocument> documents;
    // The manifest's leaves, padding included, sorted.
    std::vector<ledger::ManifestEntry> leaves;
    std::uint64_t manifest_sequence = 0;

    [[nodiscard]] ledger::Manifest manifest() const;
};

struct DemoVault {
    // One per patient, then the hospital's own, unless all documents belong to patients.
    std::vector<DemoList> lists;
};

// Draws ids, salts, slots and padding, and sorts the leaves.
[[nodiscard]] DemoVault make_demo_vault(FhirInput input);

[[nodiscard]] std::string format_demo_vault(const DemoVault& vault);

}  // namespace consilium::cli
