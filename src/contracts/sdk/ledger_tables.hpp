// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "contracts/sdk/key.hpp"

// The ledger's own rows (contract 1), which execution keeps: docs/formats/tables.md.
namespace consilium::contracts::sdk {

[[nodiscard]] std::span<const TableInfo> ledger_tables();

// v1.LedgerParameters: one row.
[[nodiscard]] StateKey parameters_key();
// v1.ReplayWindow, by member and key number.
[[nodiscard]] StateKey window_key(BytesView member_id, std::uint32_t key_id);
// v1.PersonalReplay, by expiry and digest; the prefix of all.
[[nodiscard]] StateKey replay_key(UnixMs not_after, const Hash32& digest);
[[nodiscard]] StateKey replay_prefix();

}  // namespace consilium::contracts::sdk
