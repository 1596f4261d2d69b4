// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "ledger/validators.hpp"
#include "node/genesis.hpp"
#include "node/ledger_application.hpp"
#include "services/port/port.hpp"
#include "verify/make_receipt.hpp"

namespace consilium::node {

// The outcome that the ledger's index has for a transaction, or nothing. Sees blocks that are
// written and not yet published: the caller compares heights.
[[nodiscard]] Result<std::optional<services::Committed>, state::DiskError> read_committed(
    const state::DiskReader& disk, const ledger::TransactionId& id);

// The height of the oldest block that is still held; 0 when none is.
[[nodiscard]] Result<Height, state::DiskError> oldest_block(const state::DiskReader& disk);

// A stored block as followers see it; nothing when it is not held.
[[nodiscard]] Result<std::optional<services::BlockEvent>, services::ReadError> read_block_event(
    const state::DiskReader& disk, const ledger::NetworkId& network, Height height);

// The same of a block that was just executed.
[[nodiscard]] services::BlockEvent block_event_of(const AppliedBlock& block);

// services::Reads over one member's copy. Shows published blocks only. Thread-safe.
class LedgerReader final : public services::Reads {
 public:
    struct Live {  // what the node adds to its status
        bool catching_up = false;
        bool failed = false;
        std::uint64_t queue_transactions = 0;
    };

    LedgerReader(const LedgerApplication& application, const Genesis& genesis,
                 ledger::MemberId member_id, std::function<Live()> live);
    ~LedgerReader() override;

    [[nodiscard]] services::NodeStatus status() const override;
    [[nodiscard]] Result<services::Committed, services::ReadError> outcome(
        const ledger::TransactionId& id) const override;
    [[nodiscard]] Result<Bytes, services::ReadError> outcome_receipt(
        const ledger::TransactionId& id) const override;
    [[nodiscard]] Result<services::StateAnswer, services::ReadError> state(
        BytesView key, std::optional<Height> at, bool prove) const override;
    [[nodiscard]] Result<services::StateList, services::ReadError> state_list(
        BytesView prefix, BytesView from, std::size_t limit, std::optional<Height> at,
        bool prove) const override;
    [[nodiscard]] Result<Bytes, services::ReadError> block(Height height) const override;
    [[nodiscard]] Result<Height, services::ReadError> height_at(UnixMs time) const override;
    [[nodiscard]] Result<Bytes, services::ReadError> validator_history() const override;
    [[nodiscard]] Bytes genesis() const override;

 private:
    // One executed bundle, ready to make receipts of its transactions.
    struct ReceiptSource;
    // A state that a stored header proves.
    struct Provable {
        std::shared_ptr<const state::StateSnapshot> state;
        Height height = 0;  // of the state shown; the header is the next one's
        ledger::SignedHeader header;
    };

    [[nodiscard]] Result<std::shared_ptr<const ReceiptSource>, services::ReadError> receipt_source(
        Height height, std::uint32_t item) const;
    [[nodiscard]] Result<Provable, services::ReadError> provable() const;
    // The commit trimmed to the signatures that a receipt needs.
    [[nodiscard]] Result<ledger::SignedHeader, services::ReadError> header(Height height) const;
    [[nodiscard]] Result<ledger::ValidatorSet, services::ReadError> validators(Height height) const;
    [[nodiscard]] Result<std::unique_ptr<const state::StateView>, services::ReadError> view_at(
        Height height) const;
    [[nodiscard]] Result<Bytes, services::ReadError> state_receipt(const Provable& provable,
                                                                   bool prefix, BytesView subject,
                                                                   std::optional<Height> at) const;
    // When a block was made: its header says so, or itself while that is still to be stored.
    [[nodiscard]] Result<UnixMs, services::ReadError> time_of(Height height) const;
    // Why what belongs to a published block is not there: it was pruned, or is still to be stored.
    [[nodiscard]] services::ReadError missing(Height height) const;
    [[nodiscard]] Height published_height() const;

    const LedgerApplication& application_;
    const Genesis& genesis_;
    const ledger::MemberId member_id_;
    const std::function<Live()> live_;

    mutable std::mutex mutex_;
    mutable std::vector<std::shared_ptr<const ReceiptSource>> recent_;  // newest last
};

}  // namespace consilium::node
