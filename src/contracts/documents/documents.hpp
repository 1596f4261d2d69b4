// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "consilium/v1/documents.pb.h"
#include "contracts/documents/rejection.hpp"
#include "contracts/sdk/contract.hpp"

namespace consilium::contracts::documents {

// Contract 4: what the ledger holds about documents in vaults. docs/formats/contracts.md gives its
// rules.
class Documents final : public sdk::TypedContract<v1::DocumentsCommand, Rejection> {
 public:
    Documents();

    [[nodiscard]] bool holds(const sdk::Overlay::Change& change,
                             sdk::Context& context) const override;

 protected:
    [[nodiscard]] Rejection validate(const v1::DocumentsCommand& command) const override;
    [[nodiscard]] Rejection authorize_command(const v1::DocumentsCommand& command,
                                              sdk::Context& context) const override;
    [[nodiscard]] Rejection apply_command(const v1::DocumentsCommand& command,
                                          sdk::Context& context) const override;
    [[nodiscard]] ledger::RejectionText describe_rejection(Rejection rejection) const override;
};

}  // namespace consilium::contracts::documents
