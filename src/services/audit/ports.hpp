// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ledger/manifest.hpp"
#include "services/audit/facts.hpp"
#include "services/port/port.hpp"

// What the audit asks of the rooms around it.
namespace consilium::services::audit {

enum class ChartsError : std::uint8_t {
    kDisk,      // the store cannot be read, or holds what it should not
    kTooLarge,  // more than a package may hold
};

struct StoredVersion {
    ledger::RecordId record;
    std::uint32_t version = 0;
    Bytes salt;  // empty: key and salt are destroyed
};

// A manifest as the custodian made it, padding included.
struct StoredManifest {
    std::uint64_t sequence = 0;
    std::vector<ledger::ManifestEntry> entries;
};

struct StoredDocuments {
    std::vector<StoredManifest> manifests;  // ascending in sequence
    std::vector<StoredVersion> versions;    // ascending in record and version
};

// A custodian's charts, out of its store. Thread-safe.
class Charts {
 public:
    virtual ~Charts() = default;
    // By the FHIR id of the Patient; nothing when the store has no such patient.
    [[nodiscard]] virtual Result<std::optional<ChartOpening>, ChartsError> chart(
        std::string_view patient) const = 0;
    // Whose chart the link belongs to; nothing when it is none of ours.
    [[nodiscard]] virtual Result<std::optional<std::string>, ChartsError> patient_of(
        const ledger::LinkId& link) const = 0;
    // What a disclosure of ours opens to; nothing when the store no longer tells. `request` is the
    // request that it answered, 0 for one by law.
    [[nodiscard]] virtual Result<std::optional<DisclosureOpening>, ChartsError> disclosure(
        const ledger::LinkId& link, std::uint32_t number, std::uint32_t request) const = 0;
    // The document versions of a chart that were anchored, and what anchored them.
    [[nodiscard]] virtual Result<StoredDocuments, ChartsError> documents(
        const ledger::ChartId& chart) const = 0;
    [[nodiscard]] virtual Result<Bytes, ChartsError> document(const ledger::RecordId& record,
                                                              std::uint32_t version) const = 0;
};

// What a member says of itself about a patient and the ledger does not prove: its own reads. The
// reports mark it as the custodian's own word. Thread-safe.
class OwnWord {
 public:
    virtual ~OwnWord() = default;
    // A JSON value; nothing when it cannot be read.
    [[nodiscard]] virtual std::optional<std::string> of(std::string_view patient) const = 0;
};

struct Ports {
    ledger::MemberId member;
    ledger::NetworkId network;
    const Reads& reads;
    const Charts& charts;
    const OwnWord* own = nullptr;  // null: no such log is kept
};

}  // namespace consilium::services::audit
