// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "ledger/commit.hpp"

// CometBFT v0.38's validator sets, byte for byte (docs/formats/headers.md). Pure; thread-safe.
namespace consilium::ledger {

struct Validator {
    Bytes public_key;  // Ed25519, 32 bytes
    std::uint64_t power = 0;
    friend bool operator==(const Validator&, const Validator&) = default;
};

// CometBFT's MaxTotalVotingPower.
inline constexpr std::uint64_t kTotalPowerMax = 0x7fffffffffffffff / 8;

// First 20 bytes of SHA-256 of the raw key.
[[nodiscard]] Bytes validator_address(BytesView public_key);

// 1..limits::kValidatorsMax validators with distinct keys, power descending, then address
// ascending, total at most kTotalPowerMax. Immutable.
class ValidatorSet {
 public:
    // Sorts. Nothing when the validators break a rule above, or a key is not 32 bytes, or a power
    // is 0.
    [[nodiscard]] static std::optional<ValidatorSet> make(std::vector<Validator> validators);

    [[nodiscard]] std::size_t size() const { return validators_.size(); }
    [[nodiscard]] const Validator& at(std::size_t index) const { return validators_[index]; }
    [[nodiscard]] BytesView address(std::size_t index) const { return addresses_[index]; }
    [[nodiscard]] const std::vector<Validator>& validators() const { return validators_; }
    [[nodiscard]] std::uint64_t total_power() const { return total_power_; }
    // validators_hash: RFC 6962 root over SimpleValidator in set order.
    [[nodiscard]] const Hash32& hash() const { return hash_; }
    // The set after updates as ABCI returns them: power 0 removes a validator that must exist, a
    // power above 0 adds or changes. Nothing for a key named twice, an unknown key removed, or a
    // result that is not a set.
    [[nodiscard]] std::optional<ValidatorSet> updated(std::span<const Validator> updates) const;

    friend bool operator==(const ValidatorSet& a, const ValidatorSet& b) {
        return a.validators_ == b.validators_;
    }

 private:
    ValidatorSet() = default;
    std::vector<Validator> validators_;
    std::vector<Bytes> addresses_;
    std::uint64_t total_power_ = 0;
    Hash32 hash_;
};

// True when `tally` is more than two thirds of `total`, as CometBFT computes it: integer division.
[[nodiscard]] bool more_than_two_thirds(std::uint64_t tally, std::uint64_t total);

// tendermint.types.ValidatorSet with the field `validators` alone, without proposer priorities:
// what validators_hash covers, and each address. The decoder answers nothing for any other bytes.
[[nodiscard]] Bytes encode_validator_set(const ValidatorSet& set);
[[nodiscard]] std::optional<ValidatorSet> decode_validator_set(BytesView bytes);

// The commit with as few signatures as pass two thirds of `validators` (in set order), the others
// absent: what receipts carry. The commit as it is when it does not pass, or is of another size.
[[nodiscard]] Commit trimmed_commit(const Commit& commit, const ValidatorSet& validators);

}  // namespace consilium::ledger
