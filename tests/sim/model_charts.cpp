// SPDX-License-Identifier: Apache-2.0
// The model of charts: a custodian opens charts and lays down slots by eights, opens links to other
// members under a fresh patient's key, and closes them; so may the patient, through anyone's node.
#include <algorithm>

#include "base/limits.hpp"
#include "contracts/charts/rejection.hpp"
#include "crypto/sign.hpp"
#include "tests/sim/model.hpp"

namespace consilium::sim {
namespace {

using contracts::charts::Rejection;

std::uint32_t code(Rejection rejection) {
    return static_cast<std::uint32_t>(rejection);
}

bool is_id(BytesView id) {
    return id.size() == 16 && id != Bytes(16, '\0');
}

template <typename Slots>
std::uint32_t check_slots(BytesView chart, const Slots& slots) {
    if (!is_id(chart)) return code(Rejection::kId);
    const std::set<Bytes> distinct(slots.begin(), slots.end());
    const bool sized = std::all_of(slots.begin(), slots.end(),
                                   [](const Bytes& slot) { return slot.size() == 32; });
    return slots.size() == 8 && distinct.size() == 8 && sized ? 0 : code(Rejection::kSlots);
}

bool keeps_charts(const v1::Member& member) {
    for (const int kind : member.kinds()) {
        if (kind == v1::MEMBER_KIND_PROVIDER || kind == v1::MEMBER_KIND_PAYER ||
            kind == v1::MEMBER_KIND_DISPENSER || kind == v1::MEMBER_KIND_SITE)
            return true;
    }
    return false;
}

}  // namespace

Model::Code Model::check(const v1::ChartsCommand& command) const {
    if (command.has_open_chart())
        return check_slots(command.open_chart().chart_id(), command.open_chart().slots());
    if (command.has_refill_slots())
        return check_slots(command.refill_slots().chart_id(), command.refill_slots().slots());
    if (command.has_open_link()) {
        const auto& link = command.open_link();
        if (!is_id(link.link_id())) return code(Rejection::kId);
        if (!ledger::is_member_id(link.counterparty())) return code(Rejection::kCounterparty);
        const auto algorithm =
            crypto::algorithm_from_id(static_cast<std::uint32_t>(link.algorithm()));
        return algorithm && crypto::is_public_key(*algorithm, link.public_key())
                   ? 0
                   : code(Rejection::kPublicKey);
    }
    if (command.has_close_link()) {
        if (!is_id(command.close_link().link_id())) return code(Rejection::kId);
        return command.close_link().version() == 0 ? code(Rejection::kLinkVersion) : 0;
    }
    return code(Rejection::kMalformed);
}

Model::Code Model::open_link(const v1::OpenLink& command, const Actor& actor) {
    if (command.counterparty() == actor.member) return code(Rejection::kOwnLink);
    const auto counterparty = state_.members.find(command.counterparty());
    if (counterparty == state_.members.end() ||
        counterparty->second.status() != v1::MEMBER_STATUS_ACTIVE)
        return code(Rejection::kCounterparty);
    if (state_.links.contains(command.link_id())) return code(Rejection::kLinkExists);
    if (state_.patient_keys.contains(command.public_key())) return code(Rejection::kPublicKeyUsed);
    v1::Link& link = state_.links[command.link_id()];
    link.set_custodian(actor.member);
    link.set_counterparty(command.counterparty());
    link.set_algorithm(command.algorithm());
    link.set_public_key(command.public_key());
    link.set_version(1);
    state_.patient_keys[command.public_key()] = command.link_id();
    return 0;
}

Model::Code Model::close_link(const v1::CloseLink& command, const Actor& actor) {
    const auto found = state_.links.find(command.link_id());
    if (found == state_.links.end()) return code(Rejection::kLinkUnknown);
    v1::Link& link = found->second;
    const std::pair patient(link.algorithm(), link.public_key());
    asked_.insert(patient);
    if (std::find(actor.signers.begin(), actor.signers.end(), patient) == actor.signers.end()) {
        if (link.custodian() != actor.member) return code(Rejection::kNotAllowed);
        if (actor.role != v1::ROLE_SERVICE && actor.role != v1::ROLE_CLERK &&
            actor.role != v1::ROLE_PRIVACY_OFFICER)
            return code(Rejection::kRole);
    }
    if (link.closed()) return code(Rejection::kLinkClosed);
    if (link.version() != command.version()) return code(Rejection::kLinkVersion);
    link.set_closed(true);
    link.set_version(link.version() + 1);
    return 0;
}

Model::Code Model::apply(const v1::ChartsCommand& command, const Actor& actor) {
    if (command.has_close_link()) return close_link(command.close_link(), actor);
    if (actor.role != v1::ROLE_SERVICE && actor.role != v1::ROLE_CLERK)
        return code(Rejection::kRole);
    if (!keeps_charts(state_.members.at(actor.member))) return code(Rejection::kMemberKind);
    if (command.has_open_link()) return open_link(command.open_link(), actor);
    if (command.has_open_chart()) {
        const auto& open = command.open_chart();
        if (state_.charts.contains(open.chart_id())) return code(Rejection::kChartExists);
        state_.charts[open.chart_id()] = {actor.member, {open.slots().begin(), open.slots().end()}};
        assigned_.push_back(1);
        return 0;
    }
    const auto& refill = command.refill_slots();
    const auto chart = state_.charts.find(refill.chart_id());
    if (chart == state_.charts.end()) return code(Rejection::kChartUnknown);
    if (chart->second.custodian != actor.member) return code(Rejection::kNotCustodian);
    auto& slots = chart->second.slots;
    if (slots.size() + 8 > limits::kLinkSlotsPerChartMax) return code(Rejection::kTooManySlots);
    assigned_.push_back(slots.size() + 1);
    slots.insert(slots.end(), refill.slots().begin(), refill.slots().end());
    return 0;
}

}  // namespace consilium::sim
