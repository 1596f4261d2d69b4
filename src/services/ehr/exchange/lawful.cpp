// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/lawful.hpp"

#include <algorithm>
#include <set>

#include "crypto/random.hpp"
#include "crypto/sign.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/outgoing.hpp"
#include "services/ehr/exchange/seal.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookAgain{2000};
constexpr milliseconds kDiskAgain{5000};
constexpr std::size_t kOrderIdBytes = 16;
constexpr std::size_t kReplyKeyBytes = 32;

v1::LawfulOrder order_of(const LawfulRequest& request) {
    v1::LawfulOrder out;
    out.set_patient(request.patient);
    out.set_recipient(request.recipient);
    out.set_basis(request.basis);
    for (const std::string& resource : request.resources)
        out.add_resources(resource);
    return out;
}

bool is_order(const LawfulRequest& request) {
    const std::set<std::string> distinct(request.resources.begin(), request.resources.end());
    return request.id.size() == kOrderIdBytes && !distinct.empty() &&
           distinct.size() <= kLawfulResourcesMax && distinct.size() == request.resources.size() &&
           request.basis != v1::LEGAL_BASIS_UNSPECIFIED && request.basis != v1::LEGAL_BASIS_NONE;
}

bool is_decided(v1::LawfulState state) {
    return state != v1::LAWFUL_STATE_LINKING && state != v1::LAWFUL_STATE_COMMITTING;
}

// What cannot become better by waiting.
std::optional<LawfulError> final_error(CardError error) {
    switch (error) {
        case CardError::kNoSlot:
            return LawfulError::kNoSlot;
        case CardError::kUnknownPatient:
            return LawfulError::kUnknownPatient;
        case CardError::kUnknownMember:
            return LawfulError::kUnknownMember;
        case CardError::kRejected:
        case CardError::kMalformed:
            return LawfulError::kRejected;
        default:
            return std::nullopt;
    }
}

}  // namespace

const char* to_string(LawfulError error) {
    switch (error) {
        case LawfulError::kMalformed:
            return "malformed";
        case LawfulError::kUnknownMember:
            return "unknown_member";
        case LawfulError::kUnknownPatient:
            return "unknown_patient";
        case LawfulError::kUnknownResource:
            return "unknown_resource";
        case LawfulError::kKept:
            return "kept";
        case LawfulError::kTooLarge:
            return "too_large";
        case LawfulError::kOtherOrder:
            return "other_order";
        case LawfulError::kNoSlot:
            return "no_slot";
        case LawfulError::kRejected:
            return "rejected";
        case LawfulError::kDisk:
            return "disk";
    }
    return "unknown";
}

LawfulDisclosures::LawfulDisclosures(const Ports& ports, std::function<void(const Bytes& key)> poke)
    : ports_(ports), ledger_(ports.reads), cards_(ports), poke_(std::move(poke)) {}

Result<std::vector<v1::JudgedVersion>, LawfulError> LawfulDisclosures::judge(
    const LawfulRequest& request) const {
    std::map<std::string, std::set<std::string>> by_type;
    for (const std::string& resource : request.resources) {
        const auto slash = resource.find('/');
        if (slash == std::string::npos) return fail(LawfulError::kMalformed);
        by_type[resource.substr(0, slash)].insert(resource.substr(slash + 1));
    }
    std::vector<v1::JudgedVersion> out;
    for (const auto& [type, ids] : by_type) {
        v1::ExchangeAsk ask;
        ask.set_resource_type(type);
        const auto current = ports_.records.current(request.patient, ask);
        if (!current)
            return fail(current.error() == RecordsError::kDisk ? LawfulError::kDisk
                                                               : LawfulError::kUnknownResource);
        std::size_t found = 0;
        for (const CurrentVersion& version : *current) {
            if (ids.count(version.id) == 0) continue;
            auto judged = judge_version(ports_, version, request.patient);
            if (!judged) return fail(LawfulError::kDisk);
            if (!*judged) continue;
            out.push_back(std::move(**judged));
            ++found;
        }
        if (found != ids.size()) return fail(LawfulError::kUnknownResource);
    }
    return out;
}

Result<Bytes, LawfulError> LawfulDisclosures::take(const LawfulRequest& request) {
    if (!is_order(request)) return fail(LawfulError::kMalformed);
    if (!ledger::is_member_id(request.recipient) || request.recipient == ports_.member)
        return fail(LawfulError::kUnknownMember);
    const Bytes key = lawful_key(request.id);
    const Bytes order = proto::encode(order_of(request));
    const auto before = get_row<v1::Lawful>(ports_.vault, key);
    if (!before) return fail(LawfulError::kDisk);
    if (*before) {
        if ((*before)->order() != order) return fail(LawfulError::kOtherOrder);
        return key;
    }
    const auto chart = ports_.records.chart(request.patient);
    if (!chart) return fail(LawfulError::kDisk);
    if (!*chart) return fail(LawfulError::kUnknownPatient);
    auto judged = judge(request);
    if (!judged) return fail(judged.error());
    const Sendable sent = sendable(*judged);
    if (sent.entries.empty()) return fail(LawfulError::kKept);
    if (sent.bytes > kDeliveryBytesMax) return fail(LawfulError::kTooLarge);
    v1::Lawful lawful;
    lawful.set_state(v1::LAWFUL_STATE_LINKING);
    lawful.set_order(order);
    lawful.set_order_salt(crypto::random_bytes(kSaltBytes));
    for (v1::JudgedVersion& version : *judged)
        *lawful.add_judged() = std::move(version);
    // A link needs a patient's key. This one's secret is forgotten here and now, so that nobody can
    // ever sign as the patient over this link; the custodian can close it.
    lawful.set_public_key(crypto::SigningKey::generate().public_key());
    lawful.set_ordered_unix_ms(ports_.now().value);
    const std::vector<vault::Row> rows{row_of(key, lawful), todo(key)};
    const std::vector<vault::Row> expected{no_row(key)};
    const auto stored = ports_.vault.put({}, rows, expected);
    if (!stored && stored.error() == vault::VaultError::kConflict) return take(request);
    if (!stored) return fail(LawfulError::kDisk);
    return key;
}

void LawfulDisclosures::order(const LawfulRequest& request, Ordered done) {
    const auto key = take(request);
    if (!key) return done(fail(key.error()));
    {
        const std::lock_guard lock(mutex_);
        waiters_[*key].push_back(
            {std::chrono::steady_clock::now() + request.patience, std::move(done)});
    }
    // Also of an order that is done: its step answers.
    poke_(*key);
}

void LawfulDisclosures::answer(const Bytes& key, const Result<v1::Lawful, LawfulError>& result) {
    std::vector<Waiter> waiters;
    {
        const std::lock_guard lock(mutex_);
        const auto found = waiters_.find(key);
        if (found == waiters_.end()) return;
        waiters = std::move(found->second);
        waiters_.erase(found);
    }
    for (const Waiter& waiter : waiters)
        waiter.done(result);
}

LawfulDisclosures::Again LawfulDisclosures::waiting(const Bytes& key, const v1::Lawful& lawful,
                                                    Again again) {
    std::vector<Waiter> over;
    {
        const std::lock_guard lock(mutex_);
        const auto found = waiters_.find(key);
        if (found == waiters_.end()) return again;
        const auto now = std::chrono::steady_clock::now();
        auto& waiters = found->second;
        for (auto it = waiters.begin(); it != waiters.end();) {
            if (it->deadline > now) {
                const auto left = std::chrono::ceil<milliseconds>(it->deadline - now);
                again = again ? std::min(*again, left) : left;
                ++it;
                continue;
            }
            over.push_back(std::move(*it));
            it = waiters.erase(it);
        }
        if (waiters.empty()) waiters_.erase(found);
    }
    for (const Waiter& waiter : over)
        waiter.done(lawful);
    return again;
}

LawfulDisclosures::Again LawfulDisclosures::step(const Bytes& key) {
    auto row = get_row<v1::Lawful>(ports_.vault, key);
    if (!row) return kDiskAgain;
    if (!*row) return std::nullopt;
    v1::Lawful& lawful = **row;
    switch (lawful.state()) {
        case v1::LAWFUL_STATE_LINKING:
            return find_link(key, std::move(lawful));
        case v1::LAWFUL_STATE_COMMITTING:
            return await_commitment(key, std::move(lawful));
        case v1::LAWFUL_STATE_SENDING:
            answer(key, lawful);
            return send(key, std::move(lawful));
        default:
            answer(key, lawful);
            return std::nullopt;
    }
}

Result<std::optional<Bytes>, CardError> LawfulDisclosures::open_link_of(
    const std::string& patient, const std::string& recipient) const {
    const auto chart = ports_.records.chart(patient);
    if (!chart) return fail(CardError::kDisk);
    if (!*chart) return fail(CardError::kUnknownPatient);
    for (const SlotOpening& slot : (*chart)->slots) {
        const auto link = ledger_.link(slot.link.view());
        if (!link) return fail(CardError::kDisk);
        if (*link && !(*link)->closed() && (*link)->counterparty() == recipient)
            return std::optional<Bytes>(slot.link.bytes());
    }
    return std::optional<Bytes>();
}

LawfulDisclosures::Again LawfulDisclosures::find_link(const Bytes& key, v1::Lawful lawful) {
    const auto order = decode_row<v1::LawfulOrder>(lawful.order());
    if (!order) return finish(key, lawful, v1::LAWFUL_STATE_FAILED);
    const auto link = open_link_of(order->patient(), order->recipient());
    if (link && *link) {
        lawful.set_link_id(**link);
        return commit(key, std::move(lawful));
    }
    auto error = link ? std::optional<CardError>() : std::optional(link.error());
    if (!error) {
        const std::lock_guard lock(opening_->mutex);
        const auto [found, first] = opening_->by_key.try_emplace(key);
        if (!first && !found->second) return waiting(key, lawful, kLookAgain);
        if (!first) {
            error = found->second;
            opening_->by_key.erase(found);
        }
    }
    if (!error) {
        cards_.issue(
            {order->patient(), order->recipient(), v1::ALGORITHM_ED25519, lawful.public_key()},
            [opening = opening_, poke = poke_, key](const auto& card) {
                {
                    const std::lock_guard lock(opening->mutex);
                    if (card) {
                        opening->by_key.erase(key);
                    } else {
                        opening->by_key[key] = card.error();
                    }
                }
                poke(key);
            });
        return waiting(key, lawful, kLookAgain);
    }
    if (const auto why = final_error(*error))
        return finish(key, lawful, v1::LAWFUL_STATE_FAILED, *why);
    return waiting(key, lawful, kLookAgain);
}

LawfulDisclosures::Again LawfulDisclosures::commit(const Bytes& key, v1::Lawful lawful) {
    const auto order = decode_row<v1::LawfulOrder>(lawful.order());
    if (!order) return finish(key, lawful, v1::LAWFUL_STATE_FAILED);
    const std::vector<v1::JudgedVersion> judged(lawful.judged().begin(), lawful.judged().end());
    const Sendable sent = sendable(judged);
    v1::DisclosureHeader header;
    header.set_link_id(lawful.link_id());
    header.set_basis(order->basis());
    header.set_custodian(ports_.member);
    header.set_recipient(order->recipient());
    header.set_count(static_cast<std::uint32_t>(sent.entries.size()));
    header.set_root(entries_root(sent.entries).bytes());
    lawful.set_header(proto::encode(header));
    lawful.set_salt(crypto::random_bytes(kSaltBytes));
    lawful.set_decision_salt(crypto::random_bytes(kSaltBytes));
    v1::EhrCommand command;
    v1::DiscloseByLaw& disclose = *command.mutable_disclose_by_law();
    disclose.set_link_id(lawful.link_id());
    disclose.set_basis(order->basis());
    disclose.set_commitment(disclosure_commitment(lawful.salt(), lawful.header()).bytes());
    disclose.set_decision_commitment(decide(request_commitment(lawful.order_salt(), lawful.order()),
                                            judged, lawful.decision_salt())
                                         .bytes());
    auto transaction = compose(ports_, v1::ROLE_SERVICE, command);
    if (!transaction) return waiting(key, lawful, kDiskAgain);
    lawful.set_transaction(std::move(*transaction));
    lawful.set_state(v1::LAWFUL_STATE_COMMITTING);
    const std::vector<vault::Row> rows{row_of(key, lawful)};
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    return await_commitment(key, std::move(lawful));
}

LawfulDisclosures::Again LawfulDisclosures::await_commitment(const Bytes& key, v1::Lawful lawful) {
    const auto settled = settle(ports_, lawful.transaction(), [poke = poke_, key] { poke(key); });
    switch (settled.state) {
        case Settlement::State::kWaiting:
            return waiting(key, lawful, kLookAgain);
        case Settlement::State::kLapsed:
            // The link may have been closed meanwhile: it is looked for anew.
            return find_link(key, std::move(lawful));
        case Settlement::State::kRejected:
            return finish(key, lawful, v1::LAWFUL_STATE_FAILED);
        case Settlement::State::kApplied:
            break;
    }
    if (settled.outcome.assigned.size() != 1) return finish(key, lawful, v1::LAWFUL_STATE_FAILED);
    lawful.set_disclosure(static_cast<std::uint32_t>(settled.outcome.assigned[0]));
    lawful.clear_transaction();
    lawful.set_state(v1::LAWFUL_STATE_NOTICED);
    // It is found by its number before the recipient can answer under it.
    const Bytes name = lawful_order_key(lawful.link_id(), lawful.disclosure());
    const std::vector<vault::Row> found{{name, key.substr(lawful_prefix().size())}};
    if (!ports_.vault.put({}, found)) return kDiskAgain;
    v1::ExchangeMessage message;
    message.mutable_notice()->set_link_id(lawful.link_id());
    message.mutable_notice()->set_disclosure(lawful.disclosure());
    const auto order = decode_row<v1::LawfulOrder>(lawful.order());
    const auto sent = ports_.channel.send(
        order->recipient(), message_name("notice", lawful.link_id(), lawful.disclosure()),
        proto::encode(message));
    if (!sent) return kDiskAgain;
    // What is to be done next is the recipient's: its answer goes on with it.
    const std::vector<vault::Row> rows{row_of(key, lawful), no_todo(key)};
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    answer(key, lawful);
    return std::nullopt;
}

std::optional<Handled> LawfulDisclosures::receive(const ledger::MemberId& from,
                                                  const v1::ExchangeMessage& message) {
    if (!message.has_ready()) return std::nullopt;
    return receive(from, message.ready());
}

Handled LawfulDisclosures::receive(const ledger::MemberId& from,
                                   const v1::DisclosureReady& message) {
    if (message.link_id().size() != ledger::LinkId::kSize ||
        message.reply_key().size() != kReplyKeyBytes)
        return Handled::kRefused;
    const auto id = ports_.vault.row(lawful_order_key(message.link_id(), message.disclosure()));
    if (!id) return Handled::kLater;
    if (!*id) return Handled::kRefused;
    const Bytes key = lawful_key(**id);
    auto row = get_row<v1::Lawful>(ports_.vault, key);
    if (!row || !*row) return Handled::kLater;
    v1::Lawful& lawful = **row;
    const auto order = decode_row<v1::LawfulOrder>(lawful.order());
    if (!order || order->recipient() != from) return Handled::kRefused;
    // The notice was faster than its own row.
    if (!is_decided(lawful.state())) return Handled::kLater;
    if (lawful.state() != v1::LAWFUL_STATE_NOTICED) {
        return lawful.reply_key() == message.reply_key() ? Handled::kDone : Handled::kRefused;
    }
    const std::vector<vault::Row> expected{row_of(key, lawful)};
    lawful.set_reply_key(message.reply_key());
    lawful.set_state(v1::LAWFUL_STATE_SENDING);
    const std::vector<vault::Row> rows{row_of(key, lawful), todo(key)};
    if (!ports_.vault.put({}, rows, expected)) return Handled::kLater;
    poke_(key);
    return Handled::kDone;
}

LawfulDisclosures::Again LawfulDisclosures::send(const Bytes& key, v1::Lawful lawful) {
    const auto order = decode_row<v1::LawfulOrder>(lawful.order());
    if (!order) return finish(key, lawful, v1::LAWFUL_STATE_FAILED);
    const std::vector<v1::JudgedVersion> judged(lawful.judged().begin(), lawful.judged().end());
    v1::ExchangeMessage message;
    v1::RecordDelivery& delivery = *message.mutable_delivery();
    delivery.set_disclosure(lawful.disclosure());
    delivery.set_salt(lawful.salt());
    delivery.set_header(lawful.header());
    const auto sealed = seal_judged(ports_, lawful.reply_key(), judged, delivery);
    // What was promised has been erased meanwhile: nothing is sent in its place.
    if (!sealed && (sealed.error() == vault::VaultError::kErased ||
                    sealed.error() == vault::VaultError::kInvalid))
        return finish(key, lawful, v1::LAWFUL_STATE_WITHDRAWN);
    if (!sealed) return kDiskAgain;
    const auto sent = ports_.channel.send(
        order->recipient(), message_name("delivery", lawful.link_id(), lawful.disclosure()),
        proto::encode(message));
    if (!sent) return kDiskAgain;
    return finish(key, lawful, v1::LAWFUL_STATE_SENT);
}

namespace {

v1::LawfulFailure failure_of(LawfulError error) {
    switch (error) {
        case LawfulError::kNoSlot:
            return v1::LAWFUL_FAILURE_NO_SLOT;
        case LawfulError::kUnknownPatient:
            return v1::LAWFUL_FAILURE_UNKNOWN_PATIENT;
        case LawfulError::kUnknownMember:
            return v1::LAWFUL_FAILURE_UNKNOWN_MEMBER;
        default:
            return v1::LAWFUL_FAILURE_REJECTED;
    }
}

}  // namespace

LawfulError error_of(v1::LawfulFailure failure) {
    switch (failure) {
        case v1::LAWFUL_FAILURE_NO_SLOT:
            return LawfulError::kNoSlot;
        case v1::LAWFUL_FAILURE_UNKNOWN_PATIENT:
            return LawfulError::kUnknownPatient;
        case v1::LAWFUL_FAILURE_UNKNOWN_MEMBER:
            return LawfulError::kUnknownMember;
        default:
            return LawfulError::kRejected;
    }
}

LawfulDisclosures::Again LawfulDisclosures::finish(const Bytes& key, v1::Lawful lawful,
                                                   v1::LawfulState state, LawfulError why) {
    lawful.set_state(state);
    lawful.clear_transaction();
    if (state == v1::LAWFUL_STATE_FAILED) lawful.set_failure(failure_of(why));
    const std::vector<vault::Row> rows{row_of(key, lawful), no_todo(key)};
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    if (state == v1::LAWFUL_STATE_FAILED) {
        ports_.log.warning("exchange", "a disclosure by law could not be made",
                           {telemetry::Field::name("reason", to_string(why))});
        answer(key, fail(why));
        return std::nullopt;
    }
    answer(key, lawful);
    return std::nullopt;
}

}  // namespace consilium::services::ehr::exchange
