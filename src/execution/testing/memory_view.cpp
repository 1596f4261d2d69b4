// SPDX-License-Identifier: Apache-2.0
#include "execution/testing/memory_view.hpp"

namespace consilium::execution::testing {

bool MemoryView::fails() const {
    return ++reads_ > reads_max_ && failing_;
}

void MemoryView::fail_after(std::uint64_t reads, state::DiskError error) {
    reads_max_ = reads_ + reads;
    error_ = error;
    failing_ = true;
}

Result<std::optional<Bytes>, state::DiskError> MemoryView::get(BytesView key) const {
    if (fails()) return fail(error_);
    const auto found = rows_.find(key);
    if (found == rows_.end()) return std::optional<Bytes>{};
    return std::optional<Bytes>(found->second);
}

Result<std::optional<state::KeyValue>, state::DiskError> MemoryView::last(BytesView prefix) const {
    if (fails()) return fail(error_);
    std::optional<state::KeyValue> out;
    for (auto at = rows_.lower_bound(prefix);
         at != rows_.end() && at->first.compare(0, prefix.size(), prefix) == 0; ++at)
        out = state::KeyValue{at->first, at->second};
    return out;
}

Result<std::vector<state::KeyValue>, state::DiskError> MemoryView::scan(BytesView prefix,
                                                                        BytesView from,
                                                                        std::size_t limit) const {
    if (fails()) return fail(error_);
    std::vector<state::KeyValue> out;
    for (auto at = rows_.lower_bound(std::max(prefix, from));
         at != rows_.end() && at->first.compare(0, prefix.size(), prefix) == 0 &&
         out.size() < limit;
         ++at)
        out.push_back({at->first, at->second});
    rows_scanned_ += out.size();
    return out;
}

void MemoryView::apply(const state::StateDiff& diff) {
    for (const auto& [key, value] : diff) {
        if (value) {
            rows_[key] = *value;
        } else {
            rows_.erase(key);
        }
    }
}

}  // namespace consilium::execution::testing
