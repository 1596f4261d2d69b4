// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/custodian.hpp"

#include "crypto/random.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/outgoing.hpp"
#include "services/ehr/exchange/seal.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using std::chrono::milliseconds;

// How long a message may wait for this copy of the ledger before it is told to come again.
constexpr milliseconds kLedgerPatience{1000};
constexpr milliseconds kLookAgain{2000};
constexpr milliseconds kDiskAgain{5000};
// Deliveries kept ready in memory while the ledger commits.
constexpr std::size_t kPreparedBytesMax = 64U << 20U;

// The reason on the ledger for what the exchange itself found wrong.
v1::RefusalReason reason_of(RequestCheck check) {
    switch (check) {
        case RequestCheck::kClaims:
            return v1::REFUSAL_REASON_NOT_NAMED;
        case RequestCheck::kWithdrawn:
            return v1::REFUSAL_REASON_PRIVACY;
        default:
            return v1::REFUSAL_REASON_UNSPECIFIED;
    }
}

std::vector<vault::Row> judged_rows(const Bytes& id, std::uint32_t number,
                                    const std::vector<v1::JudgedVersion>& judged) {
    std::vector<vault::Row> rows;
    for (std::size_t i = 0; i < judged.size(); i += kEntriesPerPage) {
        v1::JudgedPage page;
        for (std::size_t j = i; j < std::min(judged.size(), i + kEntriesPerPage); ++j)
            *page.add_versions() = judged[j];
        rows.push_back(
            row_of(judged_key(id, number, static_cast<std::uint32_t>(i / kEntriesPerPage)), page));
    }
    return rows;
}

Result<std::vector<v1::JudgedVersion>, vault::VaultError> read_judged(const vault::Vault& vault,
                                                                      const Bytes& id,
                                                                      std::uint32_t number,
                                                                      std::uint32_t count) {
    std::vector<v1::JudgedVersion> out;
    for (std::uint32_t page = 0; out.size() < count; ++page) {
        const auto row = get_row<v1::JudgedPage>(vault, judged_key(id, number, page));
        if (!row) return fail(row.error());
        if (!*row || (*row)->versions().empty()) return fail(vault::VaultError::kDamaged);
        out.insert(out.end(), (*row)->versions().begin(), (*row)->versions().end());
    }
    return out;
}

OpenedRequest opened(const v1::Serving& serving) {
    OpenedRequest out;
    out.number = serving.number();
    out.opening_bytes = serving.opening();
    (void)assign(out.commitment, serving.request_commitment());
    if (auto opening = decode_row<v1::RequestOpening>(serving.opening()))
        out.opening = std::move(*opening);
    // Without a card: once it is bound, it asks under the link, for the patient who was found.
    const bool bound = !serving.patient().empty() && serving.bound_link().empty();
    if (bound) {
        out.opening.set_id(serving.link_id());
        out.opening.set_patient(serving.patient());
        out.opening.set_slot_salt(serving.slot_salt());
    }
    return out;
}

}  // namespace

Custodian::Custodian(const Ports& ports, BlockWait& blocks,
                     std::function<void(const Bytes& key)> poke)
    : ports_(ports),
      ledger_(ports.reads),
      blocks_(blocks),
      poke_(std::move(poke)),
      binding_(ports, poke_) {}

bool Custodian::is_without_card(const OpenedRequest& request) const {
    const auto row = ledger_.request(request.opening.id(), request.number);
    return row && *row && (*row)->without_card();
}

RequestCheck Custodian::check(const ledger::MemberId& from, const OpenedRequest& request) const {
    const v1::RequestOpening& opening = request.opening;
    const auto row = ledger_.request(opening.id(), request.number);
    const auto link = ledger_.link(opening.id());
    const auto gate = ledger_.gate(opening.id());
    // A ledger that cannot be read is one that does not know it yet.
    if (!row || !link || !gate) return RequestCheck::kNotYet;
    return check_request(
        {ports_.member, from, request, *row, *link, *gate, ledger_.block_time(), ports_.now()});
}

Handled Custodian::receive(const ledger::MemberId& from, const v1::RecordRequest& message) {
    const auto request = open_request(message);
    if (!request) return Handled::kRefused;
    const Bytes key = serving_key(request->opening.id(), request->number);
    const auto before = ports_.vault.row(key);
    if (!before) return Handled::kLater;
    RequestCheck result = RequestCheck::kNotYet;
    (void)blocks_.until(kLedgerPatience, [&] {
        result = check(from, *request);
        return result != RequestCheck::kNotYet;
    });
    if (result == RequestCheck::kNotYet) return Handled::kLater;
    if (result == RequestCheck::kServed) return Handled::kDone;
    const bool answered = result == RequestCheck::kGood || result == RequestCheck::kPending ||
                          reason_of(result) != v1::REFUSAL_REASON_UNSPECIFIED;
    if (!answered) {
        ports_.log.warning("exchange", "a request of another member is refused",
                           {telemetry::Field::name("reason", to_string(result)),
                            telemetry::Field::name("member", from)});
        return Handled::kRefused;
    }
    // Taken before: whoever is not this request's requester did not get here.
    if (*before) return Handled::kDone;
    v1::Serving serving;
    serving.set_state(is_without_card(*request) ? v1::SERVE_STATE_NAMED : v1::SERVE_STATE_TAKEN);
    serving.set_requester(from);
    serving.set_opening(request->opening_bytes);
    serving.set_request_commitment(request->commitment.bytes());
    serving.set_link_id(request->opening.id());
    serving.set_number(request->number);
    serving.set_taken_unix_ms(ports_.now().value);
    const std::vector<vault::Row> rows{row_of(key, serving), todo(key)};
    const std::vector<vault::Row> expected{no_row(key)};
    const auto stored = ports_.vault.put({}, rows, expected);
    if (!stored && stored.error() != vault::VaultError::kConflict) return Handled::kLater;
    poke_(key);
    return Handled::kDone;
}

Custodian::Again Custodian::step(const Bytes& key) {
    const auto name = parse_numbered(key, serving_prefix());
    if (!name) return std::nullopt;
    const auto row = get_row<v1::Serving>(ports_.vault, key);
    if (!row) return kDiskAgain;
    if (!*row) return std::nullopt;
    const Key of{key, name->first, name->second};
    switch ((*row)->state()) {
        case v1::SERVE_STATE_TAKEN:
            return take_up(of, std::move(**row));
        case v1::SERVE_STATE_NAMED:
        case v1::SERVE_STATE_BINDING: {
            const OpenedRequest request = opened(**row);
            const RequestCheck result = check((*row)->requester(), request);
            return binding_.step(key, std::move(**row), request.opening, result);
        }
        case v1::SERVE_STATE_COMMITTING:
            return await_commitment(of, std::move(**row));
        case v1::SERVE_STATE_REFUSING:
            return await_refusal(of, std::move(**row));
        default:
            return std::nullopt;
    }
}

Result<std::optional<bool>, RecordsError> Custodian::opens(
    const v1::RequestOpening& opening) const {
    const auto chart = ports_.records.chart(opening.patient());
    if (!chart) return fail(chart.error());
    if (!*chart) return std::optional(false);
    const auto slots = ledger_.slots((*chart)->chart.view());
    if (!slots) return fail(RecordsError::kDisk);
    if (slots->empty()) return std::optional<bool>();
    return std::optional(check_card(opening, **chart, *slots));
}

Custodian::Again Custodian::take_up(const Key& key, v1::Serving serving) {
    const OpenedRequest request = opened(serving);
    const RequestCheck result = check(serving.requester(), request);
    if (result == RequestCheck::kNotYet) return kLookAgain;
    if (const auto reason = reason_of(result); reason != v1::REFUSAL_REASON_UNSPECIFIED)
        return refuse(key, std::move(serving), reason);
    if (result != RequestCheck::kGood) return finish(key, serving, v1::SERVE_STATE_FAILED);
    const auto known = opens(request.opening);
    if (!known) return kDiskAgain;
    if (!*known) return kLookAgain;
    if (!**known) return refuse(key, std::move(serving), v1::REFUSAL_REASON_PATIENT_UNKNOWN);
    return commit(key, std::move(serving));
}

Result<std::vector<v1::JudgedVersion>, RecordsError> Custodian::judge_all(
    const v1::RequestOpening& opening) const {
    const auto current = ports_.records.current(opening.patient(), opening.ask());
    if (!current) return fail(current.error());
    std::vector<v1::JudgedVersion> out;
    for (const CurrentVersion& version : *current) {
        auto judged = judge_version(ports_, version, opening.patient());
        if (!judged) return fail(judged.error());
        if (*judged) out.push_back(std::move(**judged));
    }
    return out;
}

Result<v1::RecordDelivery, vault::VaultError> Custodian::make_delivery(
    const v1::Serving& serving, const std::vector<v1::JudgedVersion>& judged) const {
    const auto opening = decode_row<v1::RequestOpening>(serving.opening());
    if (!opening) return fail(vault::VaultError::kDamaged);
    v1::RecordDelivery out;
    out.set_salt(serving.salt());
    out.set_header(serving.header());
    if (const auto sealed = seal_judged(ports_, opening->reply_key(), judged, out); !sealed)
        return fail(sealed.error());
    return out;
}

Custodian::Again Custodian::commit(const Key& key, v1::Serving serving) {
    // Of a commitment that lapsed: it was to another header.
    (void)drop_prepared(key.row);
    const OpenedRequest request = opened(serving);
    const auto judged = judge_all(request.opening);
    if (!judged && judged.error() == RecordsError::kDisk) return kDiskAgain;
    if (!judged) return refuse(key, std::move(serving), v1::REFUSAL_REASON_INFEASIBLE);
    const Sendable sent = sendable(*judged);
    if (sent.bytes > kDeliveryBytesMax)
        return refuse(key, std::move(serving), v1::REFUSAL_REASON_INFEASIBLE);

    v1::DisclosureHeader header;
    header.set_link_id(key.id);
    header.set_request(key.number);
    header.set_custodian(ports_.member);
    header.set_recipient(serving.requester());
    header.set_count(static_cast<std::uint32_t>(sent.entries.size()));
    header.set_root(entries_root(sent.entries).bytes());
    serving.set_salt(crypto::random_bytes(kSaltBytes));
    serving.set_decision_salt(crypto::random_bytes(kSaltBytes));
    serving.set_header(proto::encode(header));
    serving.set_judged(static_cast<std::uint32_t>(judged->size()));
    v1::EhrCommand command;
    v1::SendDisclosure& send = *command.mutable_send_disclosure();
    send.set_link_id(key.id);
    send.set_request(key.number);
    send.set_commitment(disclosure_commitment(serving.salt(), serving.header()).bytes());
    send.set_decision_commitment(
        decide(request.commitment, *judged, serving.decision_salt()).bytes());
    auto transaction = compose(ports_, v1::ROLE_SERVICE, command);
    if (!transaction) return kDiskAgain;
    serving.set_transaction(std::move(*transaction));
    serving.set_state(v1::SERVE_STATE_COMMITTING);
    auto rows = judged_rows(key.id, key.number, *judged);
    rows.push_back(row_of(key.row, serving));
    if (!ports_.vault.put({}, rows)) return kDiskAgain;

    (void)settle(ports_, serving.transaction(), [poke = poke_, row = key.row] { poke(row); });
    // While the ledger commits.
    auto delivery = make_delivery(serving, *judged);
    if (delivery) keep_prepared(key.row, std::move(delivery).value());
    return kLookAgain;
}

Custodian::Again Custodian::refuse(const Key& key, v1::Serving serving, v1::RefusalReason reason) {
    (void)drop_prepared(key.row);
    v1::EhrCommand command;
    v1::RefuseRequest& refusal = *command.mutable_refuse_request();
    refusal.set_link_id(key.id);
    refusal.set_number(key.number);
    refusal.set_refusal(reason);
    auto transaction = compose(ports_, v1::ROLE_SERVICE, command);
    if (!transaction) return kDiskAgain;
    serving.set_transaction(std::move(*transaction));
    serving.set_refusal(reason);
    serving.set_state(v1::SERVE_STATE_REFUSING);
    const std::vector<vault::Row> rows{row_of(key.row, serving)};
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    return await_refusal(key, std::move(serving));
}

void Custodian::keep_prepared(const Bytes& row, v1::RecordDelivery delivery) {
    const std::size_t bytes = delivery.ByteSizeLong();
    const std::lock_guard lock(mutex_);
    if (prepared_bytes_ + bytes > kPreparedBytesMax) return;
    prepared_bytes_ += bytes;
    prepared_.insert_or_assign(row, std::move(delivery));
}

std::optional<v1::RecordDelivery> Custodian::drop_prepared(const Bytes& row) {
    const std::lock_guard lock(mutex_);
    const auto found = prepared_.find(row);
    if (found == prepared_.end()) return std::nullopt;
    v1::RecordDelivery out = std::move(found->second);
    prepared_bytes_ -= out.ByteSizeLong();
    prepared_.erase(found);
    return out;
}

Result<v1::RecordDelivery, vault::VaultError> Custodian::take_prepared(const Key& key,
                                                                       const v1::Serving& serving) {
    if (auto prepared = drop_prepared(key.row)) return std::move(*prepared);
    const auto judged = read_judged(ports_.vault, key.id, key.number, serving.judged());
    if (!judged) return fail(judged.error());
    return make_delivery(serving, *judged);
}

Custodian::Again Custodian::await_commitment(const Key& key, v1::Serving serving) {
    const auto settled =
        settle(ports_, serving.transaction(), [poke = poke_, row = key.row] { poke(row); });
    switch (settled.state) {
        case Settlement::State::kWaiting:
            return kLookAgain;
        case Settlement::State::kLapsed:
            return take_up(key, std::move(serving));
        case Settlement::State::kRejected:
            // The ledger asks the gate again: a revocation that came between ends here.
            if (check(serving.requester(), opened(serving)) == RequestCheck::kWithdrawn)
                return refuse(key, std::move(serving), v1::REFUSAL_REASON_PRIVACY);
            return finish(key, serving, v1::SERVE_STATE_FAILED);
        case Settlement::State::kApplied:
            break;
    }
    if (settled.outcome.assigned.size() != 1) return finish(key, serving, v1::SERVE_STATE_FAILED);
    serving.set_disclosure(static_cast<std::uint32_t>(settled.outcome.assigned[0]));
    auto delivery = take_prepared(key, serving);
    // What was promised has been erased meanwhile: nothing is sent in its place.
    if (!delivery && (delivery.error() == vault::VaultError::kErased ||
                      delivery.error() == vault::VaultError::kInvalid))
        return finish(key, serving, v1::SERVE_STATE_FAILED);
    if (!delivery) return kDiskAgain;
    delivery->set_disclosure(serving.disclosure());
    v1::ExchangeMessage message;
    *message.mutable_delivery() = std::move(*delivery);
    const auto sent = ports_.channel.send(serving.requester(),
                                          message_name("delivery", key.id, serving.disclosure()),
                                          proto::encode(message));
    if (!sent) return kDiskAgain;
    return finish(key, serving, v1::SERVE_STATE_SENT);
}

Custodian::Again Custodian::await_refusal(const Key& key, v1::Serving serving) {
    const auto settled =
        settle(ports_, serving.transaction(), [poke = poke_, row = key.row] { poke(row); });
    switch (settled.state) {
        case Settlement::State::kWaiting:
            return kLookAgain;
        case Settlement::State::kLapsed: {
            const auto reason = serving.refusal();
            return refuse(key, std::move(serving), reason);
        }
        case Settlement::State::kRejected:
            return finish(key, serving, v1::SERVE_STATE_FAILED);
        case Settlement::State::kApplied:
            break;
    }
    return finish(key, serving, v1::SERVE_STATE_REFUSED);
}

Custodian::Again Custodian::finish(const Key& key, v1::Serving serving, v1::ServeState state) {
    (void)drop_prepared(key.row);
    serving.set_state(state);
    serving.clear_transaction();
    const std::vector<vault::Row> rows{row_of(key.row, serving), no_todo(key.row)};
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    if (state == v1::SERVE_STATE_FAILED) {
        ports_.log.warning("exchange", "a request could not be served",
                           {telemetry::Field("number", key.number)});
    }
    return std::nullopt;
}

}  // namespace consilium::services::ehr::exchange
