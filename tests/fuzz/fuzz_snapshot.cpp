// SPDX-License-Identifier: Apache-2.0
// Snapshot chunks, raw and as edits of a good one: an importer that trusts the root takes nothing
// but the chunk that was exported.
#include <cstdint>

#include "edits.hpp"
#include "small_state.hpp"
#include "state/snapshot.hpp"

namespace {

using namespace consilium;

struct World {
    fuzz::SmallState small;
    Bytes chunk;

    World() {
        auto piece = state::export_chunk(*small.state().newest(), 1);
        CONSILIUM_ASSERT(piece.ok());
        chunk = std::move(piece->chunk);
    }
};

const World& world() {
    static const World instance;
    return instance;
}

void check(BytesView chunk) {
    state::MemoryDisk disk;
    auto import =
        state::SnapshotImport::begin(disk, world().small.state().root(), fuzz::SmallState::kHeight);
    CONSILIUM_ASSERT(import.ok());
    if (!(*import)->take(chunk)) return;
    CONSILIUM_ASSERT(chunk == world().chunk);
    CONSILIUM_ASSERT((*import)->finish().ok());
    const auto opened = state::LedgerState::open(disk);
    CONSILIUM_ASSERT(opened.ok() && (*opened)->root() == world().small.state().root());
}

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const BytesView rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    check(data[0] < 128 ? Bytes(rest) : fuzz::edited(world().chunk, rest));
    return 0;
}
