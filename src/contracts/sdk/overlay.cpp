// SPDX-License-Identifier: Apache-2.0
#include "contracts/sdk/overlay.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/assert.hpp"
#include "base/limits.hpp"

namespace consilium::contracts::sdk {
namespace {

// How many entries a walk through the state fetches at a time.
constexpr std::size_t kPage = 256;

bool has_prefix(BytesView key, BytesView prefix) {
    return key.substr(0, prefix.size()) == prefix;
}

// The first write above every key with the prefix.
template <typename Writes>
auto first_above(Writes& writes, BytesView prefix) {
    while (!prefix.empty() && prefix.back() == '\xff')
        prefix.remove_suffix(1);
    if (prefix.empty()) return writes.end();
    std::array<char, limits::kStateKeyBytesMax> end;
    CONSILIUM_ASSERT(prefix.size() <= end.size());
    std::copy(prefix.begin(), prefix.end(), end.begin());
    char& last = end[prefix.size() - 1];
    last = static_cast<char>(static_cast<std::uint8_t>(last) + 1);
    return writes.lower_bound(BytesView(end.data(), prefix.size()));
}

}  // namespace

Overlay::Overlay(const state::StateView& base) : base_(base) {}

void Overlay::latch(state::DiskError error) {
    if (!error_) error_ = error;
}

const std::optional<Bytes>& Overlay::base_value(BytesView key) {
    if (const auto cached = read_.find(std::string_view(key)); cached != read_.end())
        return cached->second;
    std::optional<Bytes> value;
    if (!error_) {
        auto read = base_.get(key);
        if (read) {
            value = std::move(*read);
        } else {
            latch(read.error());
        }
    }
    return read_.emplace(Bytes(key), std::move(value)).first->second;
}

void Overlay::note_absent(BytesView key) {
    read_.emplace(Bytes(key), std::nullopt);
}

std::optional<BytesView> Overlay::get(BytesView key) {
    if (const auto written = writes_.find(key); written != writes_.end()) {
        if (!written->second) return std::nullopt;
        return BytesView(*written->second);
    }
    const auto& value = base_value(key);
    if (!value) return std::nullopt;
    return BytesView(*value);
}

const std::optional<state::KeyValue>& Overlay::base_last(BytesView prefix) {
    if (const auto cached = last_.find(std::string_view(prefix)); cached != last_.end())
        return cached->second;
    std::optional<state::KeyValue> found;
    if (!error_) {
        auto read = base_.last(prefix);
        if (read) {
            found = std::move(*read);
        } else {
            latch(read.error());
        }
    }
    return last_.emplace(Bytes(prefix), std::move(found)).first->second;
}

std::optional<Overlay::Entry> Overlay::last(BytesView prefix) {
    auto above = first_above(writes_, prefix);
    std::optional<Entry> written;
    bool erased = false;
    while (above != writes_.begin()) {
        --above;
        if (!has_prefix(above->first, prefix)) break;
        if (above->second) {
            written = Entry{above->first, *above->second};
            break;
        }
        erased = true;
    }
    const auto& below = base_last(prefix);
    if (!below || (written && written->key >= below->key)) return written;
    if (!erased) return Entry{below->key, below->value};
    if (!writes_.contains(below->key)) return Entry{below->key, below->value};
    return last_by_walking(prefix);
}

// The greatest key of the state was erased in this block: rare enough to walk.
std::optional<Overlay::Entry> Overlay::last_by_walking(BytesView prefix) {
    Bytes from(prefix);
    Bytes greatest;
    while (true) {
        const auto page = scan(prefix, from, kPage);
        if (!page.empty()) greatest = page.back().key;
        if (page.size() < kPage) break;
        from = page.back().key;
        from.push_back('\0');
    }
    if (greatest.empty()) return std::nullopt;
    if (const auto written = writes_.find(greatest); written != writes_.end())
        return Entry{written->first, *written->second};
    (void)base_value(greatest);
    const auto cached = read_.find(std::string_view(greatest));
    if (!cached->second) return std::nullopt;  // the disk failed
    return Entry{cached->first, *cached->second};
}

std::vector<state::KeyValue> Overlay::scan(BytesView prefix, BytesView from, std::size_t limit) {
    std::vector<state::KeyValue> out;
    Bytes next(std::max(prefix, from));
    auto written = writes_.lower_bound(next);
    const auto take_written = [&](std::optional<BytesView> below) {
        while (out.size() < limit && written != writes_.end() &&
               has_prefix(written->first, prefix) && (!below || written->first < *below)) {
            if (written->second) out.push_back({written->first, *written->second});
            ++written;
        }
    };
    while (out.size() < limit && !error_) {
        const std::size_t asked = std::min(kPage, limit - out.size());
        auto page = base_.scan(prefix, next, asked);
        if (!page) {
            latch(page.error());
            return {};
        }
        for (state::KeyValue& entry : *page) {
            take_written(BytesView(entry.key));
            if (out.size() == limit) return out;
            if (written != writes_.end() && written->first == entry.key) {
                if (written->second) out.push_back({written->first, *written->second});
                ++written;
            } else {
                out.push_back(entry);
            }
            if (out.size() == limit) return out;
        }
        if (page->size() < asked) break;
        next = page->back().key;
        next.push_back('\0');
    }
    take_written(std::nullopt);
    return out;
}

void Overlay::write(BytesView key, std::optional<Bytes> value) {
    CONSILIUM_ASSERT(!key.empty() && key.size() <= limits::kStateKeyBytesMax);
    CONSILIUM_ASSERT(!value || value->size() <= limits::kStateValueBytesMax);
    const auto at = writes_.lower_bound(key);
    if (at != writes_.end() && at->first == key) {
        undo_.push_back({at, false, std::move(at->second)});
        at->second = std::move(value);
        return;
    }
    const auto created = writes_.emplace_hint(at, Bytes(key), std::move(value));
    undo_.push_back({created, true, std::nullopt});
}

void Overlay::put(BytesView key, Bytes value) {
    write(key, std::move(value));
}

void Overlay::erase(BytesView key) {
    write(key, std::nullopt);
}

void Overlay::begin() {
    undo_.clear();
}

void Overlay::undo() {
    while (!undo_.empty()) {
        Undo& last = undo_.back();
        if (last.created) {
            writes_.erase(last.entry);
        } else {
            last.entry->second = std::move(last.previous);
        }
        undo_.pop_back();
    }
}

std::vector<Overlay::Change> Overlay::changes() {
    std::vector<Change> out;
    out.reserve(undo_.size());
    std::unordered_set<const Bytes*> seen;  // asked, never walked
    for (const Undo& undo : undo_) {
        const Bytes& key = undo.entry->first;
        // A key written twice stands here once, with what it held before the first time.
        if (undo_.size() > 1 && !seen.insert(&key).second) continue;
        Change change;
        change.key = key;
        if (!undo.created) {
            if (undo.previous) change.before = *undo.previous;
        } else if (const auto& below = base_value(key)) {
            change.before = *below;
        }
        if (undo.entry->second) change.after = *undo.entry->second;
        out.push_back(change);
    }
    return out;
}

state::StateDiff Overlay::take_diff() {
    undo_.clear();
    return std::move(writes_);
}

}  // namespace consilium::contracts::sdk
