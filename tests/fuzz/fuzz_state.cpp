// SPDX-License-Identifier: Apache-2.0
// State proofs, snapshot chunks and what the state keeps on disk: bytes from outside, or from a
// damaged disk, never do worse than be refused.
#include <cstdint>

#include "state/entry.hpp"
#include "state/journal.hpp"
#include "state/memory_disk.hpp"
#include "state/snapshot.hpp"
#include "verify/state_proof.hpp"

namespace {

using namespace consilium;

void read_slots(BytesView pack) {
    for (std::uint64_t serial = 1; serial <= state::kPackEntries; ++serial) {
        const auto entry = state::read_slot(pack, serial);
        if (!entry) continue;
        // What was read is written back so that it reads the same.
        Bytes again(serial - 1, '\0');
        state::append_slot(again, *entry);
        const auto second = state::read_slot(again, serial);
        CONSILIUM_ASSERT(second.ok() && second->leaf_hash() == entry->leaf_hash());
    }
}

void read_keys(BytesView stored) {
    if (const auto key = state::parse_history_key(stored))
        CONSILIUM_ASSERT(state::history_key(key->key, key->serial) == stored);
    if (const auto row = state::parse_current_row(stored))
        CONSILIUM_ASSERT(state::current_serial(stored).value() == row->serial);
    if (const auto ended = state::decode_ended(stored))
        CONSILIUM_ASSERT(state::decode_ended(state::encode_ended(*ended)) == ended);
}

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const BytesView bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 4) {
        case 0:
            (void)verify::check_state_proof(bytes, Hash32{}, 6);
            break;
        case 1: {
            state::MemoryDisk disk;
            auto import = state::SnapshotImport::begin(disk, Hash32{}, 6);
            CONSILIUM_ASSERT(import.ok() && !(*import)->take(bytes).ok());
            break;
        }
        case 2:
            read_slots(bytes);
            break;
        default:
            read_keys(bytes);
            break;
    }
    return 0;
}
