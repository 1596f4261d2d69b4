// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "services/ehr/exchange/ports.hpp"
#include "services/ehr/exchange/seal.hpp"

// What a recipient does with a delivery, whatever let it come. Reads and writes the vault;
// thread-safe.
namespace consilium::services::ehr::exchange {

// Stores the documents that are not here yet; the rows (v1.ReceivedPage) that name them under their
// disclosure. Nothing: the vault cannot take them just now.
[[nodiscard]] std::optional<std::vector<vault::Row>> keep_documents(
    const Ports& ports, const ledger::MemberId& custodian, const v1::DisclosureHeader& header,
    const v1::RecordDelivery& delivery, std::span<const OpenedDocument> documents);

// The row of a disclosure that came, with the transaction that acknowledges it: as what the ledger
// commits to, or, disputed, as something else. Nothing: no transaction can be made just now.
[[nodiscard]] std::optional<v1::Receiving> new_receiving(const Ports& ports,
                                                         const ledger::MemberId& custodian,
                                                         const v1::DisclosureHeader& header,
                                                         const v1::RecordDelivery& delivery,
                                                         bool disputed);
[[nodiscard]] std::optional<Bytes> compose_acknowledgement(const Ports& ports,
                                                           const v1::Receiving& receiving);

}  // namespace consilium::services::ehr::exchange
