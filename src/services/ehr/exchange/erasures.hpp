// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/ehr/exchange/held_records.hpp"
#include "services/ehr/exchange/ledger_view.hpp"
#include "services/ehr/exchange/part.hpp"
#include "services/ehr/exchange/rows.hpp"
#include "services/ehr/exchange/settle.hpp"

namespace consilium::services::ehr::exchange {

inline constexpr std::uint32_t kErasedVersionsMax = 1000;

struct ErasureRequest {
    Bytes id;  // 16 bytes: the same id again is the same order
    std::string type;
    std::string resource;
    std::optional<std::uint32_t> version;  // nothing: all there are
    v1::ShredBasis basis = v1::SHRED_BASIS_UNSPECIFIED;
};

enum class ErasureError : std::uint8_t {
    kMalformed,        // no id, or no basis
    kUnknownResource,  // this store has no such resource
    kUnknownVersion,   // it has no such version
    kTooMany,          // more than kErasedVersionsMax versions
    kOtherErasure,     // the id is another one's
    kDisk,
};
[[nodiscard]] const char* to_string(ErasureError error);

// When the last backup that was made until `now` expires, as a member keeps backups for `days`; 0
// when it makes none.
[[nodiscard]] std::uint64_t last_backup_expires(UnixMs now, std::uint64_t days);

// A transaction of this member's with commands of documents.
[[nodiscard]] std::optional<Bytes> compose_documents(
    const Ports& ports, const std::vector<v1::DocumentsCommand>& commands);

// The custodian's side of erasure: key and salt of a document are destroyed here, the ledger's
// record says so, and everybody who received it from us is ordered to do the same and answers with
// a receipt, or keeps it for a reason. Each step is taken once, wherever a crash cuts it off.
// Thread-safe.
class Erasures final : public Part {
 public:
    // Backups of the vault are kept for `backup_days`, 0: none are made.
    Erasures(const Ports& ports, const HeldRecords& held, std::uint64_t backup_days,
             std::function<void(const Bytes& key)> poke);

    // When it returns, nothing in the vault's folder gives the document back; what is left to do
    // goes on.
    [[nodiscard]] Result<v1::Erasure, ErasureError> order(const ErasureRequest& request);
    // Where it stands, and the copies elsewhere.
    struct Status {
        v1::Erasure erasure;
        std::vector<v1::HeldCopy> copies;
    };
    [[nodiscard]] Result<std::optional<Status>, vault::VaultError> status(BytesView id) const;

    // Rows of erasure_key() and copy_key().
    [[nodiscard]] Bytes prefix() const override { return erasures_prefix(); }
    [[nodiscard]] std::optional<std::chrono::milliseconds> step(const Bytes& key) override;
    [[nodiscard]] std::optional<Handled> receive(const ledger::MemberId& from,
                                                 const v1::ExchangeMessage& message) override;

 private:
    using Again = std::optional<std::chrono::milliseconds>;
    [[nodiscard]] Result<v1::Erasure, ErasureError> plan(const ErasureRequest& request,
                                                         const HeldRecord& held) const;
    [[nodiscard]] Again step_erasure(const Bytes& key);
    [[nodiscard]] bool destroy(const v1::Erasure& erasure);
    [[nodiscard]] Again shred(const Bytes& key, v1::Erasure erasure);
    [[nodiscard]] Again anchor(const Bytes& key, v1::Erasure erasure);
    [[nodiscard]] Again find_copies(const Bytes& key, v1::Erasure erasure);
    [[nodiscard]] Again step_copy(const Bytes& key);
    [[nodiscard]] Again share(const Bytes& key, v1::HeldCopy copy);
    [[nodiscard]] Again order_copy(const Bytes& key, v1::HeldCopy copy);
    [[nodiscard]] Handled receive(const ledger::MemberId& from, const v1::ErasureAnswer& answer);
    // The record commitment of a copy's share; nothing when the ledger has no such record.
    [[nodiscard]] std::optional<Hash32> record_commitment(const Bytes& key,
                                                          const v1::HeldCopy& copy) const;

    const Ports& ports_;
    LedgerView ledger_;
    const HeldRecords& held_;
    const std::uint64_t backup_days_;
    const std::function<void(const Bytes& key)> poke_;
};

// The versions of a record that others have over its chart's links, as this custodian's rows have
// it: one copy for each link and version that was sent, with the first disclosure that brought it,
// and one for each contribution that became such a version. Nothing, while something is on its way
// that may yet bring one.
[[nodiscard]] Result<std::optional<std::vector<v1::HeldCopy>>, vault::VaultError> find_sent(
    const vault::Vault& vault, const v1::Erasure& erasure,
    const std::vector<ledger::LinkId>& links);

}  // namespace consilium::services::ehr::exchange
