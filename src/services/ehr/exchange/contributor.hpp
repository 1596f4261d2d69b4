// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "services/ehr/agent_writes.hpp"
#include "services/ehr/exchange/block_wait.hpp"
#include "services/ehr/exchange/ledger_view.hpp"
#include "services/ehr/exchange/part.hpp"

namespace consilium::services::ehr::exchange {

struct OfferOrder {
    v1::ChartCard card;
    std::string type;
    const formats::json::Value* resource = nullptr;
    std::string corrects_id;  // the custodian's resource; empty: a new one
    std::uint32_t corrects_version = 0;
    v1::PurposeOfUse purpose = v1::PURPOSE_OF_USE_TREAT;
    v1::Role role = v1::ROLE_CLINICIAN;  // in which the member's user offers
};

// Our own document, as it is stored here, and the id of the Task that tells what becomes of it.
struct OfferKept {
    std::string id;
    AgentVersion version;
    std::string task;
    bool repeated = false;  // it was offered before, and nothing was done now
};

// The side of whoever contributes to a chart elsewhere: keeps the document as its own, files the
// offer, hands the document over once ledger and custodian ask for it, and follows the custodian's
// decision. A Task tells how far it is. Thread-safe.
class Contributor final : public Part {
 public:
    Contributor(const Ports& ports, BlockWait& blocks, AgentWrites& writes,
                std::function<void(const Bytes& key)> poke);

    // Durable when it returns: document, Task and offer, or none of them. The same correction of
    // the same version again, as HTTP's PUT may come again, is the same offer, unless that one was
    // denied or rejected.
    [[nodiscard]] Result<OfferKept, Problem> offer(const OfferOrder& order);

    [[nodiscard]] Bytes prefix() const override;
    [[nodiscard]] std::optional<std::chrono::milliseconds> step(const Bytes& key) override;
    [[nodiscard]] std::optional<Handled> receive(const ledger::MemberId& from,
                                                 const v1::ExchangeMessage& message) override;

 private:
    using Again = std::optional<std::chrono::milliseconds>;
    // An offer of ours and its row as it was read: a write takes place only on top of that.
    struct Item {
        Bytes key;
        Bytes before;
        v1::Offering offering;
    };
    [[nodiscard]] Result<std::optional<Item>, vault::VaultError> find(const Bytes& key) const;
    [[nodiscard]] Result<OfferKept, Problem> keep(const OfferOrder& order,
                                                  const std::optional<vault::Row>& corrected);
    // Our offer that `corrected` names, if it is this one and still stands.
    [[nodiscard]] Result<std::optional<OfferKept>, vault::VaultError> same_offer(
        const OfferOrder& order, const vault::Row& corrected) const;
    [[nodiscard]] std::optional<Bytes> compose_offer(const v1::Offering& offering) const;
    // The row alone, and with it what its Task says.
    [[nodiscard]] bool put(Item& item, std::vector<vault::Row> more = {});
    [[nodiscard]] bool put_told(Item& item, std::vector<vault::Row> more = {});
    [[nodiscard]] Again file(Item item);
    [[nodiscard]] Again await_outcome(Item item);
    [[nodiscard]] Again follow(Item item);
    [[nodiscard]] Again finish(Item item, v1::OfferState state);
    [[nodiscard]] Handled hand_over(Item item, BytesView key);
    [[nodiscard]] Handled take_record(Item item, const v1::AcceptedRecord& record);

    const Ports& ports_;
    LedgerView ledger_;
    BlockWait& blocks_;
    AgentWrites& writes_;
    const std::function<void(const Bytes& key)> poke_;
};

}  // namespace consilium::services::ehr::exchange
