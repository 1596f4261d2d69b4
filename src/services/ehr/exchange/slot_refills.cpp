// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/slot_refills.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "consilium/v1/charts.pb.h"
#include "crypto/random.hpp"
#include "ledger/commitment.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/settle.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookAgain{2000};
constexpr milliseconds kDiskAgain{5000};
constexpr std::size_t kChartsPerLook = 64;
constexpr std::uint64_t kHourMs = 3'600'000;
// A round begins so long after the one before, or after the start.
constexpr std::uint64_t kPauseMinMs = kHourMs;
constexpr std::uint64_t kPauseMaxMs = 6 * kHourMs;

}  // namespace

SlotRefills::SlotRefills(const Ports& ports, Store& store,
                         std::function<void(const Bytes& key)> poke)
    : ports_(ports),
      store_(store),
      ledger_(ports.reads),
      poke_(std::move(poke)),
      next_(next_round()) {}

UnixMs SlotRefills::next_round() const {
    const std::uint64_t chance = read_be64(crypto::random_bytes(8));
    return {ports_.now().value + kPauseMinMs + chance % (kPauseMaxMs - kPauseMinMs)};
}

Bytes SlotRefills::prefix() const {
    return refill_prefix();
}

void SlotRefills::tick() {
    const std::lock_guard lock(mutex_);
    if (looked_at_.empty() && ports_.now() < next_) return;
    if (!look_locked()) next_ = next_round();
}

bool SlotRefills::look() {
    const std::lock_guard lock(mutex_);
    return look_locked();
}

bool SlotRefills::look_locked() {
    const Bytes charts = chart_key({});
    const auto rows = ports_.vault.rows(charts, looked_at_, kChartsPerLook);
    looked_at_.clear();
    if (!rows) return false;
    for (const vault::Row& row : *rows) {
        const auto chart = decode_chart(*row.value);
        if (!chart) {
            ports_.log.error("exchange", "a chart's row cannot be read");
            continue;
        }
        if (chart->opened && runs_short(*chart))
            begin(BytesView(row.key).substr(charts.size()), *chart);
    }
    if (rows->size() < kChartsPerLook) return false;
    looked_at_ = rows->back().key;
    return true;
}

// The newest slots are used last, so a few looks are enough for a chart that has plenty.
bool SlotRefills::runs_short(const ChartRow& chart) const {
    if (chart.slots.size() + kSlots > limits::kLinkSlotsPerChartMax) return false;
    std::size_t left = 0;
    for (auto slot = chart.slots.rbegin(); slot != chart.slots.rend(); ++slot) {
        const auto issued = ports_.vault.row(issued_key(slot->link.view()));
        const auto link = ledger_.link(slot->link.view());
        if (!issued || !link) return false;
        if (!*issued && !*link && ++left > kSlotsLeftMin) return false;
    }
    return true;
}

void SlotRefills::begin(BytesView patient, const ChartRow& chart) {
    v1::SlotRefill refill;
    refill.set_chart_id(chart.chart.bytes());
    for (std::size_t i = 0; i < kSlots; ++i) {
        v1::LaidSlot& slot = *refill.add_slots();
        slot.set_salt(crypto::random_bytes(kSaltBytes));
        slot.set_link_id(crypto::random_id<ledger::LinkId>().bytes());
    }
    auto transaction = compose_refill(refill);
    if (!transaction) return;
    refill.set_transaction(std::move(*transaction));
    const Bytes key = refill_key(patient);
    const std::vector<vault::Row> rows{row_of(key, refill), todo(key)};
    const std::vector<vault::Row> expected{no_row(key)};
    // A conflict: one is under way. Anything else: the next round.
    if (ports_.vault.put({}, rows, expected)) poke_(key);
}

std::optional<Bytes> SlotRefills::compose_refill(const v1::SlotRefill& refill) const {
    ledger::ChartId chart;
    if (!assign(chart, refill.chart_id())) return std::nullopt;
    v1::ChartsCommand command;
    command.mutable_refill_slots()->set_chart_id(refill.chart_id());
    for (const v1::LaidSlot& slot : refill.slots()) {
        ledger::LinkId link;
        if (!assign(link, slot.link_id())) return std::nullopt;
        command.mutable_refill_slots()->add_slots(
            ledger::link_slot_commitment(slot.salt(), chart, link).bytes());
    }
    v1::Command out;
    out.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kCharts));
    out.set_payload(proto::encode(command));
    auto transaction = ports_.author.compose(v1::ROLE_SERVICE, {out});
    if (transaction) return std::move(transaction).value();
    ports_.log.error("exchange", "no transaction can be made for link slots",
                     {telemetry::Field::name("reason", to_string(transaction.error()))});
    return std::nullopt;
}

std::optional<milliseconds> SlotRefills::step(const Bytes& key) {
    auto row = get_row<v1::SlotRefill>(ports_.vault, key);
    if (!row) return kDiskAgain;
    if (!*row) return std::nullopt;
    v1::SlotRefill& refill = **row;
    const auto settled = settle(ports_, refill.transaction(), [poke = poke_, key] { poke(key); });
    switch (settled.state) {
        case Settlement::State::kWaiting:
            return kLookAgain;
        case Settlement::State::kLapsed: {
            auto transaction = compose_refill(refill);
            if (!transaction) return kDiskAgain;
            refill.set_transaction(std::move(*transaction));
            const std::vector<vault::Row> rows{row_of(key, refill)};
            return ports_.vault.put({}, rows) ? milliseconds(0) : kDiskAgain;
        }
        case Settlement::State::kRejected: {
            ports_.log.error("exchange", "the ledger does not take link slots",
                             {telemetry::Field("code", settled.outcome.code)});
            const std::vector<vault::Row> rows{no_row(key), no_todo(key)};
            return ports_.vault.put({}, rows) ? std::nullopt : std::optional(kDiskAgain);
        }
        case Settlement::State::kApplied:
            break;
    }
    return finish(key, refill);
}

// They follow the others in the order that the ledger has them in: one refill of a chart is under
// way at a time.
std::optional<milliseconds> SlotRefills::finish(const Bytes& key, const v1::SlotRefill& refill) {
    const auto patient = BytesView(key).substr(prefix().size());
    const auto before = store_.chart_of(patient);
    if (!before || !*before) return kDiskAgain;
    ChartRow chart = **before;
    for (const v1::LaidSlot& slot : refill.slots()) {
        ehr::SlotOpening opening;
        if (slot.salt().size() != opening.salt.size() || !assign(opening.link, slot.link_id()))
            return kDiskAgain;
        std::copy(slot.salt().begin(), slot.salt().end(), opening.salt.begin());
        chart.slots.push_back(opening);
    }
    const std::vector<vault::Row> rows{
        {chart_key(patient), encode(chart)}, no_row(key), no_todo(key)};
    const std::vector<vault::Row> expected{{chart_key(patient), encode(**before)},
                                           row_of(key, refill)};
    return ports_.vault.put({}, rows, expected) ? std::nullopt : std::optional(kLookAgain);
}

}  // namespace consilium::services::ehr::exchange
