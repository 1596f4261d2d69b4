// SPDX-License-Identifier: Apache-2.0
#include "node/admission.hpp"

namespace consilium::node {

bool Admission::admit(const ledger::MemberId& member, std::uint32_t key_id, std::uint64_t sequence,
                      UnixMs not_after, const Hash32& item_hash, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    Member& of = members_[member];
    const auto found = of.bundles.find({key_id, sequence});
    if (found != of.bundles.end()) return found->second.item_hash == item_hash;
    if (of.bundles.size() >= limits_.bundles || of.bytes + bytes > limits_.bytes) return false;
    of.bundles.emplace(Number{key_id, sequence}, Admitted{item_hash, not_after, bytes});
    of.bytes += bytes;
    return true;
}

void Admission::resolve(const std::vector<execution::ItemOutput>& outputs, UnixMs block_time) {
    const std::lock_guard lock(mutex_);
    for (const execution::ItemOutput& output : outputs) {
        const auto member = members_.find(output.member_id);
        if (member == members_.end()) continue;
        const auto found = member->second.bundles.find({output.key_id, output.sequence});
        if (found == member->second.bundles.end()) continue;
        member->second.bytes -= found->second.bytes;
        member->second.bundles.erase(found);
    }
    for (auto& named : members_) {
        auto& member = named.second;
        std::erase_if(member.bundles, [&](const auto& entry) {
            if (entry.second.not_after >= block_time) return false;
            member.bytes -= entry.second.bytes;
            return true;
        });
    }
}

}  // namespace consilium::node
