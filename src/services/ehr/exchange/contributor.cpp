// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/contributor.hpp"

#include "crypto/random.hpp"
#include "formats/json/parse.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/contribution_checks.hpp"
#include "services/ehr/exchange/contribution_resources.hpp"
#include "services/ehr/exchange/contribution_rules.hpp"
#include "services/ehr/exchange/seal.hpp"
#include "services/ehr/exchange/settle.hpp"
#include "services/ehr/exchange/vault_rows.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/resource_text.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLedgerPatience{1000};
constexpr milliseconds kLookAgain{2000};
constexpr milliseconds kDiskAgain{5000};
// Of what waits for people; every block's outcomes are looked at anyway.
constexpr milliseconds kPeopleAgain{60'000};
constexpr int kTriesMax = 8;

formats::json::Document parsed(Bytes text) {
    const std::size_t size = text.size();
    auto document = formats::json::parse(std::move(text), size);
    CONSILIUM_ASSERT(document.ok());
    return std::move(document).value();
}

ledger::RecordId record_of(const Bytes& key) {
    ledger::RecordId out;
    CONSILIUM_ASSERT(assign(out, BytesView(key).substr(offering_prefix().size())));
    return out;
}

}  // namespace

Contributor::Contributor(const Ports& ports, BlockWait& blocks, AgentWrites& writes,
                         std::function<void(const Bytes& key)> poke)
    : ports_(ports),
      ledger_(ports.reads),
      blocks_(blocks),
      writes_(writes),
      poke_(std::move(poke)) {}

Bytes Contributor::prefix() const {
    return offering_prefix();
}

Result<OfferKept, Problem> Contributor::offer(const OfferOrder& order) {
    if (order.corrects_id.empty()) return keep(order, std::nullopt);
    const Bytes key =
        corrected_key(order.card.link_id(), order.type, order.corrects_id, order.corrects_version);
    for (int tries = 0;; ++tries) {
        auto former = ports_.vault.row(key);
        if (!former) return fail(problem_of(500, "exception", "The vault cannot be read"));
        const vault::Row corrected{key, std::move(former).value()};
        auto same = same_offer(order, corrected);
        if (!same) return fail(problem_of(500, "exception", "The vault cannot be read"));
        if (*same) return std::move(**same);
        auto kept = keep(order, corrected);
        // Another one of that version was offered at the same time: perhaps this very one.
        if (kept || kept.error().status != 409 || tries == kTriesMax) return kept;
    }
}

Result<std::optional<OfferKept>, vault::VaultError> Contributor::same_offer(
    const OfferOrder& order, const vault::Row& corrected) const {
    if (!corrected.value) return std::optional<OfferKept>();
    ledger::RecordId record;
    if (!assign(record, *corrected.value)) return fail(vault::VaultError::kDamaged);
    const auto item = find(offering_key(record));
    if (!item) return fail(item.error());
    if (!*item) return fail(vault::VaultError::kDamaged);
    const v1::Offering& offering = (*item)->offering;
    switch (offering.state()) {
        case v1::OFFER_STATE_REJECTED:
        case v1::OFFER_STATE_DENIED:
        case v1::OFFER_STATE_UNFILED:
            return std::optional<OfferKept>();
        default:
            break;
    }
    const vault::DocumentName document{record, 1};
    auto stored = ports_.vault.read(document, kContributionBytesMax);
    if (!stored && stored.error() == vault::VaultError::kErased) return std::optional<OfferKept>();
    if (!stored) return fail(stored.error());
    const auto updated = updated_of(*stored);
    if (!updated) return fail(vault::VaultError::kDamaged);
    // Stored at that moment, the resource would be those bytes.
    if (write_resource(*order.resource, {offering.resource_id(), 1, *updated}) != *stored)
        return std::optional<OfferKept>();
    OfferKept out;
    out.id = offering.resource_id();
    out.version = {document, *updated, std::move(stored).value()};
    out.task = offering.task();
    out.repeated = true;
    return std::optional<OfferKept>(std::move(out));
}

// `corrected`: the row that shall name this offer, as it is.
Result<OfferKept, Problem> Contributor::keep(const OfferOrder& order,
                                             const std::optional<vault::Row>& corrected) {
    OfferKept out;
    out.id = new_fhir_id();
    out.task = new_fhir_id();
    v1::Offering offering;
    offering.set_state(v1::OFFER_STATE_KEPT);
    offering.set_link_id(order.card.link_id());
    offering.set_custodian(order.card.custodian());
    offering.set_patient(order.card.patient());
    offering.set_slot_salt(order.card.slot_salt());
    offering.set_purpose(order.purpose);
    offering.set_role(static_cast<std::uint32_t>(order.role));
    offering.set_resource_type(order.type);
    offering.set_resource_id(out.id);
    offering.set_corrects_id(order.corrects_id);
    offering.set_corrects_version(order.corrects_version);
    offering.set_task(out.task);
    offering.set_offered_unix_ms(ports_.now().value);
    const auto task = parsed(task_of(offering, ports_.member, ports_.now()));
    const std::vector<AgentEntry> entries{{order.type, out.id, order.resource, {}, true},
                                          {"Task", out.task, &task.root(), {}, true}};
    Bytes key;
    auto written = writes_.write(
        entries, [&](const std::vector<AgentVersion>& versions) -> Result<Extra, Problem> {
            if (versions[0].stored.size() > kContributionBytesMax)
                return fail(
                    problem_of(413, "too-long", "The resource is too large to be contributed"));
            key = offering_key(versions[0].document.record);
            Extra extra;
            extra.rows = {row_of(key, offering), todo(key)};
            extra.expected = {no_row(key)};
            if (corrected) {
                extra.rows.push_back({corrected->key, versions[0].document.record.bytes()});
                extra.expected.push_back(*corrected);
            }
            return extra;
        });
    if (!written) return fail(written.error());
    out.version = std::move(written->front());
    poke_(key);
    return out;
}

Result<std::optional<Contributor::Item>, vault::VaultError> Contributor::find(
    const Bytes& key) const {
    auto row = ports_.vault.row(key);
    if (!row) return fail(row.error());
    if (!*row) return std::optional<Item>();
    auto offering = decode_row<v1::Offering>(**row);
    if (!offering) return fail(vault::VaultError::kDamaged);
    return std::optional<Item>(Item{key, std::move(**row), std::move(*offering)});
}

bool Contributor::put(Item& item, std::vector<vault::Row> more) {
    more.push_back(row_of(item.key, item.offering));
    const std::vector<vault::Row> expected{{item.key, item.before}};
    if (!ports_.vault.put({}, more, expected)) return false;
    item.before = proto::encode(item.offering);
    return true;
}

bool Contributor::put_told(Item& item, std::vector<vault::Row> more) {
    const auto task = parsed(task_of(item.offering, ports_.member, ports_.now()));
    more.push_back(row_of(item.key, item.offering));
    const std::vector<AgentEntry> entries{{"Task", item.offering.task(), &task.root(), {}, true}};
    const auto written =
        writes_.write(entries, [&](const std::vector<AgentVersion>&) -> Result<Extra, Problem> {
            Extra extra;
            extra.rows = more;
            extra.expected = {{item.key, item.before}};
            return extra;
        });
    if (!written) return false;
    item.before = proto::encode(item.offering);
    return true;
}

Contributor::Again Contributor::step(const Bytes& key) {
    auto item = find(key);
    if (!item) return kDiskAgain;
    if (!*item) return std::nullopt;
    switch ((*item)->offering.state()) {
        case v1::OFFER_STATE_KEPT:
            return file(std::move(**item));
        case v1::OFFER_STATE_FILING:
            return await_outcome(std::move(**item));
        case v1::OFFER_STATE_OPEN:
        case v1::OFFER_STATE_SENT:
            return follow(std::move(**item));
        default:
            return std::nullopt;
    }
}

std::optional<Bytes> Contributor::compose_offer(const v1::Offering& offering) const {
    v1::EhrCommand command;
    v1::OfferContribution& offer = *command.mutable_offer_contribution();
    offer.set_link_id(offering.link_id());
    offer.set_purpose(offering.purpose());
    offer.set_commitment(contribution_commitment(offering.salt(), offering.opening()).bytes());
    const auto role = static_cast<v1::Role>(offering.role());
    auto out = compose(ports_, role, command);
    // A member may have systems alone.
    if (!out && role != v1::ROLE_SERVICE) out = compose(ports_, v1::ROLE_SERVICE, command);
    return out;
}

// The commitment of our own document is known once it is stored.
Contributor::Again Contributor::file(Item item) {
    v1::Offering& offering = item.offering;
    const vault::DocumentName name{record_of(item.key), 1};
    const auto info = ports_.vault.info(name);
    if (!info) return kDiskAgain;
    // Erased before anything was said of it.
    if (info->state != vault::State::kStored)
        return finish(std::move(item), v1::OFFER_STATE_UNFILED);
    v1::DisclosedDocument document;
    document.set_record_id(name.record.bytes());
    document.set_version(name.version);
    document.set_commitment(info->commitment.bytes());
    document.set_size(info->size);
    document.set_resource_type(offering.resource_type());
    document.set_resource_id(offering.resource_id());
    v1::ContributionOpening opening;
    opening.set_link_id(offering.link_id());
    opening.set_custodian(offering.custodian());
    opening.set_contributor(ports_.member);
    opening.set_purpose(offering.purpose());
    opening.set_patient(offering.patient());
    opening.set_slot_salt(offering.slot_salt());
    opening.set_document(proto::encode(document));
    opening.set_corrects_id(offering.corrects_id());
    opening.set_corrects_version(offering.corrects_version());
    offering.set_opening(proto::encode(opening));
    offering.set_salt(crypto::random_bytes(kSaltBytes));
    auto transaction = compose_offer(offering);
    if (!transaction) return kDiskAgain;
    offering.set_transaction(std::move(*transaction));
    offering.set_state(v1::OFFER_STATE_FILING);
    if (!put(item)) return kDiskAgain;
    return await_outcome(std::move(item));
}

Contributor::Again Contributor::await_outcome(Item item) {
    v1::Offering& offering = item.offering;
    const auto settled =
        settle(ports_, offering.transaction(), [poke = poke_, key = item.key] { poke(key); });
    switch (settled.state) {
        case Settlement::State::kWaiting:
            return kLookAgain;
        case Settlement::State::kLapsed: {
            auto transaction = compose_offer(offering);
            if (!transaction) return kDiskAgain;
            offering.set_transaction(std::move(*transaction));
            return put(item) ? milliseconds(0) : kDiskAgain;
        }
        case Settlement::State::kRejected:
            return finish(std::move(item), v1::OFFER_STATE_UNFILED);
        case Settlement::State::kApplied:
            break;
    }
    if (settled.outcome.assigned.size() != 1)
        return finish(std::move(item), v1::OFFER_STATE_UNFILED);
    offering.set_number(static_cast<std::uint32_t>(settled.outcome.assigned[0]));
    const auto row = ledger_.contribution(offering.link_id(), offering.number());
    if (!row || !*row) return kLookAgain;
    *offering.mutable_gate() = (*row)->gate();
    offering.clear_transaction();
    if ((*row)->status() == v1::CONTRIBUTION_STATUS_DENIED)
        return finish(std::move(item), v1::OFFER_STATE_DENIED);
    // It is found by its row's name before the custodian can answer under it.
    offering.set_state(v1::OFFER_STATE_OPEN);
    if (!put_told(item, {{offer_name_key(offering.link_id(), offering.number()),
                          record_of(item.key).bytes()}}))
        return kDiskAgain;
    return follow(std::move(item));
}

Contributor::Again Contributor::follow(Item item) {
    v1::Offering& offering = item.offering;
    const auto row = ledger_.contribution(offering.link_id(), offering.number());
    if (!row || !*row) return kLookAgain;
    if ((*row)->status() == v1::CONTRIBUTION_STATUS_ACCEPTED)
        return finish(std::move(item), v1::OFFER_STATE_ACCEPTED);
    if ((*row)->status() == v1::CONTRIBUTION_STATUS_REJECTED) {
        offering.set_rejection((*row)->rejection());
        return finish(std::move(item), v1::OFFER_STATE_REJECTED);
    }
    if (offering.state() != v1::OFFER_STATE_OPEN) return kPeopleAgain;
    // The same name every time: the channel takes it once.
    v1::ExchangeMessage message;
    message.mutable_offer()->set_number(offering.number());
    message.mutable_offer()->set_salt(offering.salt());
    message.mutable_offer()->set_opening(offering.opening());
    const auto sent = ports_.channel.send(
        offering.custodian(), message_name("offer", offering.link_id(), offering.number()),
        proto::encode(message));
    return sent ? kPeopleAgain : kDiskAgain;
}

Contributor::Again Contributor::finish(Item item, v1::OfferState state) {
    item.offering.set_state(state);
    item.offering.clear_transaction();
    // What the custodian said came between, or somebody wrote to the Task: once more.
    if (!put_told(item, {no_todo(item.key)})) return kLookAgain;
    return std::nullopt;
}

std::optional<Handled> Contributor::receive(const ledger::MemberId& from,
                                            const v1::ExchangeMessage& message) {
    if (!message.has_answer()) return std::nullopt;
    const v1::ContributionAnswer& answer = message.answer();
    if (answer.link_id().size() != ledger::LinkId::kSize || answer.number() == 0 ||
        answer.key().empty() == !answer.has_record())
        return Handled::kRefused;
    const auto name = ports_.vault.row(offer_name_key(answer.link_id(), answer.number()));
    if (!name) return Handled::kLater;
    ledger::RecordId record;
    if (!*name || !assign(record, **name)) return Handled::kRefused;
    auto item = find(offering_key(record));
    if (!item) return Handled::kLater;
    if (!*item || (*item)->offering.custodian() != from) return Handled::kRefused;
    return answer.has_record() ? take_record(std::move(**item), answer.record())
                               : hand_over(std::move(**item), answer.key());
}

Handled Contributor::hand_over(Item item, BytesView key) {
    v1::Offering& offering = item.offering;
    if (offering.state() != v1::OFFER_STATE_OPEN) return Handled::kDone;
    const auto opening = decode_row<v1::ContributionOpening>(offering.opening());
    if (!opening) return Handled::kLater;
    const vault::DocumentName document{record_of(item.key), 1};
    auto plaintext = ports_.vault.read(document, kContributionBytesMax);
    auto secret = ports_.vault.secret(document);
    if (!plaintext && plaintext.error() == vault::VaultError::kErased) return Handled::kDone;
    if (!plaintext || !secret) return Handled::kLater;
    v1::RecordDelivery carrier;
    carrier.set_header(offering.opening());
    auto sealer = DeliverySealer::start(ports_.network, key, carrier);
    if (!sealer) return Handled::kRefused;
    sealer->add(
        {opening->document(), document, std::move(plaintext).value(), std::move(secret).value()});
    v1::ExchangeMessage message;
    v1::ContributionOffer& offer = *message.mutable_offer();
    offer.set_number(offering.number());
    offer.set_salt(offering.salt());
    offer.set_opening(offering.opening());
    offer.set_encapsulated(carrier.encapsulated());
    *offer.mutable_document() = carrier.documents(0);
    if (!ports_.channel.send(offering.custodian(),
                             message_name("offered", offering.link_id(), offering.number()),
                             proto::encode(message)))
        return Handled::kLater;
    offering.set_state(v1::OFFER_STATE_SENT);
    return put(item) ? Handled::kDone : Handled::kLater;
}

Handled Contributor::take_record(Item item, const v1::AcceptedRecord& record) {
    v1::Offering& offering = item.offering;
    if (offering.has_record()) return Handled::kDone;
    const auto chart = chart_of(record);
    if (!chart) return Handled::kRefused;
    std::optional<v1::Contribution> row;
    (void)blocks_.until(kLedgerPatience, [&] {
        const auto read = ledger_.contribution(offering.link_id(), offering.number());
        row = read ? *read : std::nullopt;
        return row && row->status() != v1::CONTRIBUTION_STATUS_OFFERED;
    });
    if (!row || row->status() == v1::CONTRIBUTION_STATUS_OFFERED) return Handled::kLater;
    const auto slots = ledger_.slots(chart->view());
    const auto entry = ledger_.record(record.list(), record.sequence());
    if (!slots || !entry) return Handled::kLater;
    if (!check_accepted(record, *row, offering, *slots, *entry)) {
        ports_.log.warning("exchange", "what a custodian says it accepted is not what it recorded",
                           {telemetry::Field::name("member", offering.custodian())});
        return Handled::kRefused;
    }
    *offering.mutable_record() = record;
    offering.set_state(v1::OFFER_STATE_ACCEPTED);
    offering.clear_transaction();
    return put_told(item, {no_todo(item.key)}) ? Handled::kDone : Handled::kLater;
}

}  // namespace consilium::services::ehr::exchange
