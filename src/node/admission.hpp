// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "execution/apply_block.hpp"
#include "ledger/ids.hpp"

namespace consilium::node {

struct AdmissionLimits {
    std::size_t bundles = 64;        // unresolved, per member
    std::size_t bytes = 32U << 20U;  // unresolved, per member
};

// What CheckTx lets in per member, so that none crowds out the others: a bounded number of bundles
// and bytes that no block has resolved, one per (key, sequence). The same bytes may come again.
// Never part of consensus. Thread-safe.
class Admission {
 public:
    explicit Admission(AdmissionLimits limits) : limits_(limits) {}

    [[nodiscard]] bool admit(const ledger::MemberId& member, std::uint32_t key_id,
                             std::uint64_t sequence, UnixMs not_after, const Hash32& item_hash,
                             std::size_t bytes);
    // Forgets what a block resolved and what can no longer apply at its time.
    void resolve(const std::vector<execution::ItemOutput>& outputs, UnixMs block_time);

 private:
    using Number = std::pair<std::uint32_t, std::uint64_t>;  // key id, sequence
    struct Admitted {
        Hash32 item_hash;
        UnixMs not_after;
        std::size_t bytes = 0;
    };
    struct Member {
        std::map<Number, Admitted> bundles;
        std::size_t bytes = 0;
    };

    const AdmissionLimits limits_;
    std::mutex mutex_;
    std::map<ledger::MemberId, Member, std::less<>> members_;
};

}  // namespace consilium::node
