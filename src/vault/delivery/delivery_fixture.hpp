// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "vault/delivery/directory.hpp"
#include "vault/delivery/outbox.hpp"

namespace consilium::vault::delivery {

// A vault in a folder of its own.
class TestVault {
 public:
    TestVault()
        : folder_((std::filesystem::is_directory("/dev/shm")
                       ? std::filesystem::path("/dev/shm")
                       : std::filesystem::temp_directory_path()) /
                  ("consilium-" + to_hex(crypto::random_bytes(8)))) {
        EXPECT_TRUE(Vault::create(folder_, "passphrase", {1, 8}).ok());
        open();
    }
    ~TestVault() {
        vault_.reset();
        std::filesystem::remove_all(folder_);
    }
    void close() { vault_.reset(); }
    void open() {
        vault_.reset();
        auto opened = Vault::open(folder_, {}, "passphrase");
        ASSERT_TRUE(opened.ok());
        vault_ = std::move(*opened);
    }
    Vault& operator*() { return *vault_; }
    Vault* operator->() { return vault_.get(); }
    // How many rows of delivery's there are under a prefix.
    std::size_t rows(BytesView prefix) { return vault_->rows(prefix, {}, 1000)->size(); }

 private:
    std::filesystem::path folder_;
    std::unique_ptr<Vault> vault_;
};

class TestDirectory final : public Directory {
 public:
    std::optional<Peer> peer(const ledger::MemberId& member) const override {
        const std::lock_guard lock(mutex_);
        const auto found = peers_.find(member);
        return found == peers_.end() ? std::nullopt : std::optional<Peer>(found->second);
    }
    bool is_known(const Hash32& key) const override {
        const std::lock_guard lock(mutex_);
        return std::any_of(peers_.begin(), peers_.end(),
                           [&](const auto& entry) { return entry.second.tls_key_sha256 == key; });
    }
    void set(const ledger::MemberId& member, std::optional<Peer> peer) {
        const std::lock_guard lock(mutex_);
        peers_.erase(member);
        if (peer) peers_.emplace(member, *peer);
    }

 private:
    mutable std::mutex mutex_;
    std::map<ledger::MemberId, Peer> peers_;
};

// A message of `size` bytes in which every piece is different.
inline Bytes message_of(std::size_t size) {
    Bytes out;
    out.reserve(size + 8);
    for (std::uint64_t i = 0; out.size() < size; ++i)
        append_be64(out, i * 0x9e3779b97f4a7c15ULL);
    out.resize(size);
    return out;
}

inline Hash32 name_of(std::uint8_t number) {
    Hash32 out;
    out.value.fill(number);
    return out;
}

inline v1::PeerHeader header_of(BytesView message, std::uint8_t name = 1) {
    v1::PeerHeader header;
    header.set_network_id(ledger::NetworkId{}.bytes());
    header.set_sender("hospital");
    header.set_recipient("clinic");
    header.set_name(name_of(name).bytes());
    header.set_size(message.size());
    header.set_digest(digest_of(message).bytes());
    return header;
}

}  // namespace consilium::vault::delivery
