// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/binding.hpp"

#include "contracts/sdk/purpose.hpp"
#include "crypto/sign.hpp"
#include "services/ehr/exchange/emergency.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookAgain{2000};
constexpr milliseconds kDiskAgain{5000};
constexpr milliseconds kSlotAgain{60'000};
// After a day it is no emergency any more.
constexpr std::uint64_t kEmergencyLifeMs = 24ULL * 3600 * 1000;

template <typename Payload>
v1::Command command_of(ledger::ContractId contract, const Payload& payload) {
    v1::Command out;
    out.set_contract(static_cast<std::uint32_t>(contract));
    out.set_payload(proto::encode(payload));
    return out;
}

v1::Command open_command(const v1::IssuedCard& card, const ledger::LinkId& link) {
    v1::ChartsCommand command;
    v1::OpenLink& open = *command.mutable_open_link();
    open.set_link_id(link.bytes());
    open.set_counterparty(card.counterparty());
    open.set_algorithm(static_cast<v1::Algorithm>(card.algorithm()));
    open.set_public_key(card.public_key());
    return command_of(ledger::ContractId::kCharts, command);
}

// An objection to emergency access, in force or not: whoever asks without a card must not get
// around it by a new link.
bool objects(const v1::ConsentGate& gate) {
    for (const v1::GateEntry& entry : gate.entries()) {
        if (entry.provision() != v1::CONSENT_PROVISION_DENY) continue;
        for (const int named : entry.purposes())
            if (contracts::sdk::covers(static_cast<v1::PurposeOfUse>(named),
                                       v1::PURPOSE_OF_USE_BTG))
                return true;
    }
    return false;
}

// The link's public key is drawn here and its other half thrown away at once: the patient is not
// there to give one, and nobody else may ever sign in their name. Consents and objections to it are
// given on paper, and the custodian closes it when the patient wants that.
v1::IssuedCard draw_card(const std::string& patient, const std::string& requester,
                         const SlotOpening& slot) {
    v1::IssuedCard card;
    card.set_patient(patient);
    card.set_counterparty(requester);
    card.set_algorithm(v1::ALGORITHM_ED25519);
    card.set_public_key(crypto::SigningKey::generate().public_key());
    card.set_slot_salt(slot.salt);
    return card;
}

}  // namespace

Binding::Binding(const Ports& ports, std::function<void(const Bytes& key)> poke)
    : ports_(ports), ledger_(ports.reads), poke_(std::move(poke)) {}

Binding::Again Binding::step(const Bytes& key, v1::Serving serving,
                             const v1::RequestOpening& opening, RequestCheck check) {
    if (serving.state() == v1::SERVE_STATE_NAMED)
        return decide(key, std::move(serving), opening, check);
    return await(key, std::move(serving));
}

Result<Binding::Target, Binding::Miss> Binding::link_of(const std::string& patient,
                                                        const std::string& requester) const {
    const auto chart = ports_.records.chart(patient);
    // A patient whose chart is not on the ledger yet will be there at the next tick.
    if (!chart || !*chart) return fail(Miss::kNotNow);
    std::optional<Target> open;
    std::optional<SlotOpening> unused;
    for (const SlotOpening& slot : (*chart)->slots) {
        const auto link = ledger_.link(slot.link.view());
        const auto gate = ledger_.gate(slot.link.view());
        const auto given = ports_.vault.row(issued_key(slot.link.view()));
        if (!link || !gate || !given) return fail(Miss::kNotNow);
        if (!*link) {
            if (!*given && !unused) unused = slot;
            continue;
        }
        if ((*link)->counterparty() != requester) continue;
        if (*gate && objects(**gate)) return Target{patient, slot, std::nullopt};
        if (!(*link)->closed() && !open) open = Target{patient, slot, std::nullopt};
    }
    if (open) return *open;
    if (!unused) {
        ports_.log.error("exchange", "a chart has no link slot left for an emergency");
        return fail(Miss::kNoSlot);
    }
    return Target{patient, *unused, draw_card(patient, requester, *unused)};
}

Result<Binding::Target, Binding::Miss> Binding::look_for(const v1::Serving& serving,
                                                         const v1::RequestOpening& opening) const {
    const auto row = ledger_.request(serving.link_id(), serving.number());
    if (!row || !*row) return fail(Miss::kNotNow);
    const std::uint64_t end = (*row)->time_unix_ms() + kEmergencyLifeMs;
    if (opening.purpose() != v1::PURPOSE_OF_USE_BTG || !opening.has_named() ||
        !is_named(opening.named()) || ports_.now().value > end)
        return fail(Miss::kNobody);
    const auto found = ports_.records.find(opening.named());
    if (!found) return fail(found.error() == RecordsError::kDisk ? Miss::kNotNow : Miss::kNobody);
    if (found->size() != 1) return fail(Miss::kNobody);
    auto target = link_of(found->front(), serving.requester());
    if (!target) return fail(target.error());
    // What is on the ledger must tie the link to the chart, as with a card.
    const auto chart = ports_.records.chart(target->patient);
    if (!chart || !*chart) return fail(Miss::kNotNow);
    const auto slots = ledger_.slots((*chart)->chart.view());
    v1::RequestOpening shown;
    shown.set_id(target->slot.link.bytes());
    shown.set_slot_salt(target->slot.salt);
    if (!slots || !check_card(shown, **chart, *slots)) return fail(Miss::kNotNow);
    return target;
}

Binding::Again Binding::decide(const Bytes& key, v1::Serving serving,
                               const v1::RequestOpening& opening, RequestCheck check) {
    if (check == RequestCheck::kNotYet) return kLookAgain;
    if (check != RequestCheck::kPending && check != RequestCheck::kClaims)
        return finish(key, std::move(serving), v1::SERVE_STATE_FAILED);
    auto target = check == RequestCheck::kPending ? look_for(serving, opening)
                                                  : Result<Target, Miss>(fail(Miss::kNobody));
    if (!target && target.error() == Miss::kNotNow) return kLookAgain;
    if (!target && target.error() == Miss::kNoSlot) return kSlotAgain;

    v1::EhrCommand command;
    v1::BindRequest& bind = *command.mutable_bind_request();
    bind.set_request_id(serving.link_id());
    std::vector<v1::Command> commands;
    std::vector<vault::Row> rows;
    std::vector<vault::Row> expected;
    if (target) {
        bind.set_link_id(target->slot.link.bytes());
        serving.set_patient(target->patient);
        serving.set_slot_salt(target->slot.salt);
        serving.set_bound_link(target->slot.link.bytes());
        if (target->issued) commands.push_back(open_command(*target->issued, target->slot.link));
    } else {
        bind.set_refusal(v1::REFUSAL_REASON_PATIENT_UNKNOWN);
        serving.set_refusal(v1::REFUSAL_REASON_PATIENT_UNKNOWN);
    }
    commands.push_back(command_of(ledger::ContractId::kEhr, command));
    auto transaction = ports_.author.compose(v1::ROLE_SERVICE, commands);
    if (!transaction) return kDiskAgain;
    if (target && target->issued) {
        const Bytes issued = issued_key(target->slot.link.view());
        target->issued->set_transaction(*transaction);
        rows.push_back(row_of(issued, *target->issued));
        expected.push_back(no_row(issued));
    }
    serving.set_transaction(std::move(transaction).value());
    serving.set_state(v1::SERVE_STATE_BINDING);
    rows.push_back(row_of(key, serving));
    // A conflict: a card took the slot meanwhile.
    if (!ports_.vault.put({}, rows, expected)) return kDiskAgain;
    return await(key, std::move(serving));
}

Binding::Again Binding::await(const Bytes& key, v1::Serving serving) {
    const auto settled = settle(ports_, serving.transaction(), [poke = poke_, key] { poke(key); });
    switch (settled.state) {
        case Settlement::State::kWaiting:
            return kLookAgain;
        case Settlement::State::kLapsed:
            return start_again(key, std::move(serving));
        case Settlement::State::kRejected:
            return finish(key, std::move(serving), v1::SERVE_STATE_FAILED);
        case Settlement::State::kApplied:
            break;
    }
    if (serving.bound_link().empty())
        return finish(key, std::move(serving), v1::SERVE_STATE_REFUSED);
    return go_on(key, std::move(serving));
}

// No block took it: a slot that was claimed for it is free again, and all is looked at anew.
Binding::Again Binding::start_again(const Bytes& key, v1::Serving serving) {
    std::vector<vault::Row> rows;
    if (!serving.bound_link().empty()) {
        const Bytes issued = issued_key(serving.bound_link());
        const auto card = get_row<v1::IssuedCard>(ports_.vault, issued);
        if (!card) return kDiskAgain;
        if (*card && (*card)->transaction() == serving.transaction())
            rows.push_back(no_row(issued));
    }
    serving.set_state(v1::SERVE_STATE_NAMED);
    serving.clear_transaction();
    serving.clear_bound_link();
    serving.clear_patient();
    serving.clear_slot_salt();
    serving.clear_refusal();
    rows.push_back(row_of(key, serving));
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    return milliseconds(0);
}

// From here on it is a request under the link, which the ledger has granted or denied.
Binding::Again Binding::go_on(const Bytes& key, v1::Serving serving) {
    const auto fresh = ledger_.request(serving.link_id(), serving.number());
    if (!fresh || !*fresh) return kLookAgain;
    serving.set_bound_number((*fresh)->number());
    if ((*fresh)->gate().decision() != v1::ACCESS_DECISION_GRANTED)
        return finish(key, std::move(serving), v1::SERVE_STATE_REFUSED);
    v1::Serving bound = serving;
    bound.set_state(v1::SERVE_STATE_TAKEN);
    bound.set_link_id(serving.bound_link());
    bound.set_number(serving.bound_number());
    bound.clear_transaction();
    bound.clear_bound_link();
    bound.clear_bound_number();
    const Bytes next = serving_key(bound.link_id(), bound.number());
    serving.set_state(v1::SERVE_STATE_BOUND);
    serving.clear_transaction();
    const std::vector<vault::Row> rows{row_of(key, serving), no_todo(key), row_of(next, bound),
                                       todo(next)};
    const std::vector<vault::Row> expected{no_row(next)};
    const auto stored = ports_.vault.put({}, rows, expected);
    if (!stored && stored.error() == vault::VaultError::kConflict)
        return finish(key, std::move(serving), v1::SERVE_STATE_BOUND);
    if (!stored) return kDiskAgain;
    poke_(next);
    return std::nullopt;
}

Binding::Again Binding::finish(const Bytes& key, v1::Serving serving, v1::ServeState state) {
    serving.set_state(state);
    serving.clear_transaction();
    const std::vector<vault::Row> rows{row_of(key, serving), no_todo(key)};
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    if (state == v1::SERVE_STATE_FAILED)
        ports_.log.warning("exchange", "a request without a card could not be answered");
    return std::nullopt;
}

}  // namespace consilium::services::ehr::exchange
