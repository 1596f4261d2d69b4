// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "services/audit/log_views.hpp"
#include "vault/vault.hpp"

// The tree of views in the vault, behind the rows of the access log: it follows them when a head is
// anchored or a report is made, and costs nothing when a row is written. Rows:
// docs/formats/access-log.md. Thread-safe.
namespace consilium::services::audit {

class LogTree {
 public:
    // The vault outlives it.
    LogTree(vault::Vault& vault, LogName name) : vault_(vault), name_(std::move(name)) {}

    struct Size {
        std::uint64_t sequence = 0;  // of the last row that is in it
        std::uint64_t views = 0;
        Hash32 root;
    };
    // Takes in the views of the rows up to `sequence`, if it has not. Rows that cannot be read have
    // none: a verification names them. Nothing when the vault fails, or the tree is further already
    // and `exactly` that row is asked for.
    [[nodiscard]] std::optional<Size> follow(std::uint64_t sequence);

    struct View {
        std::uint64_t number = 0;  // its place in the tree, from 0
        Bytes bytes;               // v1.LoggedView
        std::vector<Hash32> path;  // of a tree of `views`; empty: it is not in that tree
    };
    // All views of a patient, ascending, with their paths in the tree when it had `views`; at most
    // `limit` (nothing: more, or the vault fails).
    [[nodiscard]] std::optional<std::vector<View>> views_of_patient(std::string_view patient,
                                                                    std::uint64_t views,
                                                                    std::size_t limit) const;
    // Nothing when it cannot be read; empty: there is none yet.
    [[nodiscard]] std::optional<Bytes> key() const;

 private:
    struct Batch;
    [[nodiscard]] bool take(std::uint64_t sequence, const Bytes& key, Batch& batch);
    [[nodiscard]] bool write(Batch& batch, std::uint64_t sequence);
    [[nodiscard]] std::optional<Bytes> make_key();
    [[nodiscard]] bool open();
    [[nodiscard]] std::optional<std::vector<Hash32>> leaves(std::uint64_t count) const;

    vault::Vault& vault_;
    const LogName name_;
    std::mutex mutex_;
    bool opened_ = false;
    std::uint64_t sequence_ = 0;
    GrowingTree tree_;
    Bytes tile_;  // leaves of the last tile, which is not full
};

}  // namespace consilium::services::audit
