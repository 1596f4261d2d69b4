// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <optional>

#include "services/ehr/exchange/ledger_view.hpp"
#include "services/ehr/exchange/part.hpp"
#include "services/ehr/store.hpp"

namespace consilium::services::ehr::exchange {

// A chart with so few slots that no link has yet is given eight more.
inline constexpr std::size_t kSlotsLeftMin = 4;

// Lays down link slots for the charts that run short of them. Not when one is used: whoever saw a
// link open and slots laid down right after could tie the two. So all charts are looked at in
// rounds, which begin at times of chance. Thread-safe.
class SlotRefills final : public Part {
 public:
    SlotRefills(const Ports& ports, Store& store, std::function<void(const Bytes& key)> poke);

    // Begins a round when its time has come, and goes on with one.
    void tick() override;
    // The next charts of a round; false when that was the last. For tests, instead of tick().
    [[nodiscard]] bool look();

    [[nodiscard]] Bytes prefix() const override;
    [[nodiscard]] std::optional<std::chrono::milliseconds> step(const Bytes& key) override;
    [[nodiscard]] std::optional<Handled> receive(const ledger::MemberId& /*from*/,
                                                 const v1::ExchangeMessage& /*message*/) override {
        return std::nullopt;
    }

 private:
    [[nodiscard]] UnixMs next_round() const;
    [[nodiscard]] bool look_locked();
    [[nodiscard]] bool runs_short(const ChartRow& chart) const;
    void begin(BytesView patient, const ChartRow& chart);
    [[nodiscard]] std::optional<Bytes> compose_refill(const v1::SlotRefill& refill) const;
    [[nodiscard]] std::optional<std::chrono::milliseconds> finish(const Bytes& key,
                                                                  const v1::SlotRefill& refill);

    const Ports& ports_;
    Store& store_;
    LedgerView ledger_;
    const std::function<void(const Bytes& key)> poke_;
    std::mutex mutex_;
    UnixMs next_;
    Bytes looked_at_;  // the last chart's row of the round; empty: none is under way
};

}  // namespace consilium::services::ehr::exchange
