// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.hpp"

namespace consilium::execution {

struct CheckedBundle;

// Memoises the pure function (network, key bytes, item bytes) -> is it a bundle that this key
// signed, and what is in it (checked_bundle.hpp). Keyed by SHA-256(item) || key bytes. Losing an
// entry, or having none, never changes a result. Thread-safe.
class SignatureCache {
 public:
    // `bytes` bounds the memory held, estimated; 0 holds none.
    explicit SignatureCache(std::size_t bytes);
    ~SignatureCache();
    SignatureCache(const SignatureCache&) = delete;
    SignatureCache& operator=(const SignatureCache&) = delete;

    [[nodiscard]] std::shared_ptr<const CheckedBundle> find(const Hash32& item_hash,
                                                            BytesView public_key);
    void insert(const Hash32& item_hash, BytesView public_key,
                std::shared_ptr<const CheckedBundle> bundle);

    struct Counts {
        std::uint64_t hits = 0;
        std::uint64_t misses = 0;
    };
    [[nodiscard]] Counts counts() const;

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace consilium::execution
