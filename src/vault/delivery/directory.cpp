// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/directory.hpp"

#include "base/limits.hpp"
#include "consilium/v1/membership.pb.h"
#include "proto/canonical.hpp"

namespace consilium::vault::delivery {
namespace {

// docs/formats/tables.md: contract 2, tables 1 and 2; the member's id and a zero byte follow.
constexpr BytesView kMemberRows{"\x02\x01", 2};
constexpr BytesView kNodeRows{"\x02\x02", 2};

Bytes key_of(BytesView rows, BytesView member) {
    Bytes key(rows);
    key.append(member).push_back('\0');
    return key;
}

std::optional<Peer> read_node(BytesView value) {
    v1::Node node;
    Peer out;
    if (!proto::parse_canonical(value, node) || !assign(out.tls_key_sha256, node.tls_key_sha256()))
        return std::nullopt;
    out.endpoint = node.peer_endpoint();
    return out;
}

}  // namespace

bool LedgerDirectory::is_active(BytesView member) const {
    const auto row = reads_.state(key_of(kMemberRows, member), std::nullopt, false);
    v1::Member found;
    return row && row->value && proto::parse_canonical(*row->value, found) &&
           found.status() == v1::MEMBER_STATUS_ACTIVE;
}

std::optional<Peer> LedgerDirectory::peer(const ledger::MemberId& member) const {
    const auto row = reads_.state(key_of(kNodeRows, member), std::nullopt, false);
    if (!row || !row->value || !is_active(member)) return std::nullopt;
    return read_node(*row->value);
}

bool LedgerDirectory::is_known(const Hash32& tls_key_sha256) const {
    const Height height = reads_.status().height;
    const std::lock_guard lock(mutex_);
    if (height_ != height) {
        // All of them, once a block: members are at most limits::kMembersMax.
        const auto rows =
            reads_.state_list(kNodeRows, {}, limits::kMembersMax, std::nullopt, false);
        if (!rows) return false;
        known_.clear();
        for (const auto& [key, value] : rows->entries) {
            const auto node = read_node(value);
            // Keys are 2 bytes of table, the id, and a zero byte.
            const auto member = BytesView(key).substr(kNodeRows.size(), key.size() - 3);
            if (node && is_active(member)) known_.insert(node->tls_key_sha256);
        }
        height_ = height;
    }
    return known_.count(tls_key_sha256) != 0;
}

}  // namespace consilium::vault::delivery
