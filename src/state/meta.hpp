// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "state/disk.hpp"

// What Space::kMeta holds of the state.
namespace consilium::state {

// The newest block, and what the root's preimage was.
struct Meta {
    static constexpr std::uint64_t kFormat = 1;
    Height height = 0;
    Height appended = 0;  // last block that appended
    Height retained = 0;  // the oldest height that can still be read and proven
    std::uint64_t count = 0;
    Hash32 root;
};

inline constexpr BytesView kMetaKey = "state";
// Set while a snapshot is being imported: what is there is not a state yet.
inline constexpr BytesView kImportKey = "import";
// The last pack while it is not full, behind its number: Space::kEntries is only ever appended to.
inline constexpr BytesView kTailKey = "tail";
[[nodiscard]] Bytes height_key(Height height);          // "h", height: entries in the log then
[[nodiscard]] Bytes journal_key(std::uint64_t number);  // "j", number: serials ended

[[nodiscard]] Bytes encode_meta(const Meta& meta);
[[nodiscard]] Result<std::optional<Meta>, DiskError> read_meta(const DiskReader& disk);

// Entries in the log after block `height`: those of the last block up to it that appended.
[[nodiscard]] Result<std::uint64_t, DiskError> count_at(const DiskReader& disk, Height height);

}  // namespace consilium::state
