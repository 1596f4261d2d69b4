// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "services/ehr/agent_writes.hpp"
#include "services/ehr/exchange/block_wait.hpp"
#include "services/ehr/exchange/contribution_checks.hpp"
#include "services/ehr/exchange/contribution_rules.hpp"
#include "services/ehr/exchange/ledger_view.hpp"
#include "services/ehr/exchange/part.hpp"

namespace consilium::services::ehr::exchange {

enum class VerdictError : std::uint8_t {
    kNone,       // no such contribution came here
    kNotHere,    // its document is not here (yet)
    kDecided,    // it was decided otherwise
    kOutdated,   // it corrects a version that is no longer current
    kWithdrawn,  // the patient's consent to it was withdrawn, or the link closed
    kInvalid,    // what it refers to is not here any more, or the store cannot hold it
    kNotNow,     // the node cannot take it just now; the same again later
    kDisk,
};
[[nodiscard]] const char* to_string(VerdictError error);

// The custodian's side of contributions: takes offers that the ledger granted, asks for the
// document, keeps it for staff to decide on, and carries out what they decide. What is accepted
// goes into the chart in one step with its Provenance, once, wherever a crash cuts it off; the
// ledger is told when it is anchored. Thread-safe.
class ContributionDesk final : public Part {
 public:
    ContributionDesk(const Ports& ports, BlockWait& blocks, AgentWrites& writes,
                     std::function<void(const Bytes& key)> poke);

    // By staff: `subject` is the token's. The same verdict again answers the same.
    [[nodiscard]] Result<v1::Offered, VerdictError> accept(const ledger::LinkId& link,
                                                           std::uint32_t number,
                                                           const std::string& subject);
    [[nodiscard]] Result<v1::Offered, VerdictError> reject(const ledger::LinkId& link,
                                                           std::uint32_t number,
                                                           v1::ContributionRejection reason,
                                                           const std::string& subject);
    // The document as it came; kNotHere before it came and once it was decided.
    [[nodiscard]] Result<Bytes, VerdictError> document(const v1::Offered& offered) const;

    [[nodiscard]] Bytes prefix() const override;
    [[nodiscard]] std::optional<std::chrono::milliseconds> step(const Bytes& key) override;
    [[nodiscard]] std::optional<Handled> receive(const ledger::MemberId& from,
                                                 const v1::ExchangeMessage& message) override;

 private:
    using Again = std::optional<std::chrono::milliseconds>;
    // An offer to us and its row as it was read: a write takes place only on top of that.
    struct Item {
        Bytes key;
        Bytes before;
        v1::Offered offered;
        OpenedOffer offer;
    };
    [[nodiscard]] Result<std::optional<Item>, vault::VaultError> find(const Bytes& key) const;
    [[nodiscard]] Result<Item, VerdictError> find_named(const ledger::LinkId& link,
                                                        std::uint32_t number) const;
    [[nodiscard]] OfferCheck check(const ledger::MemberId& from, const OpenedOffer& offer) const;
    [[nodiscard]] bool put(Item& item, std::vector<vault::Row> more);
    // With what its Task says, and `resources` before it.
    [[nodiscard]] Status<Problem> put_told(Item& item, std::vector<AgentEntry> resources,
                                           Extra extra);

    [[nodiscard]] Handled announce(const ledger::MemberId& from, const OpenedOffer& offer,
                                   const std::string& opening);
    [[nodiscard]] Handled take(Item item, const v1::ContributionOffer& offer);
    // Whether staff can decide on it; or for what reason it is rejected at once.
    [[nodiscard]] Result<v1::ContributionRejection, StoreError> judge_document(
        const v1::ContributionOpening& opening, const std::string& type, const Bytes& document);
    [[nodiscard]] Again ask(Item item);
    // Destroys the document as it came.
    [[nodiscard]] bool drop_copy(Item& item);
    [[nodiscard]] Again await_anchor(Item item);
    [[nodiscard]] Again file_acceptance(Item item);
    [[nodiscard]] Again await_acceptance(Item item);
    [[nodiscard]] bool file_rejection(Item& item, v1::ContributionRejection reason);
    [[nodiscard]] Again reject_here(Item item, v1::ContributionRejection reason);
    [[nodiscard]] Again await_rejection(Item item);
    [[nodiscard]] bool is_decided(const Item& item) const;

    const Ports& ports_;
    LedgerView ledger_;
    BlockWait& blocks_;
    AgentWrites& writes_;
    const std::function<void(const Bytes& key)> poke_;
};

}  // namespace consilium::services::ehr::exchange
