// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "state/disk.hpp"

namespace consilium::node {

// The number of a bundle: the member's key that signed it and the sequence under that key.
struct BundleNumber {
    std::uint32_t key_id = 0;
    std::uint64_t sequence = 0;
    friend auto operator<=>(const BundleNumber&, const BundleNumber&) = default;
};

// Bundles that this node has signed and that no block is known to have resolved. A bundle is here,
// durably, before anyone else can have seen it. Lies in Space::kNode (docs/formats/store.md) of a
// disk of its own: on the ledger's, a bundle would wait for the write of a block. What a crash
// leaves on the two need not fit together; open() of the submitter sees to that. One thread at a
// time.
class Outbox {
 public:
    explicit Outbox(state::Disk& disk) : disk_(disk) {}

    struct Record {
        BundleNumber number;
        Bytes item;  // v1::Item, as submitted
    };
    // Ascending by number.
    [[nodiscard]] Result<std::vector<Record>, state::DiskError> load() const;
    // The highest sequence ever put under that key; 0 when none was.
    [[nodiscard]] Result<std::uint64_t, state::DiskError> top(std::uint32_t key_id) const;

    // Adds a bundle, synced, and in the same write forgets those that are resolved.
    [[nodiscard]] Status<state::DiskError> put(const BundleNumber& number, BytesView item,
                                               const std::vector<BundleNumber>& resolved);
    // Forgets resolved bundles; a crash may bring them back, which does no harm.
    [[nodiscard]] Status<state::DiskError> forget(const std::vector<BundleNumber>& resolved);

 private:
    state::Disk& disk_;
};

}  // namespace consilium::node
