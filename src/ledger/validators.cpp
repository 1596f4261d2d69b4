// SPDX-License-Identifier: Apache-2.0
#include "ledger/validators.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "crypto/merkle.hpp"
#include "ledger/comet_wire.hpp"

namespace consilium::ledger {

using comet::put_bytes;
using comet::put_message;
using comet::put_uint;

namespace {

constexpr std::size_t kPublicKeyBytes = 32;

// tendermint.crypto.PublicKey{1 ed25519}.
Bytes encode_public_key(BytesView key) {
    Bytes out;
    put_message(out, 1, key);
    return out;
}

Bytes encode_simple_validator(const Validator& validator) {
    Bytes out;
    put_message(out, 1, encode_public_key(validator.public_key));
    put_uint(out, 2, validator.power);
    return out;
}

std::optional<Validator> decode_validator(BytesView bytes) {
    Validator validator;
    comet::FieldReader reader{bytes};
    while (reader.next()) {
        if (reader.field == 2 && reader.is_bytes) {
            comet::FieldReader key{reader.bytes};
            while (key.next()) {
                if (key.field != 1 || !key.is_bytes) return std::nullopt;
                validator.public_key = Bytes(key.bytes);
            }
            if (key.bad) return std::nullopt;
        } else if (reader.field == 3 && !reader.is_bytes) {
            validator.power = reader.number;
        } else if (reader.field != 1 || !reader.is_bytes) {
            // The address follows from the key; the comparison with our encoding checks it.
            return std::nullopt;
        }
    }
    if (reader.bad) return std::nullopt;
    return validator;
}

}  // namespace

Bytes validator_address(BytesView public_key) {
    return Bytes(crypto::sha256(public_key).view().substr(0, kAddressBytes));
}

std::optional<ValidatorSet> ValidatorSet::make(std::vector<Validator> validators) {
    if (validators.empty() || validators.size() > limits::kValidatorsMax) return std::nullopt;
    ValidatorSet set;
    std::vector<std::pair<Bytes, Validator>> sorted;
    for (Validator& validator : validators) {
        if (validator.public_key.size() != kPublicKeyBytes || validator.power == 0 ||
            validator.power > kTotalPowerMax - set.total_power_) {
            return std::nullopt;
        }
        set.total_power_ += validator.power;
        sorted.emplace_back(validator_address(validator.public_key), std::move(validator));
    }
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
        return std::tie(b.second.power, a.first) < std::tie(a.second.power, b.first);
    });
    std::vector<Hash32> leaves;
    for (auto& [address, validator] : sorted) {
        if (std::count(set.addresses_.begin(), set.addresses_.end(), address) != 0)
            return std::nullopt;
        leaves.push_back(crypto::merkle_leaf_hash(encode_simple_validator(validator)));
        set.addresses_.push_back(std::move(address));
        set.validators_.push_back(std::move(validator));
    }
    set.hash_ = crypto::merkle_root(leaves);
    return set;
}

std::optional<ValidatorSet> ValidatorSet::updated(std::span<const Validator> updates) const {
    std::map<Bytes, std::uint64_t> powers;
    for (const Validator& validator : validators_)
        powers.emplace(validator.public_key, validator.power);
    std::map<Bytes, std::uint64_t> changes;
    for (const Validator& update : updates) {
        if (!changes.emplace(update.public_key, update.power).second) return std::nullopt;
    }
    for (const auto& [key, power] : changes) {
        if (power != 0) {
            powers[key] = power;
        } else if (powers.erase(key) == 0) {
            return std::nullopt;
        }
    }
    std::vector<Validator> next;
    for (const auto& [key, power] : powers)
        next.push_back({key, power});
    return make(std::move(next));
}

bool more_than_two_thirds(std::uint64_t tally, std::uint64_t total) {
    CONSILIUM_ASSERT(total <= kTotalPowerMax);
    return tally > total * 2 / 3;
}

Bytes encode_validator_set(const ValidatorSet& set) {
    Bytes out;
    for (std::size_t i = 0; i < set.size(); ++i) {
        Bytes validator;
        put_bytes(validator, 1, set.address(i));
        put_message(validator, 2, encode_public_key(set.at(i).public_key));
        put_uint(validator, 3, set.at(i).power);
        put_message(out, 1, validator);
    }
    return out;
}

std::optional<ValidatorSet> decode_validator_set(BytesView bytes) {
    std::vector<Validator> validators;
    comet::FieldReader reader{bytes};
    while (reader.next()) {
        if (reader.field != 1 || !reader.is_bytes || validators.size() == limits::kValidatorsMax)
            return std::nullopt;
        auto validator = decode_validator(reader.bytes);
        if (!validator) return std::nullopt;
        validators.push_back(std::move(*validator));
    }
    if (reader.bad) return std::nullopt;
    auto set = ValidatorSet::make(std::move(validators));
    if (!set || encode_validator_set(*set) != bytes) return std::nullopt;
    return set;
}

Commit trimmed_commit(const Commit& commit, const ValidatorSet& validators) {
    if (commit.signatures.size() != validators.size()) return commit;
    Commit trimmed = commit;
    std::uint64_t tally = 0;
    for (std::size_t i = 0; i < trimmed.signatures.size(); ++i) {
        CommitSig& signature = trimmed.signatures[i];
        if (signature.flag == BlockIdFlag::kCommit &&
            !more_than_two_thirds(tally, validators.total_power())) {
            tally += validators.at(i).power;
        } else {
            signature = CommitSig{};
        }
    }
    return more_than_two_thirds(tally, validators.total_power()) ? trimmed : commit;
}

}  // namespace consilium::ledger
