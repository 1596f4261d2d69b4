// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "consilium/v1/documents.pb.h"
#include "contracts/documents/rejection.hpp"
#include "contracts/sdk/context.hpp"

// Step 3 of the commands on records (records.cpp) and on shares (shares.cpp).
namespace consilium::contracts::documents {

// The name of the list that a command speaks of: the chart's, or the member's own when empty. The
// chart id's length has been checked.
[[nodiscard]] Bytes list_of(BytesView chart_id, const sdk::Context& context);

[[nodiscard]] Rejection apply_anchor(const v1::AnchorRecord& command, sdk::Context& context);
[[nodiscard]] Rejection apply_manifest(const v1::AnchorManifest& command, sdk::Context& context);
[[nodiscard]] Rejection apply_supersede(const v1::SupersedeRecord& command, sdk::Context& context);
[[nodiscard]] Rejection apply_shred(const v1::ShredRecord& command, sdk::Context& context);
[[nodiscard]] Rejection apply_retain(const v1::RetainRecord& command, sdk::Context& context);

[[nodiscard]] Rejection apply_share(const v1::ShareRecord& command, sdk::Context& context);
[[nodiscard]] Rejection apply_acknowledge(const v1::AcknowledgeShare& command,
                                          sdk::Context& context);
[[nodiscard]] Rejection apply_shred_share(const v1::ShredShare& command, sdk::Context& context);
[[nodiscard]] Rejection apply_retain_share(const v1::RetainShare& command, sdk::Context& context);

}  // namespace consilium::contracts::documents
