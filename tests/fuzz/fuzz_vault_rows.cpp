// SPDX-License-Identifier: Apache-2.0
// Rows of the vault and HPKE's inputs: a record that decodes encodes to the same bytes, a row
// without its code is refused, and no encapsulated key or sealed message from outside is taken.
#include <cstdint>

#include "base/assert.hpp"
#include "vault/key_wrap.hpp"
#include "vault/rows.hpp"

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace consilium;
    static const crypto::hpke::KeyPair own = crypto::hpke::derive_key_pair(Bytes(32, 'r'));
    static const crypto::hpke::KeyPair peer = crypto::hpke::derive_key_pair(Bytes(32, 's'));
    const BytesView bytes(reinterpret_cast<const char*>(data), size);
    if (const auto row = vault::decode_record(bytes))
        CONSILIUM_ASSERT(vault::encode_record(*row) == bytes);
    if (const auto name = vault::parse_row_key(bytes))
        CONSILIUM_ASSERT(vault::row_key(*name) == bytes);
    if (const auto keys = vault::decode_index_keys(bytes))
        CONSILIUM_ASSERT(vault::encode_index_keys(*keys) == bytes);
    if (const auto totals = vault::decode_totals(bytes))
        CONSILIUM_ASSERT(vault::encode_totals(*totals) == bytes);
    static const crypto::HmacKey rows_key(Bytes(32, 'k'));
    CONSILIUM_ASSERT(!vault::check_row(rows_key, vault::Family::kIndex, "key", bytes));
    const vault::Route route{{}, "general-hospital", "city-clinic", {}};
    CONSILIUM_ASSERT(!vault::unwrap_document_key(route, bytes, own, peer.public_key));
    const auto from_anyone = crypto::hpke::start_recipient(crypto::Aead::kAes256Gcm, own,
                                                           bytes.substr(0, 32), {bytes, {}});
    CONSILIUM_ASSERT(!from_anyone || size >= 32);
    return 0;
}
