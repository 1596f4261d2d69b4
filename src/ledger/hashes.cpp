// SPDX-License-Identifier: Apache-2.0
#include "ledger/hashes.hpp"

#include <vector>

#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "crypto/merkle.hpp"
#include "ledger/domain.hpp"

namespace consilium::ledger {
namespace {

template <typename Id>
Id id_of(const Hash32& hash) {
    Id id;
    id.value = hash.value;
    return id;
}

}  // namespace

NetworkId network_id(BytesView app_state) {
    return id_of<NetworkId>(crypto::tagged_hash(domain::kNetwork, {app_state}));
}

std::string chain_id(const NetworkId& network) {
    return "consilium-" + to_hex(network.view().substr(0, 16));
}

TransactionId transaction_id(const NetworkId& network, BytesView member_id, BytesView transaction) {
    return id_of<TransactionId>(
        crypto::tagged_hash(domain::kTransaction, {network.view(), member_id, transaction}));
}

Hash32 personal_digest(const NetworkId& network, BytesView member_id, BytesView body) {
    return crypto::tagged_hash(domain::kPersonal, {network.view(), member_id, body});
}

Hash32 bundle_digest(const NetworkId& network, BytesView header) {
    return crypto::tagged_hash(domain::kBundle, {network.view(), header});
}

BundleId bundle_id(const NetworkId& network, BytesView header) {
    return id_of<BundleId>(crypto::tagged_hash(domain::kBundleId, {network.view(), header}));
}

Hash32 key_possession_digest(const NetworkId& network, BytesView member_id, BytesView public_key) {
    return crypto::tagged_hash(domain::kKeyPossession, {network.view(), member_id, public_key});
}

Hash32 transactions_root(std::span<const TransactionId> ids) {
    std::vector<Hash32> leaves;
    leaves.reserve(ids.size());
    for (const TransactionId& id : ids)
        leaves.push_back(crypto::merkle_leaf_hash(id.view()));
    return crypto::merkle_root(leaves);
}

Hash32 outcome_leaf(const TransactionId& id, std::uint32_t index, BytesView outcome) {
    const char be[4] = {static_cast<char>(index >> 24U), static_cast<char>(index >> 16U),
                        static_cast<char>(index >> 8U), static_cast<char>(index)};
    return crypto::tagged_hash(domain::kOutcome, {id.view(), BytesView{be, 4}, outcome});
}

Hash32 outcome_root(std::span<const Hash32> outcome_leaves) {
    std::vector<Hash32> leaves;
    leaves.reserve(outcome_leaves.size());
    for (const Hash32& leaf : outcome_leaves)
        leaves.push_back(crypto::merkle_leaf_hash(leaf.view()));
    return crypto::merkle_root(leaves);
}

Hash32 result_data(const BundleId& id, std::uint32_t count, const Hash32& outcome_root) {
    const char be[4] = {static_cast<char>(count >> 24U), static_cast<char>(count >> 16U),
                        static_cast<char>(count >> 8U), static_cast<char>(count)};
    return crypto::tagged_hash(domain::kResult, {id.view(), BytesView{be, 4}, outcome_root.view()});
}

}  // namespace consilium::ledger
