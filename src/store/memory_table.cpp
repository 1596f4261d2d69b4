// SPDX-License-Identifier: Apache-2.0
#include "store/memory_table.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <new>
#include <vector>

#include "base/assert.hpp"
#include "base/bytes.hpp"

namespace consilium::store {
namespace {

constexpr int kHeightMax = 16;
constexpr std::uint64_t kBranching = 4;
constexpr std::size_t kTagBytes = 8;  // sequence number and type, behind the key

// A key as RocksDB orders them: by the family's order, then the newer one first.
struct Target {
    std::uint64_t head = 0;
    BytesView key;
    std::uint64_t tag = 0;
};

// The first eight bytes as a number that ascends with the family's order. Where two are equal the
// keys themselves must be compared.
std::uint64_t head_of(BytesView key, bool descending) {
    std::uint64_t head = 0;
    for (std::size_t i = 0; i < sizeof head; ++i)
        head = (head << 8U) | (i < key.size() ? static_cast<std::uint8_t>(key[i]) : 0U);
    return descending ? ~head : head;
}

// RocksDB writes the tag little-endian.
std::uint64_t read_tag(const char* from) {
    std::uint64_t tag = 0;
    for (std::size_t i = kTagBytes; i > 0; --i)
        tag = (tag << 8U) | static_cast<std::uint8_t>(from[i - 1]);
    return tag;
}

// An entry of a memory table begins with the varint length of its key and tag (frozen as part of
// RocksDB's interface: MemTableRep::KeyComparator::decode_key).
BytesView length_prefixed(const char* entry) {
    std::uint32_t size = 0;
    unsigned shift = 0;
    for (;; shift += 7, ++entry) {
        const auto byte = static_cast<std::uint8_t>(*entry);
        size |= static_cast<std::uint32_t>(byte & 0x7fU) << shift;
        if (byte < 0x80) break;
    }
    return {entry + 1, size};
}

// Followed in memory by its links to the right, from level 0 up, and the entry.
struct Node {
    std::uint64_t head;
    std::uint64_t height;

    [[nodiscard]] std::atomic<Node*>* links() {
        return std::launder(reinterpret_cast<std::atomic<Node*>*>(this + 1));
    }
    [[nodiscard]] Node* next(int level) { return links()[level].load(std::memory_order_acquire); }
    [[nodiscard]] char* entry() { return reinterpret_cast<char*>(links() + height); }
};
static_assert(sizeof(std::atomic<Node*>) == 8 && alignof(Node) == 8);

// Where the last search passed: per level a node that it went down from.
struct Path {
    std::array<Node*, kHeightMax> at;
    int height = 0;  // levels that are known
};

class MemoryTable final : public rocksdb::MemTableRep {
 public:
    MemoryTable(rocksdb::Allocator* allocator, bool descending)
        : MemTableRep(allocator), descending_(descending), first_(make(kHeightMax, 0, nullptr)) {}

    rocksdb::KeyHandle Allocate(std::size_t size, char** buffer) override {
        return make(random_height(), size, buffer);
    }
    void Insert(rocksdb::KeyHandle handle) override {
        Node* node = static_cast<Node*>(handle);
        const Target target = target_of(length_prefixed(node->entry()));
        node->head = target.head;
        const int height = static_cast<int>(node->height);
        (void)find(target, height, writer_);
        for (; writer_.height < height; ++writer_.height)
            writer_.at[static_cast<std::size_t>(writer_.height)] = first_;
        for (int level = 0; level < height; ++level) {
            Node*& before = writer_.at[static_cast<std::size_t>(level)];
            node->links()[level].store(before->next(level), std::memory_order_relaxed);
            before->links()[level].store(node, std::memory_order_release);
            before = node;
        }
        if (height > height_.load(std::memory_order_relaxed))
            height_.store(height, std::memory_order_release);
    }
    bool Contains(const char* entry) const override {
        Path path;
        const Target target = target_of(length_prefixed(entry));
        Node* found = find(target, 1, path);
        return found != nullptr && !less(target, found);
    }
    // All memory comes from the allocator, which is asked instead.
    std::size_t ApproximateMemoryUsage() override { return 0; }

    Iterator* GetIterator(rocksdb::Arena* arena) override;
    // What MemTableRep::Get uses: it lets go of the iterator without deleting it.
    Iterator* GetDynamicPrefixIterator(rocksdb::Arena* arena) override;

    [[nodiscard]] Target target_of(BytesView internal_key) const {
        CONSILIUM_ASSERT(internal_key.size() >= kTagBytes);
        const BytesView key = internal_key.substr(0, internal_key.size() - kTagBytes);
        return {head_of(key, descending_), key, read_tag(key.data() + key.size())};
    }
    [[nodiscard]] Node* begin() const { return first_->next(0); }
    // The first node that is not less than the target. Begins at the lowest level, from `least` - 1
    // up, where the path has a node below the target whose follower is not; leaves the path exact
    // from that level down.
    [[nodiscard]] Node* find(const Target& target, int least, Path& path) const {
        int level = least - 1;
        while (level < path.height && !brackets(path, level, target))
            ++level;
        Node* at = first_;
        if (level < path.height) {
            at = path.at[static_cast<std::size_t>(level)];
        } else {
            path.height = height_.load(std::memory_order_acquire);
            level = path.height - 1;
        }
        Node* beyond = nullptr;  // known not to be less
        for (; level >= 0; --level) {
            Node* next = at->next(level);
            while (next != nullptr && next != beyond && less(next, target)) {
                at = next;
                next = at->next(level);
            }
            beyond = next;
            path.at[static_cast<std::size_t>(level)] = at;
        }
        return beyond;
    }
    // The last node; null when there is none.
    [[nodiscard]] Node* last() const {
        Node* at = first_;
        for (int level = height_.load(std::memory_order_acquire) - 1; level >= 0; --level)
            while (Node* next = at->next(level))
                at = next;
        return at == first_ ? nullptr : at;
    }
    // The node before the one that a search for `target` ended at.
    [[nodiscard]] Node* before(const Target& target, Path& path) const {
        (void)find(target, 1, path);
        Node* at = path.at[0];
        return at == first_ ? nullptr : at;
    }
    [[nodiscard]] bool less(const Target& target, Node* node) const {
        if (target.head != node->head) return target.head < node->head;
        return compare(target, target_of(length_prefixed(node->entry()))) < 0;
    }

 private:
    [[nodiscard]] bool less(Node* node, const Target& target) const {
        if (node->head != target.head) return node->head < target.head;
        return compare(target_of(length_prefixed(node->entry())), target) < 0;
    }
    [[nodiscard]] int compare(const Target& a, const Target& b) const {
        const int by_key = a.key.compare(b.key);
        if (by_key != 0) return descending_ ? -by_key : by_key;
        return a.tag > b.tag ? -1 : a.tag < b.tag ? 1 : 0;
    }
    [[nodiscard]] bool brackets(const Path& path, int level, const Target& target) const {
        Node* at = path.at[static_cast<std::size_t>(level)];
        if (at != first_ && !less(at, target)) return false;
        Node* next = at->next(level);
        return next == nullptr || !less(next, target);
    }
    [[nodiscard]] int random_height() {
        random_ ^= random_ << 13U;
        random_ ^= random_ >> 7U;
        random_ ^= random_ << 17U;
        int height = 1;
        for (std::uint64_t r = random_ >> 8U; height < kHeightMax && r % kBranching == 0;
             r /= kBranching)
            ++height;
        return height;
    }
    [[nodiscard]] Node* make(int height, std::size_t size, char** buffer) {
        const std::size_t links = static_cast<std::size_t>(height) * sizeof(std::atomic<Node*>);
        char* memory = nullptr;
        (void)MemTableRep::Allocate(sizeof(Node) + links + size + alignof(Node) - 1, &memory);
        const auto address = reinterpret_cast<std::uintptr_t>(memory);
        memory += (alignof(Node) - address % alignof(Node)) % alignof(Node);
        Node* node = new (memory) Node{0, static_cast<std::uint64_t>(height)};
        for (int level = 0; level < height; ++level)
            new (node->links() + level) std::atomic<Node*>(nullptr);
        if (buffer != nullptr) *buffer = node->entry();
        return node;
    }

    bool descending_;
    Node* first_;
    std::atomic<int> height_ = 1;
    Path writer_;
    std::uint64_t random_ = 0x9e3779b97f4a7c15ULL;
};

// RocksDB wants iterators placed in an arena whose type it does not show, and then destroys them
// without freeing them. So their memory comes from here, and goes back when they are destroyed.
template <typename T>
class Slots {
 public:
    [[nodiscard]] static void* take() {
        auto& free = spare();
        if (free.empty()) return ::operator new(sizeof(T));
        void* slot = free.back().release();
        free.pop_back();
        return slot;
    }
    // The object may still be in its destructor: only this thread takes the slot again, and what is
    // freed for it is another. Bounded, for one thread may destroy what others make.
    static void give(void* slot) {
        auto& free = spare();
        if (free.size() == kSpareMax) free.erase(free.begin());
        free.emplace_back(slot);
    }

 private:
    static constexpr std::size_t kSpareMax = 32;

    struct Free {
        void operator()(void* slot) const { ::operator delete(slot); }
    };
    static std::vector<std::unique_ptr<void, Free>>& spare() {
        static thread_local std::vector<std::unique_ptr<void, Free>> slots;
        return slots;
    }
};

class TableIterator : public rocksdb::MemTableRep::Iterator {
 public:
    explicit TableIterator(const MemoryTable& table) : table_(&table) {}

    [[nodiscard]] bool Valid() const override { return node_ != nullptr; }
    [[nodiscard]] const char* key() const override { return node_->entry(); }
    void Next() override { node_ = node_->next(0); }
    void Prev() override { node_ = table_->before(target_of_node(), path_); }
    void Seek(const rocksdb::Slice& internal_key, const char* entry) override {
        node_ = table_->find(target(internal_key, entry), 1, path_);
    }
    void SeekForPrev(const rocksdb::Slice& internal_key, const char* entry) override {
        const Target wanted = target(internal_key, entry);
        node_ = table_->find(wanted, 1, path_);
        if (node_ == nullptr || table_->less(wanted, node_)) node_ = table_->before(wanted, path_);
    }
    void SeekToFirst() override { node_ = table_->begin(); }
    void SeekToLast() override { node_ = table_->last(); }

 private:
    [[nodiscard]] Target target(const rocksdb::Slice& internal_key, const char* entry) const {
        return table_->target_of(entry != nullptr
                                     ? length_prefixed(entry)
                                     : BytesView(internal_key.data(), internal_key.size()));
    }
    [[nodiscard]] Target target_of_node() const {
        return table_->target_of(length_prefixed(node_->entry()));
    }

    const MemoryTable* table_;
    Node* node_ = nullptr;
    Path path_;
};

class PlacedIterator final : public TableIterator {
 public:
    explicit PlacedIterator(const MemoryTable& table) : TableIterator(table) {}
    PlacedIterator(const PlacedIterator&) = delete;
    PlacedIterator& operator=(const PlacedIterator&) = delete;
    ~PlacedIterator() override { Slots<PlacedIterator>::give(this); }
    static void* operator new(std::size_t) { return Slots<PlacedIterator>::take(); }
    static void operator delete(void*) {}  // the destructor has given it back
};

rocksdb::MemTableRep::Iterator* MemoryTable::GetIterator(rocksdb::Arena*) {
    return new PlacedIterator(*this);
}

rocksdb::MemTableRep::Iterator* MemoryTable::GetDynamicPrefixIterator(rocksdb::Arena* arena) {
    if (arena != nullptr) return GetIterator(arena);
    // Deleting it does nothing, so that it does not matter whether Get() does.
    class GetIterator final : public TableIterator {
     public:
        using TableIterator::TableIterator;
        static void operator delete(void*) {}
    };
    alignas(GetIterator) static thread_local std::array<std::byte, sizeof(GetIterator)> memory;
    return ::new (memory.data()) GetIterator(*this);
}

}  // namespace

rocksdb::MemTableRep* MemoryTableFactory::CreateMemTableRep(
    const rocksdb::MemTableRep::KeyComparator&, rocksdb::Allocator* allocator,
    const rocksdb::SliceTransform*, rocksdb::Logger*) {
    return new MemoryTable(allocator, descending_);
}

}  // namespace consilium::store
