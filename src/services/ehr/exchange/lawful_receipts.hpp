// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "services/ehr/exchange/block_wait.hpp"
#include "services/ehr/exchange/checks.hpp"
#include "services/ehr/exchange/ledger_view.hpp"
#include "services/ehr/exchange/part.hpp"
#include "services/ehr/exchange/rows.hpp"
#include "services/ehr/exchange/seal.hpp"

namespace consilium::services::ehr::exchange {

// The recipient's side of a disclosure by law: answers a notice that the ledger bears out with a
// key for that disclosure alone, takes what comes sealed to it and commits to having received it.
// What came lies with all else that was disclosed to us. Thread-safe.
class LawfulReceipts final : public Part {
 public:
    // `poke` has the requester go on with a key of receiving_key(), which acknowledges it.
    LawfulReceipts(const Ports& ports, BlockWait& blocks,
                   std::function<void(const Bytes& key)> poke);

    [[nodiscard]] Bytes prefix() const override { return expected_prefix(); }
    // What it keeps is never unfinished.
    [[nodiscard]] std::optional<std::chrono::milliseconds> step(const Bytes& /*key*/) override {
        return std::nullopt;
    }
    // Notices, and deliveries that say they answer no request. It is believed nothing of it.
    [[nodiscard]] std::optional<Handled> receive(const ledger::MemberId& from,
                                                 const v1::ExchangeMessage& message) override;

 private:
    struct Facts;
    [[nodiscard]] Handled receive(const ledger::MemberId& from, const v1::DisclosureNotice& notice);
    [[nodiscard]] Handled receive(const ledger::MemberId& from, const v1::RecordDelivery& delivery);
    [[nodiscard]] DeliveryCheck look_up(const ledger::MemberId& from,
                                        const v1::RecordDelivery& delivery, Facts& facts) const;
    [[nodiscard]] Handled keep(const Facts& facts, const v1::RecordDelivery& delivery,
                               const std::vector<OpenedDocument>* documents);

    const Ports& ports_;
    LedgerView ledger_;
    BlockWait& blocks_;
    const std::function<void(const Bytes& key)> poke_;
};

}  // namespace consilium::services::ehr::exchange
