// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ledger/manifest.hpp"
#include "services/audit/facts.hpp"
#include "services/port/access_log.hpp"
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
    Bytes salt;             // empty: key and salt are destroyed, or it is withheld
    bool withheld = false;  // kept back from the patient, for whom the package was made
};

// A manifest as the custodian made it, padding included.
struct StoredManifest {
    std::uint64_t sequence = 0;
    std::vector<ledger::ManifestEntry> entries;
};

// A leaf that only pads its manifest: with the salt it opens to the empty document.
struct StoredPadding {
    ledger::RecordId record;
    Bytes salt;
};

struct StoredDocuments {
    std::vector<StoredManifest> manifests;  // ascending in sequence
    std::vector<StoredVersion> versions;    // ascending in record and version
    std::vector<StoredPadding> padding;     // ascending in record
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
    // Whether a stored document is shown to the patient themselves (45 CFR 164.524): what they read
    // as FHIR, they find in their package, and nothing else.
    [[nodiscard]] virtual Result<bool, ChartsError> is_own(BytesView document,
                                                           std::string_view patient) const = 0;
};

enum class LogError : std::uint8_t {
    kDisk,      // the log cannot be read
    kNotNow,    // a head of it has just come to the ledger: again in a moment
    kTooLarge,  // more rows than a report may hold
};

// What a member says of itself about a patient: the accesses at its own node, out of its access
// log. The ledger proves what stands in the log up to its newest head; that every access is in it
// is the custodian's own word, and the reports say so. Thread-safe.
class OwnWord {
 public:
    virtual ~OwnWord() = default;
    // With the newest head that the ledger has after block `height`.
    [[nodiscard]] virtual Result<LogExcerpt, LogError> excerpt(std::string_view patient,
                                                               Height height) const = 0;
};

struct Ports {
    ledger::MemberId member;
    ledger::NetworkId network;
    const Reads& reads;
    const Charts& charts;
    const OwnWord& own;
    AccessLog* log = nullptr;  // told of who is shown reports; null: nobody is
};

}  // namespace consilium::services::audit
