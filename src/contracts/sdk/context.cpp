// SPDX-License-Identifier: Apache-2.0
#include "contracts/sdk/context.hpp"

#include <algorithm>
#include <limits>

namespace consilium::contracts::sdk {

bool Context::has_role(std::initializer_list<v1::Role> allowed) const {
    return std::find(allowed.begin(), allowed.end(), transaction_.role) != allowed.end();
}

bool Context::signed_by(v1::Algorithm algorithm, BytesView public_key) {
    const auto& signers = transaction_.signers;
    CONSILIUM_ASSERT(signers.size() <= asked_.size());
    const auto found = std::find_if(
        signers.begin(), signers.end(), [&](const ledger::PersonalSignatureView& signer) {
            return static_cast<int>(signer.algorithm) == static_cast<int>(algorithm) &&
                   signer.public_key == public_key;
        });
    if (found == signers.end()) return false;
    asked_.set(static_cast<std::size_t>(found - signers.begin()));
    return true;
}

bool Context::all_signers_asked() const {
    return asked_.count() == transaction_.signers.size();
}

std::optional<std::uint64_t> Context::next_number(const StateKey& prefix, std::size_t width) {
    CONSILIUM_ASSERT(width == 4 || width == 8);
    const auto last = state_.last(prefix);
    std::uint64_t number = 0;
    if (last) {
        const BytesView end = last->key.substr(prefix.view().size());
        if (end.size() != width) {
            state_.latch(state::DiskError::kCorruption);
            return std::nullopt;
        }
        number = width == 4 ? read_be32(end) : read_be64(end);
    }
    const std::uint64_t greatest = width == 4 ? std::numeric_limits<std::uint32_t>::max()
                                              : std::numeric_limits<std::uint64_t>::max();
    if (number == greatest) return std::nullopt;
    ++number;
    StateKey key = prefix;
    if (width == 4) {
        key.u32(static_cast<std::uint32_t>(number));
    } else {
        key.u64(number);
    }
    // It lies above the greatest key, so the invariants need not ask the disk what was there.
    state_.note_absent(key);
    return number;
}

}  // namespace consilium::contracts::sdk
