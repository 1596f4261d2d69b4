// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "ledger/manifest.hpp"
#include "vault/vault.hpp"

// Leaves that pad a manifest: commitments to the empty document, which no resource is, under salts
// that only this member can name. Nobody tells them from others by the ledger; to an auditor the
// member opens them, so that a leaf which is neither a document nor padding is one kept back.
namespace consilium::services::ehr {

// The key of the salts, out of its row; made when there is none. Nothing when the vault fails.
[[nodiscard]] std::optional<Bytes> padding_key(vault::Vault& vault);
// The same, and empty when there is none.
[[nodiscard]] std::optional<Bytes> known_padding_key(const vault::Vault& vault);

[[nodiscard]] Bytes padding_salt(BytesView key, const ledger::RecordId& record);
[[nodiscard]] ledger::ManifestEntry new_padding(BytesView key);

}  // namespace consilium::services::ehr
