// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "ledger/ids.hpp"

// The ids and digests of the ledger: tagged hashes (crypto/hash.hpp) under the tags of
// ledger/domain.hpp. docs/formats/hashes.md gives each with its parts. Pure; thread-safe.
namespace consilium::ledger {

// Of the app_state bytes of the genesis document: the canonical GenesisState.
[[nodiscard]] NetworkId network_id(BytesView app_state);

// "consilium-" and the first 32 hexadecimal digits of the network id.
[[nodiscard]] std::string chain_id(const NetworkId& network);

// Over all bytes of the transaction, signatures included, and the member that submits it.
[[nodiscard]] TransactionId transaction_id(const NetworkId& network, BytesView member_id,
                                           BytesView transaction);

// What a person signs: the body, for this network and through this member only.
[[nodiscard]] Hash32 personal_digest(const NetworkId& network, BytesView member_id, BytesView body);

// What a member's key signs, and the id of the bundle: both over the header's bytes.
[[nodiscard]] Hash32 bundle_digest(const NetworkId& network, BytesView header);
[[nodiscard]] BundleId bundle_id(const NetworkId& network, BytesView header);

// What a new key signs to show that its owner holds it.
[[nodiscard]] Hash32 key_possession_digest(const NetworkId& network, BytesView member_id,
                                           BytesView public_key);

// RFC 6962 root whose leaves are the 32-byte ids.
[[nodiscard]] Hash32 transactions_root(std::span<const TransactionId> ids);

// The leaf of one outcome in its bundle's outcome tree, and the RFC 6962 root whose leaves are
// these 32-byte values.
[[nodiscard]] Hash32 outcome_leaf(const TransactionId& id, std::uint32_t index, BytesView outcome);
[[nodiscard]] Hash32 outcome_root(std::span<const Hash32> outcome_leaves);

// The data of an executed item: what last_results_hash commits to.
[[nodiscard]] Hash32 result_data(const BundleId& id, std::uint32_t count,
                                 const Hash32& outcome_root);

}  // namespace consilium::ledger
