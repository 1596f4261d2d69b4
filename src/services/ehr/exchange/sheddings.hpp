// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "services/ehr/exchange/block_wait.hpp"
#include "services/ehr/exchange/ledger_view.hpp"
#include "services/ehr/exchange/part.hpp"
#include "services/ehr/exchange/rows.hpp"

namespace consilium::services::ehr::exchange {

enum class HoldError : std::uint8_t {
    kUnknownDisclosure,  // no such disclosure came here
    kReason,             // no reason is given
    kNoHold,             // it is not held
    kDisk,
};

// A holder's side of erasure: destroys a copy when the custodian from whom it came orders so, and
// leaves a receipt on the ledger, or keeps it because a hold stands, and says why. What this member
// offered to the custodian's chart is its own record: it stays, and the receipt says so.
// Thread-safe.
class Sheddings final : public Part {
 public:
    // Backups of the vault are kept for `backup_days`, 0: none are made.
    Sheddings(const Ports& ports, BlockWait& blocks, std::uint64_t backup_days,
              std::function<void(const Bytes& key)> poke);

    // Keeps what a disclosure brought, whoever orders its erasure from now on.
    [[nodiscard]] Status<HoldError> hold(BytesView link, std::uint32_t disclosure,
                                         v1::RetentionReason reason);
    // Orders that come from now on are followed; what was retained stays until it is ordered anew.
    [[nodiscard]] Status<HoldError> release(BytesView link, std::uint32_t disclosure);

    [[nodiscard]] Bytes prefix() const override { return shedding_prefix(); }
    [[nodiscard]] std::optional<std::chrono::milliseconds> step(const Bytes& key) override;
    [[nodiscard]] std::optional<Handled> receive(const ledger::MemberId& from,
                                                 const v1::ExchangeMessage& message) override;

 private:
    using Again = std::optional<std::chrono::milliseconds>;
    enum class OrderCheck : std::uint8_t { kGood, kNotYet, kRefused };

    [[nodiscard]] OrderCheck check(const ledger::MemberId& from,
                                   const v1::ErasureOrder& order) const;
    [[nodiscard]] Handled receive(const ledger::MemberId& from, const v1::ErasureOrder& order);
    // Our copy of what the order names; nothing when there is none. An error: not now.
    [[nodiscard]] Result<std::optional<Bytes>, vault::VaultError> received_copy(
        const v1::ErasureOrder& order, bool& disputed) const;
    [[nodiscard]] Result<std::optional<Bytes>, vault::VaultError> offered_copy(
        const v1::ErasureOrder& order) const;
    // Of a disclosure; nothing when it did not bring it.
    [[nodiscard]] Result<std::optional<Bytes>, vault::VaultError> copy_of(
        const v1::Receiving& receiving, const v1::ErasureOrder& order) const;
    // Why the copy must stay; RETENTION_REASON_UNSPECIFIED when it need not.
    [[nodiscard]] Result<v1::RetentionReason, vault::VaultError> held_for(BytesView record) const;
    [[nodiscard]] Again decide(const Bytes& key, v1::Shedding shedding);
    [[nodiscard]] std::optional<Bytes> compose_receipt(const v1::Shedding& shedding,
                                                       const v1::ErasureOrder& order) const;
    [[nodiscard]] Again answer(const Bytes& key, v1::Shedding shedding);

    const Ports& ports_;
    LedgerView ledger_;
    BlockWait& blocks_;
    const std::uint64_t backup_days_;
    const std::function<void(const Bytes& key)> poke_;
};

}  // namespace consilium::services::ehr::exchange
