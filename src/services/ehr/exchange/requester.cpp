// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/requester.hpp"

#include "crypto/random.hpp"
#include "ledger/hashes.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using std::chrono::milliseconds;
using State = ReadOutcome::State;

constexpr milliseconds kLookAgain{2000};
constexpr milliseconds kDiskAgain{5000};
// How long after a grant's end a delivery that was on its way may still come.
constexpr std::uint64_t kLapseMs = 60'000;
constexpr std::uint64_t kDayMs = 86'400'000;
constexpr std::uint64_t kPendingPatienceMs = 2 * kDayMs;
constexpr std::uint64_t kDeliveryPatienceMs = 30 * kDayMs;

State state_of(v1::AskState state) {
    switch (state) {
        case v1::ASK_STATE_DENIED:
            return State::kDenied;
        case v1::ASK_STATE_REFUSED:
            return State::kRefused;
        case v1::ASK_STATE_RECEIVED:
            return State::kReceived;
        case v1::ASK_STATE_DISPUTED:
            return State::kDisputed;
        case v1::ASK_STATE_REJECTED:
            return State::kRejected;
        default:
            return State::kTimeout;
    }
}

bool is_open(const v1::AccessRequest& row) {
    return row.gate().decision() == v1::ACCESS_DECISION_GRANTED ||
           row.gate().decision() == v1::ACCESS_DECISION_PENDING;
}

}  // namespace

Requester::Requester(const Ports& ports, BlockWait& blocks,
                     std::function<void(const Bytes& key)> poke)
    : ports_(ports), ledger_(ports.reads), blocks_(blocks), poke_(std::move(poke)) {}

namespace {

v1::EhrCommand command_of(const v1::RequestOpening& opening, const Hash32& commitment) {
    v1::EhrCommand command;
    if (opening.has_named()) {
        v1::RequestWithoutCard& request = *command.mutable_request_without_card();
        request.set_request_id(opening.id());
        request.set_custodian(opening.custodian());
        request.set_purpose(opening.purpose());
        request.set_action(opening.action());
        request.set_request_commitment(commitment.bytes());
        request.set_emergency(opening.emergency());
        return command;
    }
    v1::RequestAccess& request = *command.mutable_request_access();
    request.set_link_id(opening.id());
    request.set_purpose(opening.purpose());
    request.set_action(opening.action());
    request.set_request_commitment(commitment.bytes());
    request.set_emergency(opening.emergency());
    return command;
}

}  // namespace

std::optional<Bytes> Requester::compose_request(const v1::RequestOpening& opening,
                                                const v1::Asking& asking) const {
    const auto command = command_of(opening, request_commitment(asking.salt(), asking.opening()));
    const auto role = static_cast<v1::Role>(asking.role());
    // An emergency is always one person's to declare.
    if (opening.emergency() != v1::EMERGENCY_REASON_UNSPECIFIED) {
        ledger::UserId user;
        if (!assign(user, asking.user())) return std::nullopt;
        return compose_as(ports_, user, role, command);
    }
    auto out = compose(ports_, role, command);
    // A member may have systems alone.
    if (!out && role != v1::ROLE_SERVICE) out = compose(ports_, v1::ROLE_SERVICE, command);
    return out;
}

void Requester::read(const Question& question, ReadDone done) {
    auto reply_key = crypto::hpke::generate_key_pair();
    v1::RequestOpening opening;
    opening.set_id(question.card.link_id());
    opening.set_custodian(question.card.custodian());
    opening.set_requester(ports_.member);
    opening.set_purpose(question.purpose);
    opening.set_action(v1::ACCESS_ACTION_READ);
    opening.set_emergency(question.emergency);
    if (question.named) {
        opening.set_id(crypto::random_id<ledger::LinkId>().bytes());
        *opening.mutable_named() = *question.named;
    } else {
        opening.set_patient(question.card.patient());
        opening.set_slot_salt(question.card.slot_salt());
    }
    *opening.mutable_ask() = question.ask;
    opening.set_reply_key(reply_key.public_key);
    opening.set_reason(question.reason);

    v1::Asking asking;
    asking.set_state(v1::ASK_STATE_FILING);
    asking.set_opening(proto::encode(opening));
    asking.set_salt(crypto::random_bytes(kSaltBytes));
    asking.set_reply_secret(Bytes(reply_key.secret.view()));
    asking.set_asked_unix_ms(ports_.now().value);
    asking.set_role(static_cast<std::uint32_t>(question.role));
    asking.set_subject(question.subject);
    asking.set_user(question.user);
    const Hash32 commitment = request_commitment(asking.salt(), asking.opening());
    auto transaction = compose_request(opening, asking);
    if (!transaction) return done({});
    asking.set_transaction(std::move(*transaction));

    const Bytes key = asking_key(commitment);
    const std::vector<vault::Row> rows{row_of(key, asking), todo(key)};
    if (!ports_.vault.put({}, rows)) return done({});
    {
        const std::lock_guard lock(mutex_);
        waiters_.emplace(
            key, Waiter{std::chrono::steady_clock::now() + question.patience, std::move(done)});
    }
    poke_(key);
}

Requester::Again Requester::step(const Bytes& key) {
    if (key.starts_with(asking_prefix())) return step_asking(key);
    if (key.starts_with(receiving_prefix())) return step_receiving(key);
    return std::nullopt;
}

Result<std::optional<Requester::Item>, vault::VaultError> Requester::find(const Bytes& key) const {
    auto row = ports_.vault.row(key);
    if (!row) return fail(row.error());
    if (!*row) return std::optional<Item>();
    Item item{key, std::move(**row), {}, {}};
    auto asking = decode_row<v1::Asking>(item.before);
    if (!asking) return fail(vault::VaultError::kDamaged);
    auto opening = decode_row<v1::RequestOpening>(asking->opening());
    if (!opening) return fail(vault::VaultError::kDamaged);
    item.asking = std::move(*asking);
    item.opening = std::move(*opening);
    return std::optional<Item>(std::move(item));
}

Status<vault::VaultError> Requester::put(const Item& item, std::vector<vault::Row> more) const {
    more.push_back(row_of(item.key, item.asking));
    const std::vector<vault::Row> expected{{item.key, item.before}};
    const auto stored = ports_.vault.put({}, more, expected);
    if (!stored) return fail(stored.error());
    return Done{};
}

Requester::Again Requester::step_asking(const Bytes& key) {
    auto item = find(key);
    if (!item) return kDiskAgain;
    if (!*item) return std::nullopt;
    switch ((*item)->asking.state()) {
        case v1::ASK_STATE_FILING:
            return await_outcome(std::move(**item));
        case v1::ASK_STATE_OPEN:
            return await_custodian(std::move(**item));
        default:
            return std::nullopt;
    }
}

// Looks again when the client's patience ends; what it waits for goes on without it.
Requester::Again Requester::waiting(const Bytes& key) {
    std::optional<Waiter> over;
    milliseconds again = kLookAgain;
    {
        const std::lock_guard lock(mutex_);
        const auto found = waiters_.find(key);
        if (found == waiters_.end()) return again;
        const auto left = std::chrono::ceil<milliseconds>(found->second.deadline -
                                                          std::chrono::steady_clock::now());
        if (left > milliseconds(0)) return std::min(again, left);
        over = std::move(found->second);
        waiters_.erase(found);
    }
    ReadOutcome out;
    out.state = State::kTimeout;
    if (const auto item = find(key); item && *item) {
        out.transaction =
            ledger::transaction_id(ports_.network, ports_.member, (*item)->asking.transaction());
        out.id = (*item)->opening.id();
        out.number = (*item)->asking.number();
    }
    over->done(std::move(out));
    return again;
}

Requester::Again Requester::await_outcome(Item item) {
    v1::Asking& asking = item.asking;
    const auto settled =
        settle(ports_, asking.transaction(), [poke = poke_, key = item.key] { poke(key); });
    switch (settled.state) {
        case Settlement::State::kWaiting:
            return waiting(item.key);
        case Settlement::State::kLapsed:
            return file_again(std::move(item));
        case Settlement::State::kRejected:
            return finish(std::move(item), v1::ASK_STATE_REJECTED, settled.outcome);
        case Settlement::State::kApplied:
            break;
    }
    if (settled.outcome.assigned.size() != 1)
        return finish(std::move(item), v1::ASK_STATE_REJECTED, settled.outcome);
    asking.set_number(static_cast<std::uint32_t>(settled.outcome.assigned[0]));
    const auto row = ledger_.request(item.opening.id(), asking.number());
    if (!row || !*row) return kLookAgain;
    *asking.mutable_gate() = (*row)->gate();
    asking.set_expires_unix_ms((*row)->expires_unix_ms());
    if (!is_open(**row)) return finish(std::move(item), v1::ASK_STATE_DENIED);

    // It is found by its row's name before the custodian can answer under it.
    asking.set_state(v1::ASK_STATE_OPEN);
    const Hash32 commitment = request_commitment(asking.salt(), asking.opening());
    if (!put(item, {{asked_key(item.opening.id(), asking.number()), commitment.bytes()}}))
        return kDiskAgain;
    item.before = proto::encode(asking);
    return await_custodian(std::move(item));
}

Requester::Again Requester::file_again(Item item) {
    v1::Asking& asking = item.asking;
    auto transaction = compose_request(item.opening, asking);
    if (!transaction) return kDiskAgain;
    asking.set_transaction(std::move(*transaction));
    if (!put(item)) return kDiskAgain;
    (void)settle(ports_, asking.transaction(), [poke = poke_, key = item.key] { poke(key); });
    return waiting(item.key);
}

namespace {

// Until when a request is waited for. What waits for its custodian's word has no end on the ledger.
// What the ledger says was disclosed may be in the custodian's queue while its node is down.
std::uint64_t last_moment(const v1::AccessRequest& row) {
    if (row.disclosure() != 0) return row.time_unix_ms() + kDeliveryPatienceMs;
    if (row.expires_unix_ms() != 0) return row.expires_unix_ms() + kLapseMs;
    return row.time_unix_ms() + kPendingPatienceMs;
}

}  // namespace

Requester::Again Requester::await_custodian(Item item) {
    v1::Asking& asking = item.asking;
    const auto row = ledger_.request(item.opening.id(), asking.number());
    if (!row || !*row) return kLookAgain;
    if ((*row)->gate().decision() == v1::ACCESS_DECISION_REFUSED) {
        asking.set_refusal((*row)->refusal());
        return finish(std::move(item), v1::ASK_STATE_REFUSED);
    }
    // Without a card the gate decides once the custodian has said which link it concerns.
    if ((*row)->gate().decision() == v1::ACCESS_DECISION_DENIED) {
        *asking.mutable_gate() = (*row)->gate();
        return finish(std::move(item), v1::ASK_STATE_DENIED);
    }
    const std::uint64_t end = last_moment(**row);
    if (ledger_.block_time().value > end && ports_.now().value > end)
        return finish(std::move(item), v1::ASK_STATE_LAPSED);
    // The same name every time: the channel takes it once.
    v1::ExchangeMessage message;
    message.mutable_request()->set_number(asking.number());
    message.mutable_request()->set_salt(asking.salt());
    message.mutable_request()->set_opening(asking.opening());
    const auto sent = ports_.channel.send(
        item.opening.custodian(), message_name("request", item.opening.id(), asking.number()),
        proto::encode(message));
    if (!sent) return kDiskAgain;
    return waiting(item.key);
}

Requester::Again Requester::finish(Item item, v1::AskState state,
                                   const ledger::Outcome& rejection) {
    item.asking.set_state(state);
    item.asking.clear_reply_secret();
    const auto stored = put(item, {no_todo(item.key)});
    // A delivery was faster.
    if (!stored && stored.error() == vault::VaultError::kConflict) return milliseconds(0);
    if (!stored) return kDiskAgain;
    ReadOutcome out;
    out.state = state_of(state);
    out.rejection = rejection;
    answer(item, std::move(out));
    return std::nullopt;
}

void Requester::answer(const Item& item, ReadOutcome outcome) {
    std::optional<Waiter> waiter;
    {
        const std::lock_guard lock(mutex_);
        const auto found = waiters_.find(item.key);
        if (found == waiters_.end()) return;
        waiter = std::move(found->second);
        waiters_.erase(found);
    }
    const v1::Asking& asking = item.asking;
    outcome.transaction =
        ledger::transaction_id(ports_.network, ports_.member, asking.transaction());
    outcome.id = item.opening.id();
    outcome.number = asking.number();
    outcome.gate = asking.gate();
    outcome.refusal = asking.refusal();
    outcome.disclosure = asking.disclosure();
    outcome.link = asking.link_id();
    waiter->done(std::move(outcome));
}

}  // namespace consilium::services::ehr::exchange
