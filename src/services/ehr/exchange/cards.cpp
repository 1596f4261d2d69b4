// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/cards.hpp"

#include "base/hex.hpp"
#include "crypto/sign.hpp"
#include "formats/fhir/primitive.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/vault_rows.hpp"
#include "services/ehr/rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr std::size_t kCardBytesMax = 4096;
constexpr std::size_t kCardMembers = 4;
constexpr std::size_t kListStep = 256;

bool is_well_formed(const v1::ChartCard& card) {
    return ledger::is_member_id(card.custodian()) &&
           card.link_id().size() == ledger::LinkId::kSize &&
           card.slot_salt().size() == kSaltBytes && formats::fhir::is_logical_id(card.patient());
}

std::optional<v1::ChartCard> card_of(const formats::json::Value& json) {
    const auto text = [&](std::string_view name) -> std::string {
        const auto* value = json.find(name);
        return value != nullptr && value->is_string() ? std::string(value->string())
                                                      : std::string();
    };
    const auto link = from_hex(text("link"));
    const auto salt = from_hex(text("salt"));
    if (!link || !salt) return std::nullopt;
    v1::ChartCard card;
    card.set_custodian(text("custodian"));
    card.set_link_id(*link);
    card.set_patient(text("patient"));
    card.set_slot_salt(*salt);
    if (!is_well_formed(card)) return std::nullopt;
    return card;
}

bool is_same(const v1::ChartCard& a, const v1::ChartCard& b) {
    return proto::encode(a) == proto::encode(b);
}

bool is_order(const v1::IssuedCard& issued, const CardOrder& order) {
    return issued.patient() == order.patient && issued.counterparty() == order.counterparty &&
           issued.algorithm() == static_cast<std::uint32_t>(order.algorithm) &&
           issued.public_key() == order.public_key;
}

}  // namespace

const char* to_string(CardError error) {
    switch (error) {
        case CardError::kMalformed:
            return "malformed";
        case CardError::kUnknownLink:
            return "unknown_link";
        case CardError::kNotOurs:
            return "not_ours";
        case CardError::kOtherCard:
            return "other_card";
        case CardError::kLocalPatient:
            return "local_patient";
        case CardError::kHeldCard:
            return "held_card";
        case CardError::kTakenLink:
            return "taken_link";
        case CardError::kUnknownPatient:
            return "unknown_patient";
        case CardError::kUnknownMember:
            return "unknown_member";
        case CardError::kNoSlot:
            return "no_slot";
        case CardError::kRejected:
            return "rejected";
        case CardError::kNotNow:
            return "not_now";
        case CardError::kDisk:
            return "disk";
    }
    return "unknown";
}

std::string write_card(const v1::ChartCard& card) {
    std::string out;
    formats::json::Writer writer(out);
    writer.begin_object();
    writer.member("custodian", card.custodian());
    writer.member("link", to_hex(card.link_id()));
    writer.member("patient", card.patient());
    writer.member("salt", to_hex(card.slot_salt()));
    writer.end_object();
    return out;
}

std::optional<v1::ChartCard> read_card(const std::string& json) {
    const auto parsed = formats::json::parse(json, kCardBytesMax);
    if (!parsed || !parsed->root().is_object() || parsed->root().object().size() != kCardMembers)
        return std::nullopt;
    return card_of(parsed->root());
}

std::optional<Keeping> read_keeping(const std::string& json) {
    const auto parsed = formats::json::parse(json, kCardBytesMax);
    if (!parsed || !parsed->root().is_object()) return std::nullopt;
    const auto* replace = parsed->root().find("replace");
    const bool said = replace != nullptr;
    if (parsed->root().object().size() != kCardMembers + (said ? 1 : 0) ||
        (said && !replace->is_boolean()))
        return std::nullopt;
    auto card = card_of(parsed->root());
    if (!card) return std::nullopt;
    return Keeping{std::move(*card), said && replace->boolean()};
}

Result<std::optional<v1::ChartCard>, CardError> Cards::other_by_link(
    BytesView link, std::string_view patient) const {
    for (std::string after;;) {
        const auto cards = list(after, kListStep);
        if (!cards) return fail(cards.error());
        for (const v1::ChartCard& card : *cards)
            if (card.link_id() == link && card.patient() != patient) return std::optional(card);
        if (cards->size() < kListStep) return std::optional<v1::ChartCard>();
        after = cards->back().patient();
    }
}

Result<bool, CardError> Cards::gives_way(const v1::ChartCard& before,
                                         const v1::ChartCard& card) const {
    if (is_same(before, card)) return true;
    const auto link = ledger_.link(before.link_id());
    if (!link) return fail(CardError::kDisk);
    return !*link || (*link)->closed();
}

Status<CardError> Cards::import(const v1::ChartCard& card, bool replace) {
    if (!is_well_formed(card)) return fail(CardError::kMalformed);
    const auto link = ledger_.link(card.link_id());
    if (!link) return fail(CardError::kDisk);
    if (!*link || (*link)->closed()) return fail(CardError::kUnknownLink);
    if ((*link)->counterparty() != ports_.member || (*link)->custodian() != card.custodian())
        return fail(CardError::kNotOurs);
    const std::lock_guard lock(importing_);
    const Bytes key = card_key(card.patient());
    const Bytes local_key = resource_key("Patient", card.patient());
    const auto local = ports_.vault.row(local_key);
    if (!local) return fail(CardError::kDisk);
    if (*local) return fail(CardError::kLocalPatient);
    const auto before = get_row<v1::ChartCard>(ports_.vault, key);
    if (!before) return fail(CardError::kDisk);
    if (*before && (*before)->custodian() != card.custodian()) return fail(CardError::kOtherCard);
    if (*before && !replace) {
        const auto gives = gives_way(**before, card);
        if (!gives) return fail(gives.error());
        if (!*gives) return fail(CardError::kHeldCard);
    }
    const auto other = other_by_link(card.link_id(), card.patient());
    if (!other) return fail(other.error());
    if (*other && !replace) return fail(CardError::kTakenLink);
    std::vector<vault::Row> rows{row_of(key, card)};
    if (*other) rows.push_back(no_row(card_key((*other)->patient())));
    // Nor has a patient of our own come under that id meanwhile.
    const std::vector<vault::Row> expected{*before ? row_of(key, **before) : no_row(key),
                                           no_row(local_key)};
    const auto stored = ports_.vault.put({}, rows, expected);
    if (!stored)
        return fail(stored.error() == vault::VaultError::kConflict ? CardError::kNotNow
                                                                   : CardError::kDisk);
    return Done{};
}

Result<std::optional<v1::ChartCard>, CardError> Cards::find(std::string_view patient) const {
    if (!formats::fhir::is_logical_id(patient)) return std::optional<v1::ChartCard>();
    auto row = get_row<v1::ChartCard>(ports_.vault, card_key(patient));
    if (!row) return fail(CardError::kDisk);
    return std::move(row).value();
}

Result<std::vector<v1::ChartCard>, CardError> Cards::list(std::string_view after,
                                                          std::size_t limit) const {
    const auto rows =
        ports_.vault.rows(card_prefix(), after.empty() ? Bytes() : card_key(after), limit);
    if (!rows) return fail(CardError::kDisk);
    std::vector<v1::ChartCard> out;
    for (const vault::Row& row : *rows) {
        auto card = decode_row<v1::ChartCard>(*row.value);
        if (!card) return fail(CardError::kDisk);
        out.push_back(std::move(*card));
    }
    return out;
}

// The slot that this order has already, or the first that nobody has. The last one is left for an
// emergency, which cannot wait until there are more.
Result<SlotOpening, CardError> Cards::claim(const CardOrder& order, v1::IssuedCard& issued) const {
    const auto chart = ports_.records.chart(order.patient);
    if (!chart) return fail(CardError::kDisk);
    if (!*chart) return fail(CardError::kUnknownPatient);
    std::optional<SlotOpening> unused;
    bool another = false;
    for (const SlotOpening& slot : (*chart)->slots) {
        auto row = get_row<v1::IssuedCard>(ports_.vault, issued_key(slot.link.view()));
        if (!row) return fail(CardError::kDisk);
        if (*row && is_order(**row, order)) {
            issued = std::move(**row);
            return slot;
        }
        if (*row || another) continue;
        const auto link = ledger_.link(slot.link.view());
        if (!link) return fail(CardError::kDisk);
        if (*link) continue;
        another = unused.has_value();
        if (!another) unused = slot;
    }
    if (!another) return fail(CardError::kNoSlot);
    issued.set_patient(order.patient);
    issued.set_counterparty(order.counterparty);
    issued.set_algorithm(static_cast<std::uint32_t>(order.algorithm));
    issued.set_public_key(order.public_key);
    issued.set_slot_salt(unused->salt);
    return *unused;
}

std::optional<Bytes> Cards::open_link(const CardOrder& order, const ledger::LinkId& link) const {
    v1::ChartsCommand command;
    v1::OpenLink& open = *command.mutable_open_link();
    open.set_link_id(link.bytes());
    open.set_counterparty(order.counterparty);
    open.set_algorithm(order.algorithm);
    open.set_public_key(order.public_key);
    v1::Command out;
    out.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kCharts));
    out.set_payload(proto::encode(command));
    auto transaction = ports_.author.compose(v1::ROLE_SERVICE, {out});
    if (!transaction) return std::nullopt;
    return std::move(transaction).value();
}

void Cards::issue(const CardOrder& order, Issued done) {
    if (!ledger::is_member_id(order.counterparty) || order.counterparty == ports_.member)
        return done(fail(CardError::kUnknownMember));
    const auto algorithm = crypto::algorithm_from_id(static_cast<std::uint32_t>(order.algorithm));
    if (!algorithm || !crypto::is_public_key(*algorithm, order.public_key))
        return done(fail(CardError::kMalformed));
    v1::IssuedCard issued;
    const auto slot = claim(order, issued);
    if (!slot) return done(fail(slot.error()));
    v1::ChartCard card;
    card.set_custodian(ports_.member);
    card.set_link_id(slot->link.bytes());
    card.set_slot_salt(slot->salt);
    card.set_patient(order.patient);
    const auto link = ledger_.link(slot->link.view());
    if (!link) return done(fail(CardError::kDisk));
    if (*link) {
        if ((*link)->closed()) return done(fail(CardError::kUnknownLink));
        return done(std::move(card));
    }
    auto transaction = open_link(order, slot->link);
    if (!transaction) return done(fail(CardError::kNotNow));
    const Bytes key = issued_key(slot->link.view());
    const bool first = issued.transaction().empty();
    const auto before = first ? no_row(key) : row_of(key, issued);
    issued.set_transaction(*transaction);
    const std::vector<vault::Row> rows{row_of(key, issued)};
    const std::vector<vault::Row> expected{before};
    if (const auto stored = ports_.vault.put({}, rows, expected); !stored)
        return done(fail(stored.error() == vault::VaultError::kConflict ? CardError::kNotNow
                                                                        : CardError::kDisk));
    // Of an order that was under way already, the first transaction may have been faster.
    const CardError rejected = first ? CardError::kRejected : CardError::kNotNow;
    ports_.submit.submit(std::move(*transaction), [done = std::move(done), card = std::move(card),
                                                   rejected](auto committed) {
        if (!committed) return done(fail(CardError::kNotNow));
        const auto outcome = ledger::decode_outcome(committed->outcome);
        if (!outcome || !outcome->applied()) return done(fail(rejected));
        done(card);
    });
}

}  // namespace consilium::services::ehr::exchange
