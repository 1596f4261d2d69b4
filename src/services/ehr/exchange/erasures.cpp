// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/erasures.hpp"

#include <algorithm>

#include "crypto/random.hpp"
#include "ledger/commitment.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/vault_rows.hpp"
#include "services/ehr/store.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookAgain{2000};
constexpr milliseconds kDiskAgain{5000};
constexpr std::size_t kErasureIdBytes = 16;
constexpr std::size_t kRowsPerStep = 256;
constexpr std::uint64_t kDayMs = 86'400'000;
// Codes of contract 4 (docs/formats/contracts.md).
constexpr std::uint32_t kLeafTouched = 15;
constexpr std::uint32_t kShredded = 17;

std::vector<vault::DocumentName> names_of(const v1::Erasure& erasure) {
    std::vector<vault::DocumentName> out;
    ledger::RecordId record;
    (void)assign(record, erasure.record_id());
    for (const std::uint32_t version : erasure.versions())
        out.push_back({record, version});
    return out;
}

bool is_answer(const v1::ErasureAnswer& answer) {
    if (answer.state() == v1::COPY_STATE_ERASED)
        return answer.reason() == v1::RETENTION_REASON_UNSPECIFIED;
    return answer.state() == v1::COPY_STATE_RETAINED &&
           answer.reason() != v1::RETENTION_REASON_UNSPECIFIED;
}

// What the holder has said on the ledger, beside what it says to us.
Handled check_receipt(const v1::Share& share, const std::optional<v1::Link>& link,
                      const v1::ErasureAnswer& answer) {
    if (share.status() == v1::SHARE_STATUS_SHREDDED)
        return answer.state() == v1::COPY_STATE_ERASED ? Handled::kDone : Handled::kRefused;
    if (share.status() == v1::SHARE_STATUS_RETAINED)
        return answer.state() == v1::COPY_STATE_RETAINED &&
                       share.retention_reason() == answer.reason()
                   ? Handled::kDone
                   : Handled::kRefused;
    // Over a link that was closed meanwhile it can say nothing there.
    return link && link->closed() ? Handled::kDone : Handled::kLater;
}

}  // namespace

const char* to_string(ErasureError error) {
    switch (error) {
        case ErasureError::kMalformed:
            return "malformed";
        case ErasureError::kUnknownResource:
            return "unknown_resource";
        case ErasureError::kUnknownVersion:
            return "unknown_version";
        case ErasureError::kTooMany:
            return "too_many";
        case ErasureError::kOtherErasure:
            return "other_erasure";
        case ErasureError::kDisk:
            return "disk";
    }
    return "unknown";
}

std::uint64_t last_backup_expires(UnixMs now, std::uint64_t days) {
    return days == 0 ? 0 : now.value + days * kDayMs;
}

std::optional<Bytes> compose_documents(const Ports& ports,
                                       const std::vector<v1::DocumentsCommand>& commands) {
    std::vector<v1::Command> wrapped;
    for (const v1::DocumentsCommand& command : commands) {
        v1::Command& out = wrapped.emplace_back();
        out.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kDocuments));
        out.set_payload(proto::encode(command));
    }
    auto transaction = ports.author.compose(v1::ROLE_SERVICE, wrapped);
    if (transaction) return std::move(transaction).value();
    ports.log.error("exchange", "no transaction can be made",
                    {telemetry::Field::name("reason", to_string(transaction.error()))});
    return std::nullopt;
}

Erasures::Erasures(const Ports& ports, const HeldRecords& held, std::uint64_t backup_days,
                   std::function<void(const Bytes& key)> poke)
    : ports_(ports),
      ledger_(ports.reads),
      held_(held),
      backup_days_(backup_days),
      poke_(std::move(poke)) {}

Result<v1::Erasure, ErasureError> Erasures::plan(const ErasureRequest& request,
                                                 const HeldRecord& held) const {
    v1::Erasure out;
    out.set_state(v1::ERASURE_STATE_SHREDDING);
    out.set_resource_type(request.type);
    out.set_resource_id(request.resource);
    out.set_patient(held.patient);
    out.set_record_id(held.record.bytes());
    if (!held.chart.is_zero()) out.set_chart_id(held.chart.bytes());
    if (request.version && (*request.version == 0 || *request.version > held.version))
        return fail(ErasureError::kUnknownVersion);
    if (!request.version && held.version > kErasedVersionsMax) return fail(ErasureError::kTooMany);
    const std::uint32_t first = request.version.value_or(1);
    for (std::uint32_t version = first; version <= request.version.value_or(held.version);
         ++version)
        out.add_versions(version);
    out.set_whole(static_cast<std::uint32_t>(out.versions_size()) == held.version);
    out.set_basis(request.basis);
    out.set_ordered_unix_ms(ports_.now().value);
    return out;
}

namespace {

bool asks_for_the_same(const v1::Erasure& erasure, const ErasureRequest& request) {
    if (!request.version) return erasure.whole();
    return erasure.versions_size() == 1 && erasure.versions(0) == *request.version;
}

}  // namespace

Result<v1::Erasure, ErasureError> Erasures::order(const ErasureRequest& request) {
    if (request.id.size() != kErasureIdBytes || request.basis == v1::SHRED_BASIS_UNSPECIFIED)
        return fail(ErasureError::kMalformed);
    const Bytes key = erasure_key(request.id);
    for (;;) {
        auto before = get_row<v1::Erasure>(ports_.vault, key);
        if (!before) return fail(ErasureError::kDisk);
        if (*before) {
            const bool same = (*before)->resource_type() == request.type &&
                              (*before)->resource_id() == request.resource &&
                              (*before)->basis() == request.basis &&
                              asks_for_the_same((**before), request);
            if (!same) return fail(ErasureError::kOtherErasure);
            return std::move(**before);
        }
        const auto held = held_.held(request.type, request.resource);
        if (!held) return fail(ErasureError::kDisk);
        if (!*held) return fail(ErasureError::kUnknownResource);
        auto erasure = plan(request, **held);
        if (!erasure) return fail(erasure.error());
        std::vector<vault::Row> rows{row_of(key, *erasure), todo(key)};
        std::vector<vault::Row> expected{no_row(key), (*held)->row};
        // With its current version goes the resource; whoever is changing it just now is too late.
        const auto last = erasure->versions(erasure->versions_size() - 1);
        if (last == (*held)->version) rows.push_back((*held)->erased);
        const auto stored = ports_.vault.put({}, rows, expected);
        if (!stored && stored.error() == vault::VaultError::kConflict) continue;
        if (!stored) return fail(ErasureError::kDisk);
        // Should this fail, the row has it finished.
        if (!destroy(*erasure)) {
            poke_(key);
            return fail(ErasureError::kDisk);
        }
        poke_(key);
        return erasure;
    }
}

bool Erasures::destroy(const v1::Erasure& erasure) {
    const auto names = with_contents(ports_.vault, names_of(erasure));
    return names && ports_.vault.shred(*names);
}

Result<std::optional<Erasures::Status>, vault::VaultError> Erasures::status(BytesView id) const {
    auto erasure = get_row<v1::Erasure>(ports_.vault, erasure_key(id));
    if (!erasure) return fail(erasure.error());
    if (!*erasure) return std::optional<Status>();
    Status out{std::move(**erasure), {}};
    for (std::uint32_t i = 0; i < out.erasure.copies(); ++i) {
        auto copy = get_row<v1::HeldCopy>(ports_.vault, copy_key(id, i));
        if (!copy) return fail(copy.error());
        if (!*copy) return fail(vault::VaultError::kDamaged);
        out.copies.push_back(std::move(**copy));
    }
    return std::optional<Status>(std::move(out));
}

Erasures::Again Erasures::step(const Bytes& key) {
    return key.starts_with(copy_prefix()) ? step_copy(key) : step_erasure(key);
}

Erasures::Again Erasures::step_erasure(const Bytes& key) {
    auto row = get_row<v1::Erasure>(ports_.vault, key);
    if (!row) return kDiskAgain;
    if (!*row) return std::nullopt;
    switch ((*row)->state()) {
        case v1::ERASURE_STATE_SHREDDING:
            return shred(key, std::move(**row));
        case v1::ERASURE_STATE_ANCHORING:
            return anchor(key, std::move(**row));
        case v1::ERASURE_STATE_ORDERING:
            return find_copies(key, std::move(**row));
        default:
            return std::nullopt;
    }
}

Erasures::Again Erasures::shred(const Bytes& key, v1::Erasure erasure) {
    // Flushed and compacted when it returns: nothing is signed before.
    if (!destroy(erasure)) return kDiskAgain;
    const UnixMs now = ports_.now();
    erasure.set_shredded_unix_ms(now.value);
    erasure.set_last_backup_expires_unix_ms(last_backup_expires(now, backup_days_));
    // The ledger knows records as wholes: of one version that goes from among others it says
    // nothing.
    erasure.set_state(erasure.whole() ? v1::ERASURE_STATE_ANCHORING : v1::ERASURE_STATE_ORDERING);
    const std::vector<vault::Row> rows{row_of(key, erasure)};
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    return milliseconds(0);
}

Erasures::Again Erasures::anchor(const Bytes& key, v1::Erasure erasure) {
    ledger::RecordId record;
    ledger::ChartId chart;
    (void)assign(record, erasure.record_id());
    (void)assign(chart, erasure.chart_id());
    const auto anchored = held_.anchored(record, chart);
    if (!anchored) return kDiskAgain;
    // What is not anchored yet will be: its commitment is still known, and opens to nothing.
    const auto newest = erasure.versions(erasure.versions_size() - 1);
    if (!*anchored || (*anchored)->version < newest) return kLookAgain;
    if (erasure.transaction().empty()) {
        v1::DocumentsCommand command;
        *command.mutable_shred_record()->mutable_record() = (*anchored)->ref;
        command.mutable_shred_record()->set_basis(erasure.basis());
        command.mutable_shred_record()->set_last_backup_expires_unix_ms(
            erasure.last_backup_expires_unix_ms());
        auto transaction = compose_documents(ports_, {command});
        if (!transaction) return kDiskAgain;
        erasure.set_transaction(std::move(*transaction));
        const std::vector<vault::Row> rows{row_of(key, erasure)};
        if (!ports_.vault.put({}, rows)) return kDiskAgain;
    }
    const auto settled = settle(ports_, erasure.transaction(), [poke = poke_, key] { poke(key); });
    if (settled.state == Settlement::State::kWaiting) return kLookAgain;
    erasure.clear_transaction();
    std::vector<vault::Row> rows;
    const bool rejected = settled.state == Settlement::State::kRejected;
    if (settled.state == Settlement::State::kLapsed ||
        (rejected && settled.outcome.code == kLeafTouched)) {
        rows.push_back(row_of(key, erasure));
        return ports_.vault.put({}, rows) ? kLookAgain : kDiskAgain;
    }
    // Shredded before: an erasure ordered twice.
    erasure.set_unanchored(rejected && settled.outcome.code != kShredded);
    erasure.set_sequence((*anchored)->sequence);
    if (settled.outcome.assigned.size() == 1) {
        erasure.set_sequence(settled.outcome.assigned[0]);
        auto touched = held_.touched(record, erasure.sequence());
        if (!touched) return kDiskAgain;
        rows.push_back(std::move(touched).value());
    }
    erasure.set_state(v1::ERASURE_STATE_ORDERING);
    rows.push_back(row_of(key, erasure));
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    return milliseconds(0);
}

namespace {

// The keys of the copies of that erasure that have rows already; they leave `copies`.
std::optional<std::vector<Bytes>> written_copies(const vault::Vault& vault, BytesView id,
                                                 std::vector<v1::HeldCopy>& copies) {
    std::vector<Bytes> keys;
    for (;;) {
        Bytes key = copy_key(id, static_cast<std::uint32_t>(keys.size()));
        const auto row = get_row<v1::HeldCopy>(vault, key);
        if (!row) return std::nullopt;
        if (!*row) return keys;
        const v1::HeldCopy& written = **row;
        std::erase_if(copies, [&](const v1::HeldCopy& copy) {
            return copy.link_id() == written.link_id() && copy.version() == written.version() &&
                   copy.contribution() == written.contribution();
        });
        keys.push_back(std::move(key));
    }
}

}  // namespace

Erasures::Again Erasures::find_copies(const Bytes& key, v1::Erasure erasure) {
    ledger::ChartId chart;
    if (!erasure.chart_id().empty() && !assign(chart, erasure.chart_id())) return kDiskAgain;
    const auto links = held_.links(chart);
    if (!links) return kDiskAgain;
    auto copies = find_sent(ports_.vault, erasure, *links);
    if (!copies) return kDiskAgain;
    if (!*copies) return kLookAgain;
    const BytesView id = BytesView(key).substr(erasure_prefix().size());
    // A crash may have come when some were written: those have gone on, under their numbers.
    auto keys = written_copies(ports_.vault, id, **copies);
    if (!keys) return kDiskAgain;
    std::vector<vault::Row> rows;
    for (const v1::HeldCopy& copy : **copies) {
        const auto number = static_cast<std::uint32_t>(keys->size());
        keys->push_back(copy_key(id, number));
        rows.push_back(row_of(keys->back(), copy));
        rows.push_back(todo(keys->back()));
        if (rows.size() < kRowsPerStep) continue;
        if (!ports_.vault.put({}, rows)) return kDiskAgain;
        rows.clear();
    }
    erasure.set_copies(static_cast<std::uint32_t>(keys->size()));
    erasure.set_state(v1::ERASURE_STATE_ORDERED);
    rows.push_back(row_of(key, erasure));
    rows.push_back(no_todo(key));
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    for (const Bytes& copy : *keys)
        poke_(copy);
    return std::nullopt;
}

Erasures::Again Erasures::step_copy(const Bytes& key) {
    auto row = get_row<v1::HeldCopy>(ports_.vault, key);
    if (!row) return kDiskAgain;
    if (!*row || (*row)->state() != v1::COPY_STATE_SHARING) return std::nullopt;
    return share(key, std::move(**row));
}

std::optional<Hash32> Erasures::record_commitment(const Bytes& key,
                                                  const v1::HeldCopy& copy) const {
    const auto name = parse_numbered(key, copy_prefix());
    const auto erasure = name ? get_row<v1::Erasure>(ports_.vault, erasure_key(name->first))
                              : Result<std::optional<v1::Erasure>, vault::VaultError>(std::nullopt);
    ledger::RecordId record;
    ledger::ChartId chart;
    if (!erasure || !*erasure || !assign(record, copy.record_id()) ||
        !assign(chart, (*erasure)->chart_id()))
        return std::nullopt;
    const auto anchored = held_.anchored(record, chart);
    if (!anchored || !*anchored) return std::nullopt;
    const std::uint64_t sequence = (*anchored)->sequence != 0
                                       ? (*anchored)->sequence
                                       : (*anchored)->ref.leaf().manifest_sequence();
    return ledger::shared_record_commitment(copy.salt(), ledger::record_list(chart), sequence,
                                            copy.version());
}

// The receipt that the holder shall leave on the ledger needs a row there that is about this copy:
// a share, which names the record by a commitment of its own, so that nothing ties link and chart.
Erasures::Again Erasures::share(const Bytes& key, v1::HeldCopy copy) {
    if (copy.transaction().empty()) {
        const auto link = ledger_.link(copy.link_id());
        if (!link) return kDiskAgain;
        copy.set_salt(crypto::random_bytes(kSaltBytes));
        const auto commitment = record_commitment(key, copy);
        if (!*link || (*link)->closed() || !commitment) return order_copy(key, std::move(copy));
        v1::DocumentsCommand command;
        command.mutable_share_record()->set_link_id(copy.link_id());
        command.mutable_share_record()->set_record_commitment(commitment->bytes());
        auto transaction = compose_documents(ports_, {command});
        if (!transaction) return kDiskAgain;
        copy.set_transaction(std::move(*transaction));
        const std::vector<vault::Row> rows{row_of(key, copy)};
        if (!ports_.vault.put({}, rows)) return kDiskAgain;
    }
    const auto settled = settle(ports_, copy.transaction(), [poke = poke_, key] { poke(key); });
    if (settled.state == Settlement::State::kWaiting) return kLookAgain;
    copy.clear_transaction();
    if (settled.state == Settlement::State::kLapsed) {
        const std::vector<vault::Row> rows{row_of(key, copy)};
        return ports_.vault.put({}, rows) ? milliseconds(0) : kDiskAgain;
    }
    if (settled.outcome.assigned.size() == 1)
        copy.set_share(static_cast<std::uint32_t>(settled.outcome.assigned[0]));
    return order_copy(key, std::move(copy));
}

Erasures::Again Erasures::order_copy(const Bytes& key, v1::HeldCopy copy) {
    const auto name = parse_numbered(key, copy_prefix());
    if (!name) return std::nullopt;
    v1::ExchangeMessage message;
    v1::ErasureOrder& order = *message.mutable_erase();
    order.set_erasure(name->first);
    order.set_number(name->second);
    order.set_link_id(copy.link_id());
    order.set_disclosure(copy.disclosure());
    order.set_contribution(copy.contribution());
    order.set_record_id(copy.record_id());
    order.set_version(copy.version());
    order.set_commitment(copy.commitment());
    order.set_basis(copy.basis());
    order.set_share(copy.share());
    // The row changes when it is told: until then the same transaction tells the same share.
    if (!ports_.channel.send(copy.holder(), message_name("erase", name->first, name->second),
                             proto::encode(message)))
        return kDiskAgain;
    copy.set_state(v1::COPY_STATE_ORDERED);
    const std::vector<vault::Row> rows{row_of(key, copy), no_todo(key)};
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    return std::nullopt;
}

std::optional<Handled> Erasures::receive(const ledger::MemberId& from,
                                         const v1::ExchangeMessage& message) {
    if (!message.has_erased()) return std::nullopt;
    return receive(from, message.erased());
}

Handled Erasures::receive(const ledger::MemberId& from, const v1::ErasureAnswer& answer) {
    if (answer.erasure().size() != kErasureIdBytes || !is_answer(answer)) return Handled::kRefused;
    const Bytes key = copy_key(answer.erasure(), answer.number());
    auto row = get_row<v1::HeldCopy>(ports_.vault, key);
    if (!row) return Handled::kLater;
    if (!*row || (*row)->holder() != from) return Handled::kRefused;
    v1::HeldCopy& copy = **row;
    if (copy.state() == v1::COPY_STATE_SHARING) return Handled::kLater;
    if (copy.state() != v1::COPY_STATE_ORDERED)
        return copy.state() == answer.state() ? Handled::kDone : Handled::kRefused;
    if (copy.share() != 0) {
        const auto share = ledger_.share(copy.link_id(), copy.share());
        const auto link = ledger_.link(copy.link_id());
        if (!share || !link || !*share) return Handled::kLater;
        if (const Handled said = check_receipt(**share, *link, answer); said != Handled::kDone)
            return said;
    }
    const std::vector<vault::Row> expected{row_of(key, copy)};
    copy.set_state(answer.state());
    copy.set_reason(answer.reason());
    copy.set_last_backup_expires_unix_ms(answer.last_backup_expires_unix_ms());
    copy.set_answered_unix_ms(ports_.now().value);
    const std::vector<vault::Row> rows{row_of(key, copy)};
    return ports_.vault.put({}, rows, expected) ? Handled::kDone : Handled::kLater;
}

}  // namespace consilium::services::ehr::exchange
