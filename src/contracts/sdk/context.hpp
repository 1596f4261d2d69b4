// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "base/time.hpp"
#include "consilium/v1/ledger.pb.h"
#include "contracts/sdk/key.hpp"
#include "contracts/sdk/lookups.hpp"
#include "contracts/sdk/overlay.hpp"
#include "ledger/ids.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"

namespace consilium::contracts::sdk {

// The block that a transaction stands in. Time is block time: there is no other.
struct BlockFacts {
    Height height = 0;
    UnixMs time;
    ledger::NetworkId network;
};

// Who gave a transaction. Its user, role and personal signatures have been checked.
struct TransactionFacts {
    BytesView member_id;
    std::uint32_t key_id = 0;  // the member's key that signed the bundle
    ledger::UserId user;
    v1::Role role = v1::ROLE_UNSPECIFIED;
    std::span<const ledger::PersonalSignatureView> signers;
};

// All that a contract sees and may do.
class Context {
 public:
    Context(Overlay& state, const Lookups& lookups, const BlockFacts& block,
            const TransactionFacts& transaction)
        : state_(state), lookups_(lookups), block_(block), transaction_(transaction) {}

    [[nodiscard]] const BlockFacts& block() const { return block_; }
    [[nodiscard]] BytesView member_id() const { return transaction_.member_id; }
    [[nodiscard]] const TransactionFacts& transaction() const { return transaction_; }
    [[nodiscard]] const Lookups& lookups() const { return lookups_; }
    [[nodiscard]] Overlay& state() { return state_; }

    [[nodiscard]] bool has_role(std::initializer_list<v1::Role> allowed) const;
    // Whether a person signed this transaction with that key. A command asks for every signature
    // that may stand on it, also where it would apply without: one that none asks for rejects the
    // transaction (docs/formats/transaction.md, code 12).
    [[nodiscard]] bool signed_by(v1::Algorithm algorithm, BytesView public_key);
    // Whether some command asked for each personal signature of the transaction.
    [[nodiscard]] bool all_signers_asked() const;

    // The row under `key`. A row that is not the encoding of its message latches kCorruption.
    template <typename Row>
    [[nodiscard]] std::optional<Row> get(BytesView key) {
        return get_row<Row>(state_, key);
    }
    template <typename Row>
    void put(BytesView key, const Row& row) {
        state_.put(key, proto::encode(row));
    }
    [[nodiscard]] bool exists(BytesView key) { return state_.get(key).has_value(); }

    // One more than the number at the end of the greatest key with this prefix, or 1. Numbers have
    // `width` bytes (4 or 8); nothing when the greatest is in use. Keys made so only append.
    [[nodiscard]] std::optional<std::uint64_t> next_number(const StateKey& prefix,
                                                           std::size_t width);

    // Hands a number that this command assigned to the outcome.
    void assign(std::uint64_t number) { assigned_.push_back(number); }
    [[nodiscard]] std::vector<std::uint64_t>& assigned() { return assigned_; }

 private:
    Overlay& state_;
    const Lookups& lookups_;
    const BlockFacts& block_;
    const TransactionFacts& transaction_;
    std::vector<std::uint64_t> assigned_;
    std::bitset<limits::kPersonalSignaturesMax> asked_;  // by place among the signers
};

}  // namespace consilium::contracts::sdk
