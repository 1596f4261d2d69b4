// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

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
    // Destroys the pieces of those records in one step, then removes their rows of kDoomedRows.
    [[nodiscard]] Status<VaultError> remove(std::span<const ledger::RecordId> records);
    // Does that for all rows of kDoomedRows: what a crash has left.
    [[nodiscard]] Status<VaultError> remove_doomed();
    // Keeps the record in mind for the next sweep(). Its row says that it is doomed.
    void doom(const ledger::RecordId& record);
    // Destroys what was doomed since, all of it at once, because a destruction costs much however
    // little it destroys. When another thread is at it, that one does it. After a failure the
    // next start does.
    void sweep();

 private:
    Vault& vault_;
    std::mutex mutex_;
    std::vector<ledger::RecordId> doomed_;
    bool sweeping_ = false;
};

}  // namespace consilium::vault::delivery
