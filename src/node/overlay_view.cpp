// SPDX-License-Identifier: Apache-2.0
#include "node/overlay_view.hpp"

#include <algorithm>

namespace consilium::node {

using state::DiskError;
using state::KeyValue;

Result<std::optional<Bytes>, DiskError> OverlayView::get(BytesView key) const {
    const auto changed = diff_->find(key);
    if (changed != diff_->end()) return changed->second;
    return base_->get(key);
}

Result<std::optional<KeyValue>, DiskError> OverlayView::last(BytesView prefix) const {
    const auto begin = diff_->lower_bound(prefix);
    auto end = begin;
    while (end != diff_->end() && BytesView(end->first).starts_with(prefix))
        ++end;
    std::optional<KeyValue> newest;
    for (auto changed = end; changed != begin;) {
        --changed;
        if (!changed->second) continue;
        newest = KeyValue{changed->first, *changed->second};
        break;
    }
    auto below = base_->last(prefix);
    if (!below) return fail(below.error());
    if (*below) {
        const auto changed = diff_->find((*below)->key);
        if (changed != diff_->end() && !changed->second) {
            // The last key is deleted. Which one is last now only a walk can tell; it is rare.
            auto rows = scan(prefix, {}, static_cast<std::size_t>(-1) / 2);
            if (!rows) return fail(rows.error());
            if (rows->empty()) return std::optional<KeyValue>{};
            return std::optional<KeyValue>(std::move(rows->back()));
        }
    }
    if (!*below || (newest && newest->key >= (*below)->key)) return newest;
    return std::move(*below);
}

Result<std::vector<KeyValue>, DiskError> OverlayView::scan(BytesView prefix, BytesView from,
                                                           std::size_t limit) const {
    const auto begin = diff_->lower_bound(std::max(prefix, from));
    auto end = begin;
    std::size_t deleted = 0;
    while (end != diff_->end() && BytesView(end->first).starts_with(prefix)) {
        if (!end->second) ++deleted;
        ++end;
    }
    // Of so many rows below, at least `limit` are left when there are that many.
    auto rows = base_->scan(prefix, from, limit + deleted);
    if (!rows) return fail(rows.error());
    if (begin == end) return rows;
    std::vector<KeyValue> merged;
    auto changed = begin;
    const auto take_changed = [&] {
        if (changed->second) merged.push_back({changed->first, *changed->second});
        ++changed;
    };
    for (KeyValue& row : *rows) {
        while (changed != end && changed->first < row.key)
            take_changed();
        if (changed != end && changed->first == row.key) {
            take_changed();
        } else {
            merged.push_back(std::move(row));
        }
        if (merged.size() >= limit) break;
    }
    while (changed != end && merged.size() < limit)
        take_changed();
    if (merged.size() > limit) merged.resize(limit);
    return merged;
}

}  // namespace consilium::node
