// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "services/ehr/exchange/agenda.hpp"
#include "services/ehr/exchange/binding.hpp"
#include "services/ehr/exchange/block_wait.hpp"
#include "services/ehr/exchange/checks.hpp"
#include "services/ehr/exchange/ledger_view.hpp"
#include "services/ehr/exchange/ports.hpp"
#include "services/ehr/exchange/settle.hpp"

namespace consilium::services::ehr::exchange {

// The agent of a chart's custodian: takes requests that the ledger granted, decides what may leave,
// commits to it on the ledger, and only then sends it. Each request is disclosed once, however
// often it comes and wherever a crash cuts it off: its row in the vault holds what was decided and
// the very transaction. Thread-safe.
class Custodian {
 public:
    // `poke` has step() called for a key, soon.
    Custodian(const Ports& ports, BlockWait& blocks, std::function<void(const Bytes& key)> poke);

    // A request that a member sent. Durable, or known, or refused when it returns.
    [[nodiscard]] Handled receive(const ledger::MemberId& from, const v1::RecordRequest& message);
    // Goes on with a key of serving_key(); when to look again, or nothing when it is finished.
    [[nodiscard]] std::optional<std::chrono::milliseconds> step(const Bytes& key);

 private:
    using Again = std::optional<std::chrono::milliseconds>;
    struct Key {
        const Bytes& row;
        const Bytes& id;  // the link
        std::uint32_t number = 0;
    };

    [[nodiscard]] RequestCheck check(const ledger::MemberId& from,
                                     const OpenedRequest& request) const;
    [[nodiscard]] Again take_up(const Key& key, v1::Serving serving);
    [[nodiscard]] Again commit(const Key& key, v1::Serving serving);
    [[nodiscard]] Again refuse(const Key& key, v1::Serving serving, v1::RefusalReason reason);
    [[nodiscard]] Again await_commitment(const Key& key, v1::Serving serving);
    [[nodiscard]] Again await_refusal(const Key& key, v1::Serving serving);
    [[nodiscard]] Again finish(const Key& key, v1::Serving serving, v1::ServeState state);

    // Whether the ledger has it under a fresh id, without a card.
    [[nodiscard]] bool is_without_card(const OpenedRequest& request) const;
    // Whether the request names a patient of ours by a card that opens.
    // Nothing: the chart is ours and waits for its anchor.
    [[nodiscard]] Result<std::optional<bool>, RecordsError> opens(
        const v1::RequestOpening& opening) const;
    [[nodiscard]] Result<std::vector<v1::JudgedVersion>, RecordsError> judge_all(
        const v1::RequestOpening& opening) const;
    // kErased when a document was erased since it was judged.
    [[nodiscard]] Result<v1::RecordDelivery, vault::VaultError> make_delivery(
        const v1::Serving& serving, const std::vector<v1::JudgedVersion>& judged) const;
    [[nodiscard]] Result<v1::RecordDelivery, vault::VaultError> take_prepared(
        const Key& key, const v1::Serving& serving);

    void keep_prepared(const Bytes& row, v1::RecordDelivery delivery);
    // The one that is kept, if any, for good.
    std::optional<v1::RecordDelivery> drop_prepared(const Bytes& row);

    const Ports& ports_;
    LedgerView ledger_;
    BlockWait& blocks_;
    const std::function<void(const Bytes& key)> poke_;
    Binding binding_;
    std::mutex mutex_;
    // Sealed while the ledger was committing, by row key. What is not here is made again.
    std::map<Bytes, v1::RecordDelivery> prepared_;
    std::size_t prepared_bytes_ = 0;
};

}  // namespace consilium::services::ehr::exchange
