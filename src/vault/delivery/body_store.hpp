// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "crypto/hash.hpp"
#include "vault/delivery/protocol.hpp"
#include "vault/vault.hpp"

namespace consilium::vault::delivery {

// H("consilium/peer-message/1", message), piece by piece.
[[nodiscard]] crypto::TaggedHashStream start_digest(std::uint64_t size);
[[nodiscard]] Hash32 digest_of(BytesView message);

// Messages that are too long for a row: the piece at offset n * kPieceBytes is version n + 1 of a
// record of its own in the vault, sealed like a document. Thread-safe.
class BodyStore {
 public:
    // `vault` outlives it.
    explicit BodyStore(Vault& vault) : vault_(vault) {}

    // The piece and `rows` in one step, as Vault::put() does it.
    [[nodiscard]] Status<VaultError> put(const ledger::RecordId& record, std::uint64_t offset,
                                         BytesView piece, std::span<const Row> rows,
                                         std::span<const Row> expected);
    [[nodiscard]] Result<Bytes, VaultError> get(const ledger::RecordId& record,
                                                std::uint64_t offset) const;
    // Destroys its pieces, then removes its row of kDoomedRows.
    [[nodiscard]] Status<VaultError> remove(const ledger::RecordId& record);
    // Does that for all rows of kDoomedRows: what a crash has left.
    [[nodiscard]] Status<VaultError> remove_doomed();

 private:
    Vault& vault_;
};

}  // namespace consilium::vault::delivery
