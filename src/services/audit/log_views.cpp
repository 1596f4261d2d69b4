// SPDX-License-Identifier: Apache-2.0
#include "services/audit/log_views.hpp"

#include <algorithm>
#include <bit>

#include "base/assert.hpp"
#include "crypto/hash.hpp"
#include "crypto/merkle.hpp"
#include "proto/canonical.hpp"

namespace consilium::services::audit {
namespace {

// What the address of a row with several patients may show each of them: not whom it names.
std::string first_of(const std::string& asked) {
    return asked.substr(0, asked.find('/'));
}

Bytes salt_of(BytesView key, std::uint64_t sequence, std::uint32_t place) {
    Bytes where;
    append_be64(where, sequence);
    append_be32(where, place);
    return Bytes(crypto::tagged_hash("consilium/access-view-salt/1", {key, where})
                     .view()
                     .substr(0, kViewSaltBytes));
}

}  // namespace

v1::LoggedView view_of(BytesView key, std::uint64_t sequence, UnixMs at,
                       const v1::LoggedAccess& access, std::uint32_t place) {
    CONSILIUM_ASSERT(place < static_cast<std::uint32_t>(access.patients_size()));
    const std::string& patient = access.patients(static_cast<int>(place));
    v1::LoggedAccess theirs = access;
    theirs.clear_query();
    theirs.clear_query_cut();
    theirs.clear_patients();
    theirs.clear_resources();
    theirs.add_patients(patient);
    if (access.patients_size() > 1 || access.part() != 0 || access.more())
        theirs.set_asked(first_of(access.asked()));
    // By whose token it was is somebody else's matter when it was another patient's.
    const bool by_a_patient = !access.own_patient().empty() || !access.own_link().empty();
    if (by_a_patient && access.own_patient() != patient) {
        theirs.clear_own_patient();
        theirs.clear_own_link();
        theirs.clear_client();
        theirs.clear_token();
        theirs.set_subject("another patient");
    }
    for (const v1::LoggedResource& resource : access.resources()) {
        const auto& places = resource.patients();
        if (std::find(places.begin(), places.end(), place) == places.end()) continue;
        v1::LoggedResource& out = *theirs.add_resources();
        out = resource;
        out.clear_patients();
        out.add_patients(0);
    }
    v1::LoggedView out;
    out.set_sequence(sequence);
    out.set_place(place);
    out.set_at_unix_ms(at.value);
    out.set_salt(salt_of(key, sequence, place));
    out.set_access(proto::encode(theirs));
    return out;
}

Hash32 view_leaf(const LogName& log, BytesView view) {
    return crypto::merkle_leaf_hash(
        crypto::tagged_hash("consilium/access-view/1", {log.network.view(), log.member, view})
            .view());
}

GrowingTree::GrowingTree(std::uint64_t size, std::vector<Hash32> nodes) {
    if (nodes.size() != static_cast<std::size_t>(std::popcount(size))) return;
    size_ = size;
    nodes_ = std::move(nodes);
}

void GrowingTree::add(const Hash32& leaf) {
    Hash32 node = leaf;
    for (std::uint64_t whole = size_; (whole & 1U) != 0; whole >>= 1U) {
        node = crypto::merkle_inner_hash(nodes_.back(), node);
        nodes_.pop_back();
    }
    nodes_.push_back(node);
    ++size_;
}

Hash32 GrowingTree::root() const {
    if (nodes_.empty()) return crypto::merkle_root({});
    Hash32 out = nodes_.back();
    for (auto node = nodes_.rbegin() + 1; node != nodes_.rend(); ++node)
        out = crypto::merkle_inner_hash(*node, out);
    return out;
}

}  // namespace consilium::services::audit
