// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "ledger/ids.hpp"
#include "ledger/manifest.hpp"
#include "vault/document.hpp"

// The rows that this service keeps in the vault: docs/formats/fhir-rows.md. Pure. Decoders answer
// nothing for bytes that no encoder made.
namespace consilium::services::ehr {

// What a FHIR identity stands for. Version n of the resource is document version n of the record.
struct ResourceRow {
    ledger::RecordId record;
    std::uint32_t version = 0;  // the current one
    bool deleted = false;       // the current version is a deletion
    UnixMs updated;             // of the current version
    ledger::ChartId chart;      // zero: the member's own list

    friend bool operator==(const ResourceRow&, const ResourceRow&) = default;
};

inline constexpr std::size_t kSlots = 8;

// One of a chart's link slots: what its commitment on the ledger opens to.
struct SlotOpening {
    std::array<std::uint8_t, 32> salt{};
    ledger::LinkId link;
    friend bool operator==(const SlotOpening&, const SlotOpening&) = default;
};

// A patient's chart, by the id of the Patient resource.
struct ChartRow {
    ledger::ChartId chart;
    bool opened = false;  // the ledger has it
    std::vector<SlotOpening> slots;
    friend bool operator==(const ChartRow&, const ChartRow&) = default;
};

// Where the ledger names a record: a leaf of a manifest, and, once it was touched alone, an entry
// of its own.
struct AnchorRow {
    std::uint64_t manifest = 0;  // sequence in the chart's list
    std::uint32_t leaf = 0;
    std::uint64_t sequence = 0;  // 0: not touched alone
    std::uint32_t version = 0;   // the newest that is anchored
    friend bool operator==(const AnchorRow&, const AnchorRow&) = default;
};

// A document version that waits for its anchor.
struct Pending {
    ledger::ChartId chart;
    ledger::RecordId record;
    std::uint32_t version = 0;
    friend auto operator<=>(const Pending&, const Pending&) = default;
};

// A transaction handed to the ledger, kept until its outcome is known here.
struct Submission {
    enum class Kind : std::uint8_t { kManifest = 1, kVersions = 2 };
    Kind kind = Kind::kManifest;
    bool opens_chart = false;       // its first command opens the chart
    std::vector<Pending> versions;  // of kVersions; a manifest's are its leaves
    Bytes transaction;
    friend bool operator==(const Submission&, const Submission&) = default;
};

// Of a version of a Binary whose content is a document of its own.
struct ContentRow {
    ledger::RecordId record;  // version 1 of it is the content
    friend bool operator==(const ContentRow&, const ContentRow&) = default;
};

inline constexpr std::size_t kLeavesPerRow = 1024;

// What became of an import.
struct ImportRow {
    std::uint32_t stored = 0;
    std::uint32_t unchanged = 0;
    std::uint32_t quarantined = 0;
    friend bool operator==(const ImportRow&, const ImportRow&) = default;
};

// An entry of an import that was not taken.
struct QuarantineRow {
    ledger::RecordId record;  // the document that holds the entry, version 1
    std::uint32_t entry = 0;  // its place in Bundle.entry
    // The entry because of which this one was not taken; nothing: it is itself at fault.
    std::optional<std::uint32_t> cause;
    Bytes outcome;  // OperationOutcome
    friend bool operator==(const QuarantineRow&, const QuarantineRow&) = default;
};

// Keys: "fhir/", a letter for the kind, and what follows from the arguments.
[[nodiscard]] Bytes resource_key(std::string_view type, std::string_view id);
[[nodiscard]] Bytes resource_prefix(std::string_view type);
[[nodiscard]] Bytes chart_key(std::string_view patient_id);
[[nodiscard]] Bytes anchor_key(const ledger::RecordId& record);
[[nodiscard]] Bytes pending_prefix();
[[nodiscard]] Bytes pending_prefix(const ledger::ChartId& chart);
[[nodiscard]] Bytes pending_key(const Pending& pending);
[[nodiscard]] Bytes submission_prefix();
[[nodiscard]] Bytes submission_key(const ledger::ChartId& chart);
// Leaves of a manifest, kLeavesPerRow in a row; sequence 0 is the one on its way to the ledger.
[[nodiscard]] Bytes leaves_prefix(const ledger::ChartId& chart, std::uint64_t sequence);
[[nodiscard]] Bytes leaves_key(const ledger::ChartId& chart, std::uint64_t sequence,
                               std::uint32_t number);
// An import by its key (32 bytes): what became of it; and what it put into quarantine.
[[nodiscard]] Bytes import_key(BytesView key);
[[nodiscard]] Bytes quarantine_prefix();
[[nodiscard]] Bytes quarantine_prefix(BytesView key);
[[nodiscard]] Bytes quarantine_key(BytesView key, std::uint32_t entry);
// By the version of the Binary.
[[nodiscard]] Bytes content_prefix();
[[nodiscard]] Bytes content_key(const vault::DocumentName& version);
[[nodiscard]] std::optional<vault::DocumentName> decode_content_key(BytesView key);
// The key of search cursors.
[[nodiscard]] Bytes cursor_key();
// By chart, the Patient's id: who reads the ledger finds the way back.
[[nodiscard]] Bytes patient_key(const ledger::ChartId& chart);

[[nodiscard]] Bytes encode(const ResourceRow& row);
[[nodiscard]] Bytes encode(const ChartRow& row);
[[nodiscard]] Bytes encode(const AnchorRow& row);
[[nodiscard]] Bytes encode(const Submission& row);
[[nodiscard]] Bytes encode(const ImportRow& row);
[[nodiscard]] Bytes encode(const QuarantineRow& row);
[[nodiscard]] Bytes encode(const ContentRow& row);
[[nodiscard]] std::optional<ContentRow> decode_content(BytesView bytes);
[[nodiscard]] std::optional<ImportRow> decode_import(BytesView bytes);
[[nodiscard]] std::optional<QuarantineRow> decode_quarantine(BytesView bytes);
[[nodiscard]] Bytes encode_leaves(const std::vector<ledger::ManifestEntry>& entries,
                                  std::size_t first, std::size_t count);
[[nodiscard]] std::optional<ResourceRow> decode_resource(BytesView bytes);
[[nodiscard]] std::optional<ChartRow> decode_chart(BytesView bytes);
[[nodiscard]] std::optional<AnchorRow> decode_anchor(BytesView bytes);
[[nodiscard]] std::optional<Submission> decode_submission(BytesView bytes);
[[nodiscard]] bool decode_leaves(BytesView bytes, std::vector<ledger::ManifestEntry>& append_to);
[[nodiscard]] std::optional<Pending> decode_pending_key(BytesView key);
[[nodiscard]] std::optional<ledger::ChartId> decode_submission_key(BytesView key);

}  // namespace consilium::services::ehr
