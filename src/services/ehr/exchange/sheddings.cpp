// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/sheddings.hpp"

#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/erasures.hpp"
#include "services/ehr/exchange/settle.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLedgerPatience{1000};
constexpr milliseconds kLookAgain{2000};
constexpr milliseconds kDiskAgain{5000};
constexpr std::size_t kIdBytes = 16;

bool is_order(const v1::ErasureOrder& order) {
    return order.erasure().size() == kIdBytes && order.link_id().size() == kIdBytes &&
           order.record_id().size() == kIdBytes && order.commitment().size() == Hash32::kSize &&
           order.version() != 0 && (order.disclosure() == 0) != (order.contribution() == 0) &&
           order.basis() != v1::SHRED_BASIS_UNSPECIFIED;
}

// The copies that a disclosure brought, until `look` says that it has seen enough.
template <typename Look>
Status<vault::VaultError> for_each_received(const vault::Vault& vault, BytesView link,
                                            std::uint32_t disclosure, std::uint32_t count,
                                            const Look& look) {
    std::uint32_t seen = 0;
    for (std::uint32_t page = 0; seen < count; ++page) {
        const auto row = get_row<v1::ReceivedPage>(vault, received_key(link, disclosure, page));
        if (!row) return fail(row.error());
        if (!*row || (*row)->documents().empty()) return fail(vault::VaultError::kDamaged);
        for (const v1::ReceivedDocument& document : (*row)->documents())
            if (look(document)) return Done{};
        seen += static_cast<std::uint32_t>((*row)->documents_size());
    }
    return Done{};
}

}  // namespace

Sheddings::Sheddings(const Ports& ports, BlockWait& blocks, std::uint64_t backup_days,
                     std::function<void(const Bytes& key)> poke)
    : ports_(ports),
      ledger_(ports.reads),
      blocks_(blocks),
      backup_days_(backup_days),
      poke_(std::move(poke)) {}

Status<HoldError> Sheddings::hold(BytesView link, std::uint32_t disclosure,
                                  v1::RetentionReason reason) {
    if (reason == v1::RETENTION_REASON_UNSPECIFIED) return fail(HoldError::kReason);
    const auto receiving = ports_.vault.row(receiving_key(link, disclosure));
    if (!receiving) return fail(HoldError::kDisk);
    if (!*receiving) return fail(HoldError::kUnknownDisclosure);
    v1::Hold hold;
    hold.set_reason(reason);
    hold.set_since_unix_ms(ports_.now().value);
    const std::vector<vault::Row> rows{row_of(hold_key(link, disclosure), hold)};
    if (!ports_.vault.put({}, rows)) return fail(HoldError::kDisk);
    return Done{};
}

Status<HoldError> Sheddings::release(BytesView link, std::uint32_t disclosure) {
    const Bytes key = hold_key(link, disclosure);
    const auto held = ports_.vault.row(key);
    if (!held) return fail(HoldError::kDisk);
    if (!*held) return fail(HoldError::kNoHold);
    const std::vector<vault::Row> rows{no_row(key)};
    if (!ports_.vault.put({}, rows)) return fail(HoldError::kDisk);
    return Done{};
}

Sheddings::OrderCheck Sheddings::check(const ledger::MemberId& from,
                                       const v1::ErasureOrder& order) const {
    const auto link = ledger_.link(order.link_id());
    if (!link || !*link) return OrderCheck::kNotYet;
    if ((*link)->custodian() != from || (*link)->counterparty() != ports_.member)
        return OrderCheck::kRefused;
    if (order.contribution() != 0) {
        const auto row = ledger_.contribution(order.link_id(), order.contribution());
        if (!row || !*row) return OrderCheck::kNotYet;
        if ((*row)->status() != v1::CONTRIBUTION_STATUS_ACCEPTED ||
            (*row)->commitment() != order.commitment())
            return OrderCheck::kRefused;
    } else {
        const auto row = ledger_.disclosure(order.link_id(), order.disclosure());
        if (!row || !*row) return OrderCheck::kNotYet;
    }
    if (order.share() == 0) return OrderCheck::kGood;
    const auto share = ledger_.share(order.link_id(), order.share());
    return share && *share ? OrderCheck::kGood : OrderCheck::kNotYet;
}

Result<std::optional<Bytes>, vault::VaultError> Sheddings::copy_of(
    const v1::Receiving& receiving, const v1::ErasureOrder& order) const {
    std::optional<Bytes> out;
    const auto read = for_each_received(
        ports_.vault, order.link_id(), order.disclosure(), receiving.documents(),
        [&](const v1::ReceivedDocument& document) {
            const auto entry = decode_row<v1::DisclosedDocument>(document.entry());
            if (!entry || entry->record_id() != order.record_id() ||
                entry->version() != order.version() || entry->commitment() != order.commitment())
                return false;
            out = document.record_id();
            return true;
        });
    if (!read) return fail(read.error());
    return out;
}

// What is still on its way is taken first, and then shed.
Result<std::optional<Bytes>, vault::VaultError> Sheddings::received_copy(
    const v1::ErasureOrder& order, bool& disputed) const {
    const auto receiving =
        get_row<v1::Receiving>(ports_.vault, receiving_key(order.link_id(), order.disclosure()));
    if (!receiving) return fail(receiving.error());
    if (!*receiving) return fail(vault::VaultError::kNone);
    disputed = (*receiving)->disputed();
    return copy_of(**receiving, order);
}

Result<std::optional<Bytes>, vault::VaultError> Sheddings::offered_copy(
    const v1::ErasureOrder& order) const {
    return ports_.vault.row(offer_name_key(order.link_id(), order.contribution()));
}

std::optional<Handled> Sheddings::receive(const ledger::MemberId& from,
                                          const v1::ExchangeMessage& message) {
    if (!message.has_erase()) return std::nullopt;
    return receive(from, message.erase());
}

Handled Sheddings::receive(const ledger::MemberId& from, const v1::ErasureOrder& order) {
    if (!is_order(order)) return Handled::kRefused;
    OrderCheck result = OrderCheck::kNotYet;
    (void)blocks_.until(kLedgerPatience, [&] {
        result = check(from, order);
        return result != OrderCheck::kNotYet;
    });
    if (result == OrderCheck::kNotYet) return Handled::kLater;
    const auto refuse = [&] {
        ports_.log.warning("exchange", "an order of another member to erase is refused",
                           {telemetry::Field::name("member", from)});
        return Handled::kRefused;
    };
    if (result == OrderCheck::kRefused) return refuse();
    const Bytes key = shedding_key(order.erasure(), order.number());
    const auto before = get_row<v1::Shedding>(ports_.vault, key);
    if (!before) return Handled::kLater;
    const Bytes bytes = proto::encode(order);
    if (*before) {
        const bool same = (*before)->custodian() == from && (*before)->order() == bytes;
        return same ? Handled::kDone : refuse();
    }
    bool disputed = false;
    const auto copy =
        order.contribution() != 0 ? offered_copy(order) : received_copy(order, disputed);
    if (!copy) return Handled::kLater;
    // Of a disputed disclosure nothing was kept: there is nothing to shed.
    if (!*copy && !disputed) return refuse();
    v1::Shedding shedding;
    shedding.set_state(v1::COPY_STATE_ORDERED);
    shedding.set_custodian(from);
    shedding.set_order(bytes);
    if (*copy) shedding.set_record_id(**copy);
    shedding.set_ordered_unix_ms(ports_.now().value);
    const std::vector<vault::Row> rows{row_of(key, shedding), todo(key)};
    const std::vector<vault::Row> expected{no_row(key)};
    if (!ports_.vault.put({}, rows, expected)) return Handled::kLater;
    poke_(key);
    return Handled::kDone;
}

Sheddings::Again Sheddings::step(const Bytes& key) {
    auto row = get_row<v1::Shedding>(ports_.vault, key);
    if (!row) return kDiskAgain;
    if (!*row) return std::nullopt;
    return (*row)->state() == v1::COPY_STATE_ORDERED ? decide(key, std::move(**row))
                                                     : answer(key, std::move(**row));
}

// Holds are few; each names a disclosure, and a copy may have come in more than one.
Result<v1::RetentionReason, vault::VaultError> Sheddings::held_for(BytesView record) const {
    constexpr std::size_t kPage = 256;
    Bytes after;
    for (;;) {
        const auto rows = ports_.vault.rows(hold_prefix(), after, kPage);
        if (!rows) return fail(rows.error());
        for (const vault::Row& row : *rows) {
            const auto hold = decode_row<v1::Hold>(*row.value);
            const auto name = parse_numbered(row.key, hold_prefix());
            if (!hold || !name) return fail(vault::VaultError::kDamaged);
            const auto receiving =
                get_row<v1::Receiving>(ports_.vault, receiving_key(name->first, name->second));
            if (!receiving) return fail(receiving.error());
            if (!*receiving) continue;
            bool found = false;
            const auto read = for_each_received(ports_.vault, name->first, name->second,
                                                (*receiving)->documents(),
                                                [&](const v1::ReceivedDocument& document) {
                                                    found = document.record_id() == record;
                                                    return found;
                                                });
            if (!read) return fail(read.error());
            if (found) return hold->reason();
        }
        if (rows->size() < kPage) return v1::RETENTION_REASON_UNSPECIFIED;
        after = rows->back().key;
    }
}

Sheddings::Again Sheddings::decide(const Bytes& key, v1::Shedding shedding) {
    const auto order = decode_row<v1::ErasureOrder>(shedding.order());
    if (!order) return std::nullopt;
    vault::DocumentName name;
    name.version = 1;
    const bool came = assign(name.record, shedding.record_id());
    const auto info =
        came ? ports_.vault.info(name)
             : Result<vault::DocumentInfo, vault::VaultError>(fail(vault::VaultError::kNone));
    if (!info && info.error() != vault::VaultError::kNone) return kDiskAgain;
    // What is gone is gone, whoever holds it since: a crash may have come after the shredding.
    const bool here = info && info->state == vault::State::kStored;
    // What our own clinician wrote is our record, whoever took it over.
    const bool own = order->contribution() != 0;
    const auto reason = here && !own ? held_for(shedding.record_id())
                                     : Result<v1::RetentionReason, vault::VaultError>(
                                           here ? v1::RETENTION_REASON_OWN_RECORD
                                                : v1::RETENTION_REASON_UNSPECIFIED);
    if (!reason) return kDiskAgain;
    shedding.set_reason(*reason);
    shedding.set_state(*reason == v1::RETENTION_REASON_UNSPECIFIED ? v1::COPY_STATE_ERASED
                                                                   : v1::COPY_STATE_RETAINED);
    if (shedding.state() == v1::COPY_STATE_ERASED) {
        const std::vector<vault::DocumentName> names{name};
        // Also of one that is gone: only then it is purged, too.
        if (info && !ports_.vault.shred(names)) return kDiskAgain;
        shedding.set_last_backup_expires_unix_ms(last_backup_expires(ports_.now(), backup_days_));
    }
    if (order->share() != 0) {
        auto transaction = compose_receipt(shedding, *order);
        if (!transaction) return kDiskAgain;
        shedding.set_transaction(std::move(*transaction));
    }
    const std::vector<vault::Row> rows{row_of(key, shedding)};
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    return answer(key, std::move(shedding));
}

std::optional<Bytes> Sheddings::compose_receipt(const v1::Shedding& shedding,
                                                const v1::ErasureOrder& order) const {
    std::vector<v1::DocumentsCommand> commands(2);
    commands[0].mutable_acknowledge_share()->set_link_id(order.link_id());
    commands[0].mutable_acknowledge_share()->set_sequence(order.share());
    if (shedding.state() == v1::COPY_STATE_RETAINED) {
        v1::RetainShare& retain = *commands[1].mutable_retain_share();
        retain.set_link_id(order.link_id());
        retain.set_sequence(order.share());
        retain.set_reason(shedding.reason());
    } else {
        v1::ShredShare& shred = *commands[1].mutable_shred_share();
        shred.set_link_id(order.link_id());
        shred.set_sequence(order.share());
        shred.set_basis(order.basis());
        shred.set_last_backup_expires_unix_ms(shedding.last_backup_expires_unix_ms());
    }
    return compose_documents(ports_, commands);
}

Sheddings::Again Sheddings::answer(const Bytes& key, v1::Shedding shedding) {
    const auto order = decode_row<v1::ErasureOrder>(shedding.order());
    if (!order) return std::nullopt;
    if (!shedding.transaction().empty()) {
        const auto settled =
            settle(ports_, shedding.transaction(), [poke = poke_, key] { poke(key); });
        if (settled.state == Settlement::State::kWaiting) return kLookAgain;
        if (settled.state == Settlement::State::kLapsed) {
            auto transaction = compose_receipt(shedding, *order);
            if (!transaction) return kDiskAgain;
            shedding.set_transaction(std::move(*transaction));
            const std::vector<vault::Row> rows{row_of(key, shedding)};
            return ports_.vault.put({}, rows) ? milliseconds(0) : kDiskAgain;
        }
    }
    v1::ExchangeMessage message;
    v1::ErasureAnswer& erased = *message.mutable_erased();
    erased.set_erasure(order->erasure());
    erased.set_number(order->number());
    erased.set_state(shedding.state());
    erased.set_reason(shedding.reason());
    erased.set_last_backup_expires_unix_ms(shedding.last_backup_expires_unix_ms());
    if (!ports_.channel.send(shedding.custodian(),
                             message_name("erased", order->erasure(), order->number()),
                             proto::encode(message)))
        return kDiskAgain;
    shedding.clear_transaction();
    const std::vector<vault::Row> rows{row_of(key, shedding), no_todo(key)};
    return ports_.vault.put({}, rows) ? Again() : kDiskAgain;
}

}  // namespace consilium::services::ehr::exchange
