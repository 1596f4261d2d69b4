// SPDX-License-Identifier: Apache-2.0
#include "node/row_cache.hpp"

#include <algorithm>

namespace consilium::node {

using state::DiskError;
using state::KeyValue;

namespace {

// Of an entry beside its bytes, about.
constexpr std::size_t kEntryBytes = 128;

}  // namespace

class RowCache::View final : public state::StateView {
 public:
    View(RowCache& cache, std::shared_ptr<const state::StateView> state)
        : cache_(cache), state_(std::move(state)) {}

    [[nodiscard]] Result<std::optional<Bytes>, DiskError> get(BytesView key) const override {
        {
            const std::lock_guard lock(cache_.mutex_);
            const auto found = cache_.rows_.find(key);
            if (found != cache_.rows_.end()) return found->second;
        }
        auto read = state_->get(key);
        if (read) {
            const std::lock_guard lock(cache_.mutex_);
            cache_.grow(key.size() + (*read ? (*read)->size() : 0));
            cache_.rows_.emplace(Bytes(key), *read);
        }
        return read;
    }

    [[nodiscard]] Result<std::optional<KeyValue>, DiskError> last(BytesView prefix) const override {
        {
            const std::lock_guard lock(cache_.mutex_);
            const auto found = cache_.lasts_.find(prefix);
            if (found != cache_.lasts_.end()) return found->second;
        }
        auto read = state_->last(prefix);
        if (read) {
            const std::lock_guard lock(cache_.mutex_);
            cache_.grow(prefix.size() + (*read ? (*read)->key.size() + (*read)->value.size() : 0));
            cache_.lasts_.emplace(Bytes(prefix), *read);
            auto& sizes = cache_.prefix_sizes_;
            if (std::find(sizes.begin(), sizes.end(), prefix.size()) == sizes.end())
                sizes.push_back(prefix.size());
        }
        return read;
    }

    [[nodiscard]] Result<std::vector<KeyValue>, DiskError> scan(BytesView prefix, BytesView from,
                                                                std::size_t limit) const override {
        return state_->scan(prefix, from, limit);
    }

 private:
    RowCache& cache_;
    std::shared_ptr<const state::StateView> state_;
};

std::unique_ptr<const state::StateView> RowCache::over(
    std::shared_ptr<const state::StateView> state) {
    return std::make_unique<const View>(*this, std::move(state));
}

void RowCache::grow(std::size_t bytes) {
    bytes_ += bytes + kEntryBytes;
    if (bytes_ <= bytes_max_) return;
    rows_.clear();
    lasts_.clear();
    prefix_sizes_.clear();
    bytes_ = bytes + kEntryBytes;
}

void RowCache::advance(const state::StateDiff& diff) {
    const std::lock_guard lock(mutex_);
    std::size_t grown = 0;
    for (const auto& [key, value] : diff) {
        const std::size_t value_size = value ? value->size() : 0;
        if (const auto row = rows_.find(key); row != rows_.end()) {
            row->second = value;
            grown += value_size;
        }
    }
    for (const std::size_t size : prefix_sizes_) {
        // Keys with one prefix are neighbours: it is looked up once for all of them.
        BytesView prefix;
        auto last = lasts_.end();
        for (const auto& [key, value] : diff) {
            if (key.size() < size) continue;
            const BytesView of = BytesView(key).substr(0, size);
            if (prefix.data() == nullptr || of != prefix) {
                prefix = of;
                last = lasts_.find(prefix);
            }
            if (last == lasts_.end()) continue;
            auto& greatest = last->second;
            if (value) {
                if (greatest && key < greatest->key) continue;
                greatest = KeyValue{key, *value};
                grown += key.size() + value->size();
            } else if (greatest && key == greatest->key) {
                // Which one is the greatest now only the state can tell.
                lasts_.erase(last);
                last = lasts_.end();
            }
        }
    }
    grow(grown);
}

}  // namespace consilium::node
