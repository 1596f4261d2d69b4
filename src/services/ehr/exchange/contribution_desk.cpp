// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/contribution_desk.hpp"

#include "crypto/random.hpp"
#include "formats/json/parse.hpp"
#include "ledger/commitment.hpp"
#include "ledger/transaction.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/contribution_resources.hpp"
#include "services/ehr/exchange/held_records.hpp"
#include "services/ehr/exchange/seal.hpp"
#include "services/ehr/exchange/settle.hpp"
#include "services/ehr/exchange/vault_rows.hpp"
#include "services/ehr/names.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLedgerPatience{1000};
constexpr milliseconds kLookAgain{2000};
constexpr milliseconds kDiskAgain{5000};
constexpr milliseconds kPeopleAgain{60'000};
constexpr milliseconds kRefusedAgain{600'000};
constexpr std::uint64_t kDocumentPatienceMs = 7ULL * 86'400'000;
// An anchor's row is written right after its block.
constexpr milliseconds kAnchorAgain{250};

}  // namespace

ContributionDesk::ContributionDesk(const Ports& ports, BlockWait& blocks, AgentWrites& writes,
                                   std::function<void(const Bytes& key)> poke)
    : ports_(ports),
      ledger_(ports.reads),
      blocks_(blocks),
      writes_(writes),
      poke_(std::move(poke)) {}

Bytes ContributionDesk::prefix() const {
    return offered_prefix();
}

Result<std::optional<ContributionDesk::Item>, vault::VaultError> ContributionDesk::find(
    const Bytes& key) const {
    auto row = ports_.vault.row(key);
    if (!row) return fail(row.error());
    if (!*row) return std::optional<Item>();
    Item item{key, std::move(**row), {}, {}};
    auto offered = decode_row<v1::Offered>(item.before);
    if (!offered) return fail(vault::VaultError::kDamaged);
    item.offered = std::move(*offered);
    auto opening = decode_row<v1::ContributionOpening>(item.offered.opening());
    auto document = opening ? decode_row<v1::DisclosedDocument>(opening->document()) : std::nullopt;
    if (!document || !assign(item.offer.commitment, item.offered.commitment()))
        return fail(vault::VaultError::kDamaged);
    item.offer.number = item.offered.number();
    item.offer.opening = std::move(*opening);
    item.offer.document = std::move(*document);
    return std::optional<Item>(std::move(item));
}

OfferCheck ContributionDesk::check(const ledger::MemberId& from, const OpenedOffer& offer) const {
    const auto row = ledger_.contribution(offer.opening.link_id(), offer.number);
    const auto link = ledger_.link(offer.opening.link_id());
    const auto gate = ledger_.gate(offer.opening.link_id());
    // A ledger that cannot be read is one that does not know it yet.
    if (!row || !link || !gate) return OfferCheck::kNotYet;
    const UnixMs now{std::max(ledger_.block_time().value, ports_.now().value)};
    return check_offer({ports_.member, from, offer, *row, *link, *gate, now});
}

bool ContributionDesk::put(Item& item, std::vector<vault::Row> more) {
    more.push_back(row_of(item.key, item.offered));
    const std::vector<vault::Row> expected{{item.key, item.before}};
    if (!ports_.vault.put({}, more, expected)) return false;
    item.before = proto::encode(item.offered);
    return true;
}

Status<Problem> ContributionDesk::put_told(Item& item, std::vector<AgentEntry> resources,
                                           Extra extra) {
    Bytes text = task_of(item.offered, ports_.member, ports_.now());
    const std::size_t size = text.size();
    const auto task = formats::json::parse(std::move(text), size);
    CONSILIUM_ASSERT(task.ok());
    // The Task is told as it is, also when its patient was deleted since.
    resources.push_back({"Task", item.offered.task(), &task->root(), {}, true});
    extra.expected.push_back({item.key, item.before});
    const auto written = writes_.write(
        resources, [&](const std::vector<AgentVersion>& versions) -> Result<Extra, Problem> {
            if (versions.size() > 1)
                item.offered.set_record_id(versions[0].document.record.bytes());
            extra.rows.push_back(row_of(item.key, item.offered));
            return extra;
        });
    if (!written) return fail(written.error());
    item.before = proto::encode(item.offered);
    return Done{};
}

std::optional<Handled> ContributionDesk::receive(const ledger::MemberId& from,
                                                 const v1::ExchangeMessage& message) {
    if (!message.has_offer()) return std::nullopt;
    const v1::ContributionOffer& came = message.offer();
    const auto offer = open_offer(came.number(), came.salt(), came.opening());
    if (!offer) return Handled::kRefused;
    OfferCheck result = OfferCheck::kNotYet;
    (void)blocks_.until(kLedgerPatience, [&] {
        result = check(from, *offer);
        return result != OfferCheck::kNotYet;
    });
    if (result == OfferCheck::kNotYet) return Handled::kLater;
    if (result == OfferCheck::kDecided) return Handled::kDone;
    // These two are answered on the ledger, by the step.
    const bool answered = result == OfferCheck::kGood || result == OfferCheck::kClaims ||
                          result == OfferCheck::kWithdrawn;
    if (!answered) {
        ports_.log.warning("exchange", "a contribution of another member is refused",
                           {telemetry::Field::name("reason", to_string(result)),
                            telemetry::Field::name("member", from)});
        return Handled::kRefused;
    }
    auto item = find(offered_key(offer->opening.link_id(), offer->number));
    if (!item) return Handled::kLater;
    if (!*item) {
        // Without a key of ours nothing can have been sealed to it.
        if (came.has_document()) return Handled::kRefused;
        return announce(from, *offer, came.opening());
    }
    const bool awaited = (*item)->offered.state() == v1::OFFERED_STATE_ANNOUNCED;
    if (!came.has_document() || !awaited) return Handled::kDone;
    return take(std::move(**item), came);
}

Handled ContributionDesk::announce(const ledger::MemberId& from, const OpenedOffer& offer,
                                   const std::string& opening) {
    const auto keys = crypto::hpke::generate_key_pair();
    v1::Offered offered;
    offered.set_state(v1::OFFERED_STATE_ANNOUNCED);
    offered.set_contributor(from);
    offered.set_opening(opening);
    offered.set_commitment(offer.commitment.bytes());
    offered.set_link_id(offer.opening.link_id());
    offered.set_number(offer.number);
    offered.set_key(keys.public_key);
    offered.set_key_secret(Bytes(keys.secret.view()));
    offered.set_taken_unix_ms(ports_.now().value);
    const auto row = ledger_.contribution(offered.link_id(), offered.number());
    if (!row || !*row) return Handled::kLater;
    offered.set_user((*row)->user());
    const Bytes key = offered_key(offered.link_id(), offered.number());
    const std::vector<vault::Row> rows{row_of(key, offered), todo(key)};
    const std::vector<vault::Row> expected{no_row(key)};
    const auto stored = ports_.vault.put({}, rows, expected);
    if (!stored && stored.error() != vault::VaultError::kConflict) return Handled::kLater;
    poke_(key);
    return Handled::kDone;
}

ContributionDesk::Again ContributionDesk::step(const Bytes& key) {
    auto item = find(key);
    if (!item) return kDiskAgain;
    if (!*item) return std::nullopt;
    switch ((*item)->offered.state()) {
        case v1::OFFERED_STATE_ANNOUNCED:
            return ask(std::move(**item));
        case v1::OFFERED_STATE_STORED:
            return await_anchor(std::move(**item));
        case v1::OFFERED_STATE_ACCEPTING:
            return await_acceptance(std::move(**item));
        case v1::OFFERED_STATE_REJECTING:
            return await_rejection(std::move(**item));
        default:
            return std::nullopt;
    }
}

ContributionDesk::Again ContributionDesk::ask(Item item) {
    switch (check(item.offered.contributor(), item.offer)) {
        case OfferCheck::kGood:
            break;
        case OfferCheck::kNotYet:
            return kLookAgain;
        default:
            return reject_here(std::move(item), v1::CONTRIBUTION_REJECTION_NOT_RECEIVED);
    }
    // Its contributor has erased it, say.
    if (ports_.now().value > item.offered.taken_unix_ms() + kDocumentPatienceMs)
        return reject_here(std::move(item), v1::CONTRIBUTION_REJECTION_NOT_RECEIVED);
    const auto chart = ports_.records.chart(item.offer.opening.patient());
    if (!chart) return kDiskAgain;
    const auto slots =
        *chart ? ledger_.slots((*chart)->chart.view())
               : Result<std::vector<v1::LinkSlot>, ReadError>(std::vector<v1::LinkSlot>());
    if (!slots) return kDiskAgain;
    if (!*chart || !check_slot(item.offer.opening, **chart, *slots))
        return reject_here(std::move(item), v1::CONTRIBUTION_REJECTION_WRONG_PATIENT);
    v1::ExchangeMessage message;
    message.mutable_answer()->set_link_id(item.offered.link_id());
    message.mutable_answer()->set_number(item.offered.number());
    message.mutable_answer()->set_key(item.offered.key());
    // The same name every time: the channel takes it once.
    const auto sent = ports_.channel.send(
        item.offered.contributor(),
        message_name("offer-key", item.offered.link_id(), item.offered.number()),
        proto::encode(message));
    return sent ? kPeopleAgain : kDiskAgain;
}

Handled ContributionDesk::take(Item item, const v1::ContributionOffer& offer) {
    v1::RecordDelivery carrier;
    carrier.set_header(offer.opening());
    carrier.set_encapsulated(offer.encapsulated());
    *carrier.add_documents() = offer.document();
    const crypto::hpke::KeyPair keys{crypto::SecretBytes(Bytes(item.offered.key_secret())),
                                     item.offered.key()};
    auto opened = open_documents(ports_.network, keys, carrier);
    const bool genuine = opened && offer.document().entry() == item.offer.opening.document() &&
                         opened->front().plaintext.size() <= kContributionBytesMax;
    auto reason = v1::CONTRIBUTION_REJECTION_NOT_RECEIVED;
    if (genuine) {
        const auto judged = judge_document(item.offer.opening, item.offer.document.resource_type(),
                                           opened->front().plaintext);
        if (!judged) return Handled::kLater;
        reason = *judged;
    }
    item.offered.clear_key_secret();
    if (reason != v1::CONTRIBUTION_REJECTION_UNSPECIFIED) {
        if (!file_rejection(item, reason)) return Handled::kLater;
        poke_(item.key);
        return Handled::kDone;
    }
    vault::DocumentName copy{offered_record(item.offered.commitment()), 1};
    const Bytes payload = opened->front().salt + opened->front().plaintext;
    item.offered.set_state(v1::OFFERED_STATE_WAITING);
    item.offered.set_copy(copy.record.bytes());
    item.offered.set_task(new_fhir_id());
    Extra extra;
    extra.documents = {{copy, payload, {}}};
    extra.rows = {no_todo(item.key),
                  {waiting_key(item.offered.link_id(), item.offered.number()), Bytes("1")}};
    // A conflict: another thread was faster; the next of the same tells.
    if (!put_told(item, {}, std::move(extra))) return Handled::kLater;
    return Handled::kDone;
}

Result<v1::ContributionRejection, StoreError> ContributionDesk::judge_document(
    const v1::ContributionOpening& opening, const std::string& type, const Bytes& document) {
    const auto parsed = formats::json::parse(document, document.size());
    if (!parsed) return v1::CONTRIBUTION_REJECTION_INVALID;
    switch (check_offered(parsed->root(), type, opening.patient())) {
        case OfferFault::kNone:
            break;
        case OfferFault::kPatient:
        case OfferFault::kOtherPatient:
            return v1::CONTRIBUTION_REJECTION_WRONG_PATIENT;
        default:
            return v1::CONTRIBUTION_REJECTION_INVALID;
    }
    for (const Issue& issue : writes_.validate(parsed->root(), type))
        if (issue.severity == "error" || issue.severity == "fatal")
            return v1::CONTRIBUTION_REJECTION_INVALID;
    const auto known = refers_to_known(writes_.store(), parsed->root(), opening.patient());
    if (!known) return fail(known.error());
    if (!*known) return v1::CONTRIBUTION_REJECTION_INVALID;
    if (opening.corrects_id().empty()) return v1::CONTRIBUTION_REJECTION_UNSPECIFIED;
    const auto correctable = is_correctable(writes_.store(), type, opening.corrects_id(),
                                            opening.corrects_version(), opening.patient());
    if (!correctable) return fail(correctable.error());
    return *correctable ? v1::CONTRIBUTION_REJECTION_UNSPECIFIED
                        : v1::CONTRIBUTION_REJECTION_INVALID;
}

// ---- what was accepted

// From now on the chart has it, and an erasure there must leave nothing of it here.
bool ContributionDesk::drop_copy(Item& item) {
    vault::DocumentName copy{{}, 1};
    if (!assign(copy.record, item.offered.copy())) return true;
    const std::vector<vault::DocumentName> names{copy};
    if (!ports_.vault.shred(names)) return false;
    item.offered.clear_copy();
    return put(item, {});
}

ContributionDesk::Again ContributionDesk::await_anchor(Item item) {
    if (!drop_copy(item)) return kDiskAgain;
    ledger::RecordId record;
    CONSILIUM_ASSERT(assign(record, item.offered.record_id()));
    const auto chart = ports_.records.chart(item.offer.opening.patient());
    if (!chart || !*chart) return kDiskAgain;
    const auto anchor = StoreHeldRecords(writes_.store()).anchored(record, (*chart)->chart);
    if (!anchor) return kDiskAgain;
    if (!*anchor || (*anchor)->version < item.offered.version()) return kAnchorAgain;
    v1::AcceptedRecord& accepted = *item.offered.mutable_record();
    accepted.set_salt(crypto::random_bytes(kSaltBytes));
    accepted.set_list(ledger::record_list((*chart)->chart));
    const v1::RecordRef& ref = (*anchor)->ref;
    accepted.set_sequence(ref.has_leaf() ? ref.leaf().manifest_sequence() : ref.sequence());
    if (ref.has_leaf()) *accepted.mutable_leaf() = ref.leaf();
    accepted.set_version(item.offered.version());
    accepted.set_resource_id(item.offered.resource_id());
    return file_acceptance(std::move(item));
}

ContributionDesk::Again ContributionDesk::file_acceptance(Item item) {
    const v1::AcceptedRecord& record = item.offered.record();
    v1::EhrCommand command;
    v1::AcceptContribution& accept = *command.mutable_accept_contribution();
    accept.set_link_id(item.offered.link_id());
    accept.set_number(item.offered.number());
    accept.set_record_commitment(ledger::shared_record_commitment(record.salt(), record.list(),
                                                                  record.sequence(),
                                                                  record.version())
                                     .bytes());
    auto transaction = compose(ports_, v1::ROLE_SERVICE, command);
    if (!transaction) return kDiskAgain;
    item.offered.set_transaction(std::move(*transaction));
    item.offered.set_state(v1::OFFERED_STATE_ACCEPTING);
    if (!put(item, {})) return kDiskAgain;
    return await_acceptance(std::move(item));
}

ContributionDesk::Again ContributionDesk::await_acceptance(Item item) {
    const auto settled =
        settle(ports_, item.offered.transaction(), [poke = poke_, key = item.key] { poke(key); });
    if (settled.state == Settlement::State::kWaiting) return kLookAgain;
    if (settled.state == Settlement::State::kLapsed) return file_acceptance(std::move(item));
    const bool applied = settled.state == Settlement::State::kApplied;
    if (applied) {
        v1::ExchangeMessage message;
        message.mutable_answer()->set_link_id(item.offered.link_id());
        message.mutable_answer()->set_number(item.offered.number());
        *message.mutable_answer()->mutable_record() = item.offered.record();
        const auto sent = ports_.channel.send(
            item.offered.contributor(),
            message_name("accepted", item.offered.link_id(), item.offered.number()),
            proto::encode(message));
        if (!sent) return kDiskAgain;
    } else {
        // The link was closed meanwhile: what the chart holds stays there.
        ports_.log.warning("exchange", "the ledger does not take what was accepted",
                           {telemetry::Field("number", item.offered.number())});
    }
    item.offered.set_state(applied ? v1::OFFERED_STATE_ACCEPTED : v1::OFFERED_STATE_FAILED);
    item.offered.clear_transaction();
    Extra extra;
    extra.rows = {no_todo(item.key)};
    if (!put_told(item, {}, std::move(extra))) return kLookAgain;
    return std::nullopt;
}

// ---- what was rejected

bool ContributionDesk::file_rejection(Item& item, v1::ContributionRejection reason) {
    v1::EhrCommand command;
    v1::RejectContribution& reject = *command.mutable_reject_contribution();
    reject.set_link_id(item.offered.link_id());
    reject.set_number(item.offered.number());
    reject.set_rejection(reason);
    auto transaction = compose(ports_, v1::ROLE_SERVICE, command);
    if (!transaction) return false;
    item.offered.set_transaction(std::move(*transaction));
    item.offered.set_rejection(reason);
    item.offered.set_state(v1::OFFERED_STATE_REJECTING);
    item.offered.clear_key_secret();
    // Nobody saw what was rejected at once; there is no Task of it.
    if (item.offered.task().empty()) return put(item, {todo(item.key)});
    Extra extra;
    extra.rows = {todo(item.key),
                  no_row(waiting_key(item.offered.link_id(), item.offered.number()))};
    return put_told(item, {}, std::move(extra)).ok();
}

ContributionDesk::Again ContributionDesk::reject_here(Item item, v1::ContributionRejection reason) {
    return file_rejection(item, reason) ? await_rejection(std::move(item)) : kDiskAgain;
}

ContributionDesk::Again ContributionDesk::await_rejection(Item item) {
    const auto settled =
        settle(ports_, item.offered.transaction(), [poke = poke_, key = item.key] { poke(key); });
    if (settled.state == Settlement::State::kWaiting) return kLookAgain;
    if (settled.state == Settlement::State::kLapsed) {
        const auto reason = item.offered.rejection();
        return reject_here(std::move(item), reason);
    }
    // What is not taken is not kept: it may be about somebody else.
    if (!drop_copy(item)) return kDiskAgain;
    if (settled.state == Settlement::State::kRejected && !is_decided(item)) {
        // Its user was revoked, say, or this member suspended: the decision stands, and the ledger
        // is told again when the transaction would have lapsed.
        const auto told = ledger::decode_transaction(item.offered.transaction());
        CONSILIUM_ASSERT(told.ok());
        if (ports_.now().value <= told->not_after.value) return kRefusedAgain;
        ports_.log.warning("exchange", "the ledger does not take what was rejected",
                           {telemetry::Field("code", settled.outcome.code)});
        const auto reason = item.offered.rejection();
        return file_rejection(item, reason) ? milliseconds(0) : kDiskAgain;
    }
    item.offered.set_state(v1::OFFERED_STATE_REJECTED);
    item.offered.clear_transaction();
    if (!put(item, {no_todo(item.key)})) return kDiskAgain;
    return std::nullopt;
}

// Whether the ledger has a decision of ours already.
bool ContributionDesk::is_decided(const Item& item) const {
    const auto row = ledger_.contribution(item.offered.link_id(), item.offered.number());
    return row && *row && (*row)->status() == v1::CONTRIBUTION_STATUS_REJECTED;
}

}  // namespace consilium::services::ehr::exchange
