// SPDX-License-Identifier: Apache-2.0
#include "state/memory_disk.hpp"

#include <limits>

namespace consilium::state {
namespace {

using Sequence = std::uint64_t;
constexpr Sequence kNewest = std::numeric_limits<Sequence>::max();

struct Version {
    Sequence sequence;  // of the write that made it
    std::optional<Bytes> value;
};
using Versions = std::vector<Version>;  // ascending

const Bytes* visible(const Versions& versions, Sequence at) {
    for (auto it = versions.rbegin(); it != versions.rend(); ++it)
        if (it->sequence <= at) return it->value ? &*it->value : nullptr;
    return nullptr;
}

}  // namespace

struct MemoryDisk::Content {
    using Map = std::map<Bytes, Versions, std::less<>>;
    std::array<Map, kSpaces> spaces;
    Sequence sequence = 0;
    std::multiset<Sequence> snapshots;
    std::mutex mutex;

    Map& map(Space space) { return spaces[static_cast<std::size_t>(space)]; }

    // Forgets the versions of a key that neither a snapshot nor the newest reader can see.
    void trim(Versions& versions) const {
        const Sequence oldest = snapshots.empty() ? sequence : *snapshots.begin();
        std::size_t keep = 0;
        while (keep + 1 < versions.size() && versions[keep + 1].sequence <= oldest)
            ++keep;
        versions.erase(versions.begin(), versions.begin() + static_cast<std::ptrdiff_t>(keep));
    }
    void set(Map& map, Map::iterator it, std::optional<Bytes> value) {
        if (!it->second.empty() && it->second.back().sequence == sequence) {
            it->second.back().value = std::move(value);
        } else {
            it->second.push_back({sequence, std::move(value)});
        }
        trim(it->second);
        if (it->second.size() == 1 && !it->second.front().value) map.erase(it);
    }
    void apply(const DiskOperation& operation) {
        Map& target = map(operation.space);
        switch (operation.kind) {
            case DiskOperation::Kind::kPut:
                set(target, target.try_emplace(operation.key).first, operation.value);
                break;
            case DiskOperation::Kind::kErase:
                if (const auto it = target.find(operation.key); it != target.end())
                    set(target, it, std::nullopt);
                break;
            case DiskOperation::Kind::kEraseRange: {
                auto it = target.lower_bound(operation.key);
                while (it != target.end() && it->first < operation.value) {
                    const auto here = it++;
                    set(target, here, std::nullopt);
                }
                break;
            }
        }
    }
};

namespace {

using Content = MemoryDisk::Content;

class MemoryCursor : public Cursor {
 public:
    MemoryCursor(std::shared_ptr<Content> content, Space space, Sequence at)
        : content_(std::move(content)), map_(content_->map(space)), at_(at) {}

    void seek(BytesView key) override {
        const std::lock_guard lock(content_->mutex);
        forward(map_.lower_bound(key));
    }
    void seek_for_prev(BytesView key) override {
        const std::lock_guard lock(content_->mutex);
        backward(map_.upper_bound(key));
    }
    void seek_first() override {
        const std::lock_guard lock(content_->mutex);
        forward(map_.begin());
    }
    void seek_last() override {
        const std::lock_guard lock(content_->mutex);
        backward(map_.end());
    }
    void next() override {
        const std::lock_guard lock(content_->mutex);
        forward(map_.upper_bound(key_));
    }
    void prev() override {
        const std::lock_guard lock(content_->mutex);
        backward(map_.lower_bound(key_));
    }
    [[nodiscard]] bool valid() const override { return valid_; }
    [[nodiscard]] BytesView key() const override { return key_; }
    [[nodiscard]] BytesView value() const override { return value_; }
    [[nodiscard]] std::optional<DiskError> error() const override { return std::nullopt; }

 private:
    bool take(Content::Map::iterator it) {
        const Bytes* value = visible(it->second, at_);
        valid_ = value != nullptr;
        if (!valid_) return false;
        const Bytes key = it->first;
        key_ = key;
        value_ = *value;
        return true;
    }
    void forward(Content::Map::iterator it) {
        valid_ = false;
        while (it != map_.end() && !take(it))
            ++it;
    }
    void backward(Content::Map::iterator end) {
        valid_ = false;
        while (end != map_.begin())
            if (take(--end)) return;
    }

    std::shared_ptr<Content> content_;
    Content::Map& map_;
    Sequence at_;
    Bytes key_;
    Bytes value_;
    bool valid_ = false;
};

std::optional<Bytes> read(Content& content, Space space, BytesView key, Sequence at) {
    const std::lock_guard lock(content.mutex);
    const auto& map = content.map(space);
    const auto it = map.find(key);
    const Bytes* value = it == map.end() ? nullptr : visible(it->second, at);
    return value ? std::optional<Bytes>(*value) : std::nullopt;
}

std::vector<std::optional<Bytes>> read_all(Content& content, Space space,
                                           std::span<const BytesView> keys, Sequence at) {
    std::vector<std::optional<Bytes>> out;
    out.reserve(keys.size());
    for (const BytesView key : keys)
        out.push_back(read(content, space, key, at));
    return out;
}

class MemorySnapshot : public DiskReader {
 public:
    explicit MemorySnapshot(std::shared_ptr<Content> content) : content_(std::move(content)) {
        const std::lock_guard lock(content_->mutex);
        at_ = content_->sequence;
        content_->snapshots.insert(at_);
    }
    ~MemorySnapshot() override {
        const std::lock_guard lock(content_->mutex);
        content_->snapshots.erase(content_->snapshots.find(at_));
    }
    MemorySnapshot(const MemorySnapshot&) = delete;
    MemorySnapshot& operator=(const MemorySnapshot&) = delete;

    [[nodiscard]] Result<std::optional<Bytes>, DiskError> get(Space space,
                                                              BytesView key) const override {
        return read(*content_, space, key, at_);
    }
    [[nodiscard]] Result<std::vector<std::optional<Bytes>>, DiskError> multi_get(
        Space space, std::span<const BytesView> keys) const override {
        return read_all(*content_, space, keys, at_);
    }
    [[nodiscard]] std::unique_ptr<Cursor> cursor(Space space) const override {
        return std::make_unique<MemoryCursor>(content_, space, at_);
    }

 private:
    std::shared_ptr<Content> content_;
    Sequence at_ = 0;
};

}  // namespace

void MemoryBatch::put(Space space, BytesView key, BytesView value) {
    bytes_ += key.size() + value.size();
    operations_.push_back({DiskOperation::Kind::kPut, space, Bytes(key), Bytes(value)});
}

void MemoryBatch::erase(Space space, BytesView key) {
    bytes_ += key.size();
    operations_.push_back({DiskOperation::Kind::kErase, space, Bytes(key), {}});
}

void MemoryBatch::erase_range(Space space, BytesView from, BytesView to) {
    bytes_ += from.size() + to.size();
    operations_.push_back({DiskOperation::Kind::kEraseRange, space, Bytes(from), Bytes(to)});
}

void MemoryBatch::clear() {
    operations_.clear();
    bytes_ = 0;
}

MemoryDisk::MemoryDisk() : content_(std::make_shared<Content>()) {}
MemoryDisk::~MemoryDisk() = default;

Result<std::optional<Bytes>, DiskError> MemoryDisk::get(Space space, BytesView key) const {
    return read(*content_, space, key, kNewest);
}

Result<std::vector<std::optional<Bytes>>, DiskError> MemoryDisk::multi_get(
    Space space, std::span<const BytesView> keys) const {
    return read_all(*content_, space, keys, kNewest);
}

std::unique_ptr<Cursor> MemoryDisk::cursor(Space space) const {
    const std::lock_guard lock(content_->mutex);
    return std::make_unique<MemoryCursor>(content_, space, content_->sequence);
}

std::unique_ptr<WriteBatch> MemoryDisk::new_batch() {
    return std::make_unique<MemoryBatch>();
}

Status<DiskError> MemoryDisk::write(WriteBatch& batch, Durability) {
    auto& own = dynamic_cast<MemoryBatch&>(batch);
    const std::lock_guard lock(content_->mutex);
    ++content_->sequence;
    for (const DiskOperation& operation : own.operations())
        content_->apply(operation);
    own.clear();
    return Done{};
}

Status<DiskError> MemoryDisk::sync() {
    return Done{};
}

std::unique_ptr<DiskReader> MemoryDisk::snapshot() const {
    return std::make_unique<MemorySnapshot>(content_);
}

}  // namespace consilium::state
