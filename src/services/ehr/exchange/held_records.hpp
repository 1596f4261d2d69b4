// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consilium/v1/documents.pb.h"
#include "services/ehr/exchange/ports.hpp"
#include "services/ehr/store.hpp"

// What an erasure asks of the custodian's FHIR store.
namespace consilium::services::ehr::exchange {

// A resource that is stored here.
struct HeldRecord {
    ledger::RecordId record;
    std::uint32_t version = 0;  // the current one
    ledger::ChartId chart;      // zero: the member's own list
    std::string patient;        // whose chart it is, if anybody's
    // Its row as it is, and as it is once its current version is gone for good.
    vault::Row row;
    vault::Row erased;
};

// Where the ledger has a record.
struct AnchoredRecord {
    v1::RecordRef ref;
    std::uint32_t version = 0;   // the newest that is anchored
    std::uint64_t sequence = 0;  // of its own; 0: a leaf of a manifest
};

// Thread-safe.
class HeldRecords {
 public:
    virtual ~HeldRecords() = default;
    // Nothing when the store never had such a resource.
    [[nodiscard]] virtual Result<std::optional<HeldRecord>, RecordsError> held(
        std::string_view type, std::string_view id) const = 0;
    // Nothing when it waits for its first anchor.
    [[nodiscard]] virtual Result<std::optional<AnchoredRecord>, RecordsError> anchored(
        const ledger::RecordId& record, const ledger::ChartId& chart) const = 0;
    // That a chart's slots open to, used or not: by them alone its records are sent. A record never
    // moves to another chart.
    [[nodiscard]] virtual Result<std::vector<ledger::LinkId>, RecordsError> links(
        const ledger::ChartId& chart) const = 0;
    // The row that remembers that a leaf has a record of its own from now on.
    [[nodiscard]] virtual Result<vault::Row, RecordsError> touched(
        const ledger::RecordId& record, std::uint64_t sequence) const = 0;
};

class StoreHeldRecords final : public HeldRecords {
 public:
    explicit StoreHeldRecords(Store& store) : store_(store) {}
    [[nodiscard]] Result<std::optional<HeldRecord>, RecordsError> held(
        std::string_view type, std::string_view id) const override;
    [[nodiscard]] Result<std::optional<AnchoredRecord>, RecordsError> anchored(
        const ledger::RecordId& record, const ledger::ChartId& chart) const override;
    [[nodiscard]] Result<std::vector<ledger::LinkId>, RecordsError> links(
        const ledger::ChartId& chart) const override;
    [[nodiscard]] Result<vault::Row, RecordsError> touched(const ledger::RecordId& record,
                                                           std::uint64_t sequence) const override;

 private:
    Store& store_;
};

}  // namespace consilium::services::ehr::exchange
