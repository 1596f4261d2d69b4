// SPDX-License-Identifier: Apache-2.0
#include "state/moment_view.hpp"

#include <algorithm>

#include "state/reader.hpp"

namespace consilium::state {
namespace {

bool begins_with(BytesView key, BytesView prefix) {
    return key.substr(0, prefix.size()) == prefix;
}

std::optional<BytesView> view_of(const std::optional<Bytes>& bytes) {
    return bytes ? std::optional<BytesView>(*bytes) : std::nullopt;
}

}  // namespace

Result<std::optional<Bytes>, DiskError> MomentView::get(BytesView key) const {
    if (key.empty()) return std::optional<Bytes>();  // the place of LOW
    EntryReader reader(*disk_, count_, newest_);
    return reader.value_of(key);
}

Result<std::optional<KeyValue>, DiskError> MomentView::last(BytesView prefix) const {
    EntryReader reader(*disk_, count_, newest_);
    const std::optional<Bytes> end = prefix_end(prefix);
    const auto found = reader.below(view_of(end));
    if (!found) return fail(found.error());
    const StoredEntry& entry = found->entry;
    if (entry.kind != v1::ENTRY_KIND_KEY || !begins_with(entry.key, prefix))
        return std::optional<KeyValue>();
    auto value = reader.value(entry);
    if (!value) return fail(value.error());
    return std::optional<KeyValue>({entry.key, std::move(*value)});
}

Result<std::vector<KeyValue>, DiskError> MomentView::scan(BytesView prefix, BytesView from,
                                                          std::size_t limit) const {
    std::vector<KeyValue> out;
    if (limit == 0) return out;
    EntryReader reader(*disk_, count_, newest_);
    const Bytes start(std::max(prefix, from));
    // The entry below the first possible key; its link begins the walk. LOW stands below all.
    auto at = reader.below(start.empty() ? BytesView("\0", 1) : BytesView(start));
    if (!at) return fail(at.error());
    StoredEntry entry = std::move(at->entry);
    if (start.empty() && entry.kind != v1::ENTRY_KIND_LOW) return fail(DiskError::kCorruption);
    while (out.size() < limit && !entry.high && begins_with(entry.next, prefix)) {
        auto next = reader.alive(entry.next);
        if (!next) return fail(next.error());
        // A link leads to a key that is there: otherwise the disk contradicts itself.
        if (!*next) return fail(DiskError::kCorruption);
        entry = std::move((*next)->entry);
        auto value = reader.value(entry);
        if (!value) return fail(value.error());
        out.push_back({entry.key, std::move(*value)});
    }
    return out;
}

}  // namespace consilium::state
