// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/checks.hpp"

#include <algorithm>

#include "contracts/sdk/purpose.hpp"
#include "ledger/commitment.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kReplyKeyBytes = 32;

template <typename Values>
bool has(const Values& values, int value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

bool covers(const v1::GateEntry& entry, const v1::AccessRequest& row, UnixMs now) {
    if (now.value < entry.valid_from_unix_ms() || now.value > entry.valid_until_unix_ms())
        return false;
    return has(entry.actions(), row.action()) &&
           std::any_of(entry.purposes().begin(), entry.purposes().end(), [&](int named) {
               return contracts::sdk::covers(static_cast<v1::PurposeOfUse>(named), row.purpose());
           });
}

bool is_well_formed(const v1::RequestOpening& opening) {
    return opening.id().size() == kIdBytes && opening.reply_key().size() == kReplyKeyBytes &&
           opening.has_ask() &&
           (opening.slot_salt().empty() || opening.slot_salt().size() == kSaltBytes);
}

}  // namespace

const char* to_string(RequestCheck check) {
    switch (check) {
        case RequestCheck::kGood:
            return "good";
        case RequestCheck::kPending:
            return "pending";
        case RequestCheck::kNotYet:
            return "not_yet";
        case RequestCheck::kMalformed:
            return "malformed";
        case RequestCheck::kSender:
            return "sender";
        case RequestCheck::kCustodian:
            return "custodian";
        case RequestCheck::kCommitment:
            return "commitment";
        case RequestCheck::kClaims:
            return "claims";
        case RequestCheck::kNotGranted:
            return "not_granted";
        case RequestCheck::kServed:
            return "served";
        case RequestCheck::kExpired:
            return "expired";
        case RequestCheck::kLink:
            return "link";
        case RequestCheck::kWithdrawn:
            return "withdrawn";
    }
    return "unknown";
}

std::optional<OpenedRequest> open_request(const v1::RecordRequest& message) {
    if (message.number() == 0 || message.salt().size() != kSaltBytes) return std::nullopt;
    auto opening = decode_row<v1::RequestOpening>(message.opening());
    if (!opening || !is_well_formed(*opening)) return std::nullopt;
    return OpenedRequest{message.number(), request_commitment(message.salt(), message.opening()),
                         message.opening(), std::move(*opening)};
}

bool still_permitted(const v1::AccessRequest& row, const std::optional<v1::ConsentGate>& gate,
                     UnixMs now) {
    bool permitted = row.gate().rule() == v1::DECISION_RULE_OPT_OUT;
    if (!gate) return permitted;
    for (const v1::GateEntry& entry : gate->entries()) {
        if (!covers(entry, row, now)) continue;
        if (entry.provision() == v1::CONSENT_PROVISION_DENY) return false;
        permitted = true;
    }
    return permitted;
}

RequestCheck check_request(const RequestFacts& facts) {
    const v1::RequestOpening& opening = facts.request.opening;
    if (opening.custodian() != facts.self) return RequestCheck::kCustodian;
    if (opening.requester() != facts.sender) return RequestCheck::kSender;
    if (!facts.row) return RequestCheck::kNotYet;
    const v1::AccessRequest& row = *facts.row;
    if (row.requester() != facts.sender) return RequestCheck::kSender;
    if (row.custodian() != facts.self) return RequestCheck::kCustodian;
    if (row.request_commitment() != facts.request.commitment.view())
        return RequestCheck::kCommitment;
    if (row.purpose() != opening.purpose() || row.action() != opening.action() ||
        row.emergency() != opening.emergency())
        return RequestCheck::kClaims;
    if (row.disclosure() != 0) return RequestCheck::kServed;
    const auto decision = row.gate().decision();
    if (row.without_card() && decision == v1::ACCESS_DECISION_PENDING)
        return row.link_id().empty() ? RequestCheck::kPending : RequestCheck::kServed;
    if (decision != v1::ACCESS_DECISION_GRANTED) return RequestCheck::kNotGranted;
    // What the ledger says of a fresh id is not yet about a patient: the link decides again.
    if (row.without_card())
        return row.link_id().empty() ? RequestCheck::kPending : RequestCheck::kServed;
    if (row.expires_unix_ms() < facts.block_time.value ||
        row.expires_unix_ms() < facts.wall_time.value)
        return RequestCheck::kExpired;
    if (!facts.link || facts.link->closed() || facts.link->custodian() != facts.self ||
        facts.link->counterparty() != facts.sender)
        return RequestCheck::kLink;
    const UnixMs now{std::max(facts.block_time.value, facts.wall_time.value)};
    return still_permitted(row, facts.gate, now) ? RequestCheck::kGood : RequestCheck::kWithdrawn;
}

bool check_card(const v1::RequestOpening& opening, const ChartOpening& chart,
                std::span<const v1::LinkSlot> slots) {
    ledger::LinkId link;
    if (opening.slot_salt().size() != kSaltBytes || !assign(link, opening.id())) return false;
    const bool ours =
        std::any_of(chart.slots.begin(), chart.slots.end(), [&](const SlotOpening& slot) {
            return slot.link == link && slot.salt == opening.slot_salt();
        });
    const Hash32 commitment = ledger::link_slot_commitment(opening.slot_salt(), chart.chart, link);
    return ours && std::any_of(slots.begin(), slots.end(), [&](const v1::LinkSlot& slot) {
               return slot.commitment() == commitment.view();
           });
}

const char* to_string(DeliveryCheck check) {
    switch (check) {
        case DeliveryCheck::kGood:
            return "good";
        case DeliveryCheck::kNotYet:
            return "not_yet";
        case DeliveryCheck::kMalformed:
            return "malformed";
        case DeliveryCheck::kUnasked:
            return "unasked";
        case DeliveryCheck::kSender:
            return "sender";
        case DeliveryCheck::kRecipient:
            return "recipient";
        case DeliveryCheck::kRequest:
            return "request";
        case DeliveryCheck::kCommitment:
            return "commitment";
        case DeliveryCheck::kEntries:
            return "entries";
        case DeliveryCheck::kSealed:
            return "sealed";
        case DeliveryCheck::kDocument:
            return "document";
        case DeliveryCheck::kResource:
            return "resource";
    }
    return "unknown";
}

bool is_dispute(DeliveryCheck check) {
    switch (check) {
        case DeliveryCheck::kCommitment:
        case DeliveryCheck::kEntries:
        case DeliveryCheck::kSealed:
        case DeliveryCheck::kDocument:
        case DeliveryCheck::kResource:
            return true;
        default:
            return false;
    }
}

namespace {

bool entries_match(const v1::RecordDelivery& delivery, const v1::DisclosureHeader& header) {
    if (static_cast<std::uint32_t>(delivery.documents_size()) != header.count()) return false;
    std::vector<Bytes> entries;
    for (const v1::DeliveredDocument& document : delivery.documents())
        entries.push_back(document.entry());
    return header.root() == entries_root(entries).view();
}

}  // namespace

DeliveryCheck check_lawful_delivery(const LawfulDeliveryFacts& facts) {
    const v1::DisclosureHeader& header = facts.header;
    if (!facts.link || facts.link->custodian() != facts.sender) return DeliveryCheck::kSender;
    if (facts.link->counterparty() != facts.self) return DeliveryCheck::kRecipient;
    if (!facts.row) return DeliveryCheck::kNotYet;
    if (!facts.expected) return DeliveryCheck::kUnasked;
    if (header.request() != 0 || facts.row->request() != 0 ||
        header.basis() == v1::LEGAL_BASIS_UNSPECIFIED || facts.row->basis() != header.basis())
        return DeliveryCheck::kRequest;
    if (facts.row->commitment() !=
        disclosure_commitment(facts.delivery.salt(), facts.delivery.header()).view())
        return DeliveryCheck::kCommitment;
    if (header.custodian() != facts.sender || header.recipient() != facts.self)
        return DeliveryCheck::kRecipient;
    return entries_match(facts.delivery, header) ? DeliveryCheck::kGood : DeliveryCheck::kEntries;
}

DeliveryCheck check_delivery(const DeliveryFacts& facts) {
    const v1::DisclosureHeader& header = facts.header;
    if (!facts.link || facts.link->custodian() != facts.sender) return DeliveryCheck::kSender;
    if (facts.link->counterparty() != facts.self) return DeliveryCheck::kRecipient;
    if (!facts.asked || !facts.request) return DeliveryCheck::kUnasked;
    if (facts.request->requester() != facts.self ||
        facts.request->request_commitment() != facts.asked->view())
        return DeliveryCheck::kUnasked;
    if (!facts.row) return DeliveryCheck::kNotYet;
    if (facts.row->request() != header.request() || header.request() == 0)
        return DeliveryCheck::kRequest;
    if (facts.row->commitment() !=
        disclosure_commitment(facts.delivery.salt(), facts.delivery.header()).view())
        return DeliveryCheck::kCommitment;
    if (header.custodian() != facts.sender || header.recipient() != facts.self)
        return DeliveryCheck::kRecipient;
    return entries_match(facts.delivery, header) ? DeliveryCheck::kGood : DeliveryCheck::kEntries;
}

}  // namespace consilium::services::ehr::exchange
