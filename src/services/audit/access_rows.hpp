// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "consilium/v1/access_log.pb.h"
#include "ledger/ids.hpp"
#include "services/port/access_log.hpp"

// Rows of the access log in the vault, and its hashes: docs/formats/access-log.md. Pure.
namespace consilium::services::audit {

inline constexpr std::size_t kQueryBytesMax = 4096;
// Of a LoggedAccess; with the rest of its row it stays below the vault's limit.
inline constexpr std::size_t kAccessBytesMax = 60U * 1024U;
// Of one LoggedAccess: each has a row in the index.
inline constexpr std::size_t kPatientsPerRowMax = 1000;

// v1.LoggedRow by its sequence.
[[nodiscard]] Bytes log_prefix();
[[nodiscard]] Bytes log_key(std::uint64_t sequence);
[[nodiscard]] std::optional<std::uint64_t> parse_log_key(BytesView key);
// An empty row for each patient of a row.
[[nodiscard]] Bytes patient_prefix(std::string_view patient);
[[nodiscard]] Bytes patient_key(std::string_view patient, std::uint64_t sequence);
[[nodiscard]] std::optional<std::uint64_t> parse_patient_key(BytesView key);
// v1.AccessLogHead: of the newest row.
[[nodiscard]] Bytes head_key();
// u64be: what the disk had when it was last synced.
[[nodiscard]] Bytes synced_key();
// v1.AnchoredHead by the version of the record; the newest once more; the one on its way.
[[nodiscard]] Bytes anchor_prefix();
[[nodiscard]] Bytes anchor_key(std::uint32_t version);
[[nodiscard]] std::optional<std::uint32_t> parse_anchor_key(BytesView key);
[[nodiscard]] Bytes newest_anchor_key();
[[nodiscard]] Bytes under_way_key();
// Of the tree of views (log_tree.hpp): the key of their salts, v1.LogTreeState, leaves by 256,
// where a patient's views stand in the rows, and the number and 1 of a patient's newest view.
[[nodiscard]] Bytes view_salts_key();
[[nodiscard]] Bytes tree_key();
[[nodiscard]] Bytes tile_key(std::uint64_t tile);
[[nodiscard]] Bytes view_prefix(std::string_view patient);
[[nodiscard]] Bytes view_key(std::string_view patient, std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> parse_view_key(BytesView key);
[[nodiscard]] Bytes newest_view_key(std::string_view patient);

// Whose log it is.
struct LogName {
    ledger::NetworkId network;
    ledger::MemberId member;
};

// What the first row names as the one before it.
[[nodiscard]] Hash32 empty_log_hash(const LogName& log);
// Of the canonical bytes of a v1.LoggedRow.
[[nodiscard]] Hash32 row_hash(const LogName& log, BytesView row);

// A v1.LoggedAccess that goes into a row, and the patients by whom it shall be found.
struct LogPart {
    Bytes access;
    std::vector<std::string> patients;
};
// One or, when it is too long, several, which together say the same.
[[nodiscard]] std::vector<LogPart> parts_of(const Access& access);

}  // namespace consilium::services::audit
