// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/result.hpp"
#include "services/audit/read_chart.hpp"
#include "services/audit/reports.hpp"

// The audit package: reports and all that bears them out, as files. docs/formats/audit-package.md.
namespace consilium::services::audit {

inline constexpr std::string_view kPackageFormat = "consilium-audit-package/1";
// For whom a package was made: "reader".
inline constexpr std::string_view kReaderPatient = "patient";
inline constexpr std::string_view kReaderMember = "member";
// All files together.
inline constexpr std::size_t kPackageBytesMax = std::size_t{128} << 20U;

// By name: "package.json", "receipts/HEX.receipt", ...
using PackageFiles = std::map<std::string, Bytes>;

struct PackageOptions {
    std::optional<UnixMs> from;  // of the accounting; nothing: six years before `to`
    std::optional<UnixMs> to;    // nothing: the block's time
    bool documents = false;      // the stored documents too, with what opens their commitments
    bool for_patient = false;    // for whom it is about: without what is kept from them
};

[[nodiscard]] Result<PackageFiles, AuditError> make_package(const Ports& ports,
                                                            std::string_view patient,
                                                            const PackageOptions& options);

// Names that maker and checker share.
[[nodiscard]] std::string receipt_name(const ledger::TransactionId& id);
[[nodiscard]] std::string proof_name(RowKind kind, const ledger::LinkId& link);
[[nodiscard]] std::string member_proof_name(const ledger::MemberId& member);
[[nodiscard]] std::string fresh_proof_name(BytesView fresh_id);
[[nodiscard]] std::string document_name(const ledger::RecordId& record, std::uint32_t version);
// Prefix of the versions that later ones replaced, of a chart.
[[nodiscard]] Bytes replaced_prefix(const ledger::ChartId& chart);

[[nodiscard]] Period period_of(const PackageOptions& options, UnixMs time);

}  // namespace consilium::services::audit
