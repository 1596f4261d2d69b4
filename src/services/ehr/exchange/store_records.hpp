// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "services/ehr/exchange/ports.hpp"
#include "services/ehr/search.hpp"
#include "services/ehr/store.hpp"

namespace consilium::services::ehr::exchange {

// The custodian's records out of its FHIR store. Thread-safe.
class StoreRecords final : public Records {
 public:
    // `base` is what absolute references begin with, as FhirOptions::base.
    StoreRecords(Store& store, std::function<std::string()> base)
        : store_(store), searcher_(store, base), base_(std::move(base)) {}

    [[nodiscard]] Result<std::optional<ChartOpening>, RecordsError> chart(
        std::string_view patient) const override;
    [[nodiscard]] Result<std::vector<CurrentVersion>, RecordsError> current(
        std::string_view patient, const v1::ExchangeAsk& ask) const override;
    [[nodiscard]] Result<std::vector<std::string>, RecordsError> find(
        const v1::NamedPatient& named) const override;

 private:
    [[nodiscard]] Result<std::vector<vault::DocumentName>, RecordsError> names(
        std::string_view patient, const v1::ExchangeAsk& ask) const;

    Store& store_;
    mutable Searcher searcher_;  // keeps nothing
    const std::function<std::string()> base_;
};

}  // namespace consilium::services::ehr::exchange
