// SPDX-License-Identifier: Apache-2.0
#include "contracts/membership/membership.hpp"
#include "contracts/membership/tables.hpp"

namespace consilium::contracts::membership {
namespace {

template <typename Row>
bool read(const std::optional<BytesView>& value, Row& row) {
    return value && row.ParseFromArray(value->data(), static_cast<int>(value->size()));
}

// A member stays what genesis made it, but for its name and address.
bool member_holds(const sdk::Overlay::Change& change) {
    v1::Member before;
    v1::Member after;
    if (!read(change.before, before) || !read(change.after, after)) return false;
    return before.status() == after.status() &&
           std::equal(before.kinds().begin(), before.kinds().end(), after.kinds().begin(),
                      after.kinds().end());
}

// The validator set changes by governance alone.
bool node_holds(const sdk::Overlay::Change& change) {
    v1::Node before;
    v1::Node after;
    if (!read(change.after, after)) return false;
    if (change.before && !read(change.before, before)) return false;
    return before.validator_public_key() == after.validator_public_key() &&
           before.validator_power() == after.validator_power();
}

// A user's day is registered once and can then only be revoked.
bool user_holds(const sdk::Overlay::Change& change) {
    v1::User before;
    v1::User after;
    if (!read(change.after, after)) return false;
    if (!change.before) return !after.revoked();
    if (!read(change.before, before)) return false;
    before.set_revoked(true);
    return proto::encode(before) == *change.after;
}

}  // namespace

bool Membership::holds(const sdk::Overlay::Change& change, sdk::Context&) const {
    switch (static_cast<Table>(change.key[1])) {
        case Table::kMember:
            return member_holds(change);
        case Table::kNode:
            return node_holds(change);
        case Table::kUser:
            return user_holds(change);
        case Table::kKey:
        case Table::kRetirement:
        case Table::kKeyUse:
            // Immutable and never deleted: ProcessProposal judges signatures by them.
            return !change.before && change.after;
    }
    return false;
}

}  // namespace consilium::contracts::membership
