// SPDX-License-Identifier: Apache-2.0
#include "execution/signature_cache.hpp"

#include <list>
#include <mutex>
#include <unordered_map>

#include "execution/checked_bundle.hpp"

namespace consilium::execution {
namespace {

// What a checked bundle takes in memory, in multiples of its bytes: views and commands beside them.
constexpr std::size_t kMemoryPerByte = 4;

}  // namespace

// The least recently used entry goes first. The order depends on who asked when, which is why
// nothing but the cost of a check may depend on an entry.
struct SignatureCache::Impl {
    struct Entry {
        Bytes key;
        std::shared_ptr<const CheckedBundle> bundle;
    };
    mutable std::mutex mutex;
    std::size_t bytes_max = 0;
    std::size_t bytes = 0;
    std::list<Entry> recent;  // newest first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key;
    Counts counts;
};

SignatureCache::SignatureCache(std::size_t bytes) : impl_(std::make_unique<Impl>()) {
    impl_->bytes_max = bytes;
}

SignatureCache::~SignatureCache() = default;

std::shared_ptr<const CheckedBundle> SignatureCache::find(const Hash32& item_hash,
                                                          BytesView public_key) {
    const Bytes key = item_hash.bytes() + Bytes(public_key);
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->by_key.find(key);
    if (found == impl_->by_key.end()) {
        ++impl_->counts.misses;
        return nullptr;
    }
    ++impl_->counts.hits;
    impl_->recent.splice(impl_->recent.begin(), impl_->recent, found->second);
    return found->second->bundle;
}

void SignatureCache::insert(const Hash32& item_hash, BytesView public_key,
                            std::shared_ptr<const CheckedBundle> bundle) {
    Bytes key = item_hash.bytes() + Bytes(public_key);
    const std::size_t size = bundle->item.size() * kMemoryPerByte;
    const std::lock_guard lock(impl_->mutex);
    if (size > impl_->bytes_max || impl_->by_key.contains(key)) return;
    impl_->recent.push_front({std::move(key), std::move(bundle)});
    impl_->by_key.emplace(impl_->recent.front().key, impl_->recent.begin());
    impl_->bytes += size;
    while (impl_->bytes > impl_->bytes_max) {
        const Impl::Entry& oldest = impl_->recent.back();
        impl_->bytes -= oldest.bundle->item.size() * kMemoryPerByte;
        impl_->by_key.erase(oldest.key);
        impl_->recent.pop_back();
    }
}

SignatureCache::Counts SignatureCache::counts() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->counts;
}

}  // namespace consilium::execution
