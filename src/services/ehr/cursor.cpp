// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/cursor.hpp"

#include "base/hex.hpp"
#include "crypto/aead.hpp"
#include "crypto/random.hpp"

namespace consilium::services::ehr {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr crypto::Aead kAead = crypto::Aead::kAes256Gcm;

}  // namespace

Result<Bytes, StoreError> Cursors::key() {
    const std::lock_guard lock(mutex_);
    if (!key_.empty()) return key_;
    for (int tries = 0; tries < 2; ++tries) {
        const auto row = store_.vault().row(cursor_key());
        if (!row) return fail(to_store_error(row.error()));
        if (*row && (*row)->size() == kKeyBytes) return key_ = **row;
        const vault::Row fresh{cursor_key(), crypto::random_bytes(kKeyBytes)};
        const vault::Row none{cursor_key(), *row};
        const auto made = store_.vault().put({}, {&fresh, 1}, {&none, 1});
        if (!made && made.error() != vault::VaultError::kConflict)
            return fail(to_store_error(made.error()));
    }
    return fail(StoreError::kDisk);
}

Result<std::string, StoreError> Cursors::seal(const Position& position, std::string_view where) {
    const auto secret = key();
    if (!secret) return fail(secret.error());
    Bytes plain(position.last.record.view());
    append_be32(plain, position.last.version);
    append_be32(plain, static_cast<std::uint32_t>(position.sort_key.size()));
    plain += position.sort_key;
    plain += position.query;
    const Bytes nonce = crypto::random_bytes(crypto::kAeadNonceBytes);
    return to_hex(nonce + crypto::aead_seal(kAead, *secret, nonce, where, plain));
}

Result<std::optional<Position>, StoreError> Cursors::open(std::string_view cursor,
                                                          std::string_view where) {
    constexpr std::size_t kHead = 24;
    const auto bytes = from_hex(cursor);
    if (!bytes || bytes->size() < crypto::kAeadNonceBytes + crypto::kAeadTagBytes)
        return std::optional<Position>();
    const auto secret = key();
    if (!secret) return fail(secret.error());
    const BytesView sealed(*bytes);
    const auto plain = crypto::aead_open(kAead, *secret, sealed.substr(0, crypto::kAeadNonceBytes),
                                         where, sealed.substr(crypto::kAeadNonceBytes));
    if (!plain || plain->size() < kHead) return std::optional<Position>();
    BytesView rest = plain->view();
    Position out;
    (void)assign(out.last.record, rest.substr(0, 16));
    out.last.version = read_be32(rest.substr(16));
    const std::size_t size = read_be32(rest.substr(20));
    rest.remove_prefix(kHead);
    if (rest.size() < size) return std::optional<Position>();
    out.sort_key = rest.substr(0, size);
    out.query = rest.substr(size);
    return std::optional(std::move(out));
}

}  // namespace consilium::services::ehr
