// SPDX-License-Identifier: Apache-2.0
#include "contracts/charts/charts.hpp"

#include <algorithm>
#include <vector>

#include "base/limits.hpp"
#include "contracts/charts/tables.hpp"
#include "crypto/sign.hpp"

namespace consilium::contracts::charts {
namespace {

using Command = v1::ChartsCommand;
using Slots = google::protobuf::RepeatedPtrField<std::string>;

bool is_id(BytesView id) {
    return id.size() == 16 && id.find_first_not_of('\0') != BytesView::npos;
}

Rejection validate_slots(BytesView chart_id, const Slots& slots) {
    if (!is_id(chart_id)) return Rejection::kId;
    if (static_cast<std::uint32_t>(slots.size()) != limits::kLinkSlotsPerCommand)
        return Rejection::kSlots;
    std::vector<BytesView> sorted(slots.begin(), slots.end());
    std::sort(sorted.begin(), sorted.end());
    const bool sized = std::all_of(sorted.begin(), sorted.end(),
                                   [](BytesView slot) { return slot.size() == Hash32::kSize; });
    if (!sized || std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
        return Rejection::kSlots;
    return Rejection::kNone;
}

Rejection validate_open_link(const v1::OpenLink& command) {
    if (!is_id(command.link_id())) return Rejection::kId;
    if (!ledger::is_member_id(command.counterparty())) return Rejection::kCounterparty;
    const auto algorithm =
        crypto::algorithm_from_id(static_cast<std::uint32_t>(command.algorithm()));
    if (!algorithm || !crypto::is_public_key(*algorithm, command.public_key()))
        return Rejection::kPublicKey;
    return Rejection::kNone;
}

Rejection authorize_custodian(sdk::Context& context) {
    if (!context.has_role({v1::ROLE_SERVICE, v1::ROLE_CLERK})) return Rejection::kRole;
    const auto member = context.lookups().membership->member(context.state(), context.member_id());
    if (!member) return Rejection::kMemberKind;
    const auto keeps_charts = [](int kind) {
        return kind == v1::MEMBER_KIND_PROVIDER || kind == v1::MEMBER_KIND_PAYER ||
               kind == v1::MEMBER_KIND_DISPENSER || kind == v1::MEMBER_KIND_SITE;
    };
    const bool any = std::any_of(member->kinds().begin(), member->kinds().end(), keeps_charts);
    return any ? Rejection::kNone : Rejection::kMemberKind;
}

Rejection authorize_refill(const v1::RefillSlots& command, sdk::Context& context) {
    if (const auto bad = authorize_custodian(context); bad != Rejection::kNone) return bad;
    const auto chart = context.get<v1::Chart>(chart_key(command.chart_id()));
    if (!chart) return Rejection::kChartUnknown;
    return chart->custodian() == context.member_id() ? Rejection::kNone : Rejection::kNotCustodian;
}

// Whoever relays a patient's signed command need not be concerned, nor may they hold it back, so
// with that signature any user of any member will do.
Rejection authorize_close(const v1::CloseLink& command, sdk::Context& context) {
    const auto link = context.get<v1::Link>(link_key(command.link_id()));
    if (!link) return Rejection::kLinkUnknown;
    if (context.signed_by(link->algorithm(), link->public_key())) return Rejection::kNone;
    if (link->custodian() != context.member_id()) return Rejection::kNotAllowed;
    return context.has_role({v1::ROLE_SERVICE, v1::ROLE_CLERK, v1::ROLE_PRIVACY_OFFICER})
               ? Rejection::kNone
               : Rejection::kRole;
}

Rejection add_slots(BytesView chart_id, const Slots& slots, sdk::Context& context) {
    const auto first = context.next_number(slot_prefix(chart_id), 4);
    if (!first || *first - 1 + limits::kLinkSlotsPerCommand > limits::kLinkSlotsPerChartMax)
        return Rejection::kTooManySlots;
    auto number = static_cast<std::uint32_t>(*first);
    for (const std::string& commitment : slots) {
        v1::LinkSlot slot;
        slot.set_commitment(commitment);
        context.put(slot_key(chart_id, number++), slot);
    }
    context.assign(*first);
    return Rejection::kNone;
}

Rejection apply_open_chart(const v1::OpenChart& command, sdk::Context& context) {
    const auto key = chart_key(command.chart_id());
    if (context.exists(key)) return Rejection::kChartExists;
    v1::Chart chart;
    chart.set_custodian(context.member_id().data(), context.member_id().size());
    context.put(key, chart);
    return add_slots(command.chart_id(), command.slots(), context);
}

Rejection apply_open_link(const v1::OpenLink& command, sdk::Context& context) {
    if (command.counterparty() == context.member_id()) return Rejection::kOwnLink;
    if (!context.lookups().membership->is_active(context.state(), command.counterparty()))
        return Rejection::kCounterparty;
    const auto key = link_key(command.link_id());
    if (context.exists(key)) return Rejection::kLinkExists;
    const auto use_key = patient_key_key(command.public_key());
    if (context.exists(use_key)) return Rejection::kPublicKeyUsed;
    v1::Link link;
    link.set_custodian(context.member_id().data(), context.member_id().size());
    link.set_counterparty(command.counterparty());
    link.set_algorithm(command.algorithm());
    link.set_public_key(command.public_key());
    link.set_version(1);
    context.put(key, link);
    v1::PatientKeyUse use;
    use.set_link_id(command.link_id());
    context.put(use_key, use);
    return Rejection::kNone;
}

Rejection apply_close_link(const v1::CloseLink& command, sdk::Context& context) {
    const auto key = link_key(command.link_id());
    auto link = context.get<v1::Link>(key);
    if (!link) return Rejection::kLinkUnknown;
    if (link->closed()) return Rejection::kLinkClosed;
    if (link->version() != command.version()) return Rejection::kLinkVersion;
    link->set_closed(true);
    link->set_version(link->version() + 1);
    context.put(key, *link);
    return Rejection::kNone;
}

template <typename Row>
bool read(const std::optional<BytesView>& value, Row& row) {
    return value && row.ParseFromArray(value->data(), static_cast<int>(value->size()));
}

// The two members and the patient's key are for ever, the version grows with every change, and a
// closed link stays as it is.
bool link_holds(const sdk::Overlay::Change& change) {
    v1::Link before;
    v1::Link after;
    if (!read(change.after, after)) return false;
    if (!change.before)
        return after.version() >= 1 && after.custodian() != after.counterparty() &&
               !after.public_key().empty();
    if (!read(change.before, before) || before.closed()) return false;
    before.set_closed(after.closed());
    if (after.version() <= before.version()) return false;
    before.set_version(after.version());
    return proto::encode(before) == *change.after;
}

}  // namespace

Charts::Charts() : TypedContract(ledger::ContractId::kCharts, "charts", charts::tables()) {}

Rejection Charts::validate(const Command& command) const {
    switch (command.kind_case()) {
        case Command::kOpenChart:
            return validate_slots(command.open_chart().chart_id(), command.open_chart().slots());
        case Command::kRefillSlots:
            return validate_slots(command.refill_slots().chart_id(),
                                  command.refill_slots().slots());
        case Command::kOpenLink:
            return validate_open_link(command.open_link());
        case Command::kCloseLink:
            if (!is_id(command.close_link().link_id())) return Rejection::kId;
            return command.close_link().version() == 0 ? Rejection::kLinkVersion : Rejection::kNone;
        case Command::KIND_NOT_SET:
            break;
    }
    return Rejection::kMalformed;
}

Rejection Charts::authorize_command(const Command& command, sdk::Context& context) const {
    switch (command.kind_case()) {
        case Command::kOpenChart:
        case Command::kOpenLink:
            return authorize_custodian(context);
        case Command::kRefillSlots:
            return authorize_refill(command.refill_slots(), context);
        case Command::kCloseLink:
            return authorize_close(command.close_link(), context);
        case Command::KIND_NOT_SET:
            break;
    }
    return Rejection::kMalformed;
}

Rejection Charts::apply_command(const Command& command, sdk::Context& context) const {
    switch (command.kind_case()) {
        case Command::kOpenChart:
            return apply_open_chart(command.open_chart(), context);
        case Command::kRefillSlots:
            return add_slots(command.refill_slots().chart_id(), command.refill_slots().slots(),
                             context);
        case Command::kOpenLink:
            return apply_open_link(command.open_link(), context);
        case Command::kCloseLink:
            return apply_close_link(command.close_link(), context);
        case Command::KIND_NOT_SET:
            break;
    }
    return Rejection::kMalformed;
}

bool Charts::holds(const sdk::Overlay::Change& change, sdk::Context&) const {
    switch (static_cast<Table>(change.key[1])) {
        case Table::kLink:
            return link_holds(change);
        case Table::kChart:
        case Table::kSlot:
        case Table::kPatientKey:
            // A chart has one custodian for ever, a slot one commitment, a key one link.
            return !change.before && change.after;
    }
    return false;
}

std::optional<v1::Chart> Charts::chart(sdk::Overlay& state, const ledger::ChartId& chart) const {
    return sdk::get_row<v1::Chart>(state, chart_key(chart.view()));
}

std::optional<v1::Link> Charts::link(sdk::Overlay& state, const ledger::LinkId& link) const {
    return sdk::get_row<v1::Link>(state, link_key(link.view()));
}

}  // namespace consilium::contracts::charts
