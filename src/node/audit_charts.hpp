// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "services/audit/ports.hpp"
#include "services/ehr/store.hpp"

namespace consilium::node {

// A custodian's charts for the audit, out of its FHIR store and its exchange's rows. Thread-safe.
class AuditCharts final : public services::audit::Charts {
 public:
    explicit AuditCharts(services::ehr::Store& store) : store_(store) {}

    template <typename T>
    using Answer = Result<T, services::audit::ChartsError>;

    [[nodiscard]] Answer<std::optional<services::audit::ChartOpening>> chart(
        std::string_view patient) const override;
    [[nodiscard]] Answer<std::optional<std::string>> patient_of(
        const ledger::LinkId& link) const override;
    [[nodiscard]] Answer<std::optional<services::audit::DisclosureOpening>> disclosure(
        const ledger::LinkId& link, std::uint32_t number, std::uint32_t request) const override;
    [[nodiscard]] Answer<services::audit::StoredDocuments> documents(
        const ledger::ChartId& chart) const override;
    [[nodiscard]] Answer<Bytes> document(const ledger::RecordId& record,
                                         std::uint32_t version) const override;
    [[nodiscard]] Answer<bool> is_own(BytesView document, std::string_view patient) const override;

 private:
    services::ehr::Store& store_;
};

// What a disclosure opens to, out of the exchange's rows.
[[nodiscard]] AuditCharts::Answer<std::optional<services::audit::DisclosureOpening>> opening_of(
    const vault::Vault& vault, const ledger::LinkId& link, std::uint32_t number,
    std::uint32_t request);

}  // namespace consilium::node
