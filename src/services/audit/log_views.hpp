// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "services/audit/access_rows.hpp"

// What rows of the access log say of one patient each, so that a patient or an auditor can be shown
// it, and that it is in the log, without what the rows say of others: the leaves of a tree whose
// root is anchored with the log's head. docs/formats/access-log.md, "Views". Pure.
namespace consilium::services::audit {

inline constexpr std::size_t kViewKeyBytes = 32;
inline constexpr std::size_t kViewSaltBytes = 16;

// Whether the patients of a row have views: not when the record lies at another member, whose
// patients' ids these are.
[[nodiscard]] inline bool has_views(const v1::LoggedAccess& access) {
    return !access.elsewhere();
}

// The view of the patient at `place` of a row. `key` salts it; it never leaves the vault.
[[nodiscard]] v1::LoggedView view_of(BytesView key, std::uint64_t sequence, UnixMs at,
                                     const v1::LoggedAccess& access, std::uint32_t place);

// Of the canonical bytes of a v1.LoggedView: a leaf's hash in the tree.
[[nodiscard]] Hash32 view_leaf(const LogName& log, BytesView view);

// An RFC 6962 tree that only grows: what is kept of it is the roots of its whole subtrees.
class GrowingTree {
 public:
    GrowingTree() = default;
    // What size() and nodes() of another said; an empty tree when they do not fit each other.
    GrowingTree(std::uint64_t size, std::vector<Hash32> nodes);
    void add(const Hash32& leaf);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] const std::vector<Hash32>& nodes() const { return nodes_; }
    [[nodiscard]] Hash32 root() const;

 private:
    std::uint64_t size_ = 0;
    std::vector<Hash32> nodes_;  // the largest subtree first
};

}  // namespace consilium::services::audit
