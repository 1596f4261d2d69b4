// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/primitive.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/incoming.hpp"
#include "services/ehr/exchange/requester.hpp"
#include "services/ehr/exchange/vault_rows.hpp"
#include "services/ehr/names.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLedgerPatience{1000};
constexpr milliseconds kLookAgain{2000};
constexpr milliseconds kDiskAgain{5000};

// By which a client finds the resource again; nothing when it is there, and for names that nobody
// can ask for.
std::optional<vault::Row> seen_row(const vault::Vault& vault, const v1::DisclosedDocument& entry,
                                   const std::string& patient) {
    const bool named = is_resource_type(entry.resource_type()) &&
                       formats::fhir::is_logical_id(entry.resource_id()) &&
                       formats::fhir::is_logical_id(patient);
    if (!named) return std::nullopt;
    vault::Row row{seen_key(entry.resource_type(), entry.resource_id(), patient), Bytes()};
    if (const auto known = vault.row(row.key); known && *known) return std::nullopt;
    return row;
}

}  // namespace

// What a delivery is about, on our side.
struct Requester::Facts {
    ledger::MemberId custodian;
    v1::DisclosureHeader header;
    Item item;  // the request that it answers
};

DeliveryCheck Requester::look_up(const ledger::MemberId& from, const v1::RecordDelivery& delivery,
                                 Facts& facts) const {
    auto header = decode_row<v1::DisclosureHeader>(delivery.header());
    if (!header || header->link_id().size() != ledger::LinkId::kSize ||
        delivery.disclosure() == 0 || delivery.salt().size() != kSaltBytes)
        return DeliveryCheck::kMalformed;
    const BytesView link_id = header->link_id();
    const auto link = ledger_.link(link_id);
    const auto request = ledger_.request(link_id, header->request());
    const auto row = ledger_.disclosure(link_id, delivery.disclosure());
    if (!link || !request || !row) return DeliveryCheck::kNotYet;
    // A request without a card is known here by its fresh id.
    const bool fresh = *request && !(*request)->fresh_id().empty();
    const auto commitment = ports_.vault.row(fresh ? asked_key((*request)->fresh_id(), 1)
                                                   : asked_key(link_id, header->request()));
    if (!commitment) return DeliveryCheck::kNotYet;
    std::optional<Hash32> asked;
    if (Hash32 value; *commitment && assign(value, **commitment)) asked = value;
    const auto result =
        check_delivery({ports_.member, from, delivery, *header, *row, *link, asked, *request});
    if (result != DeliveryCheck::kGood && !is_dispute(result)) return result;
    auto item = find(asking_key(*asked));
    if (!item) return DeliveryCheck::kNotYet;
    if (!*item) return DeliveryCheck::kUnasked;
    facts.custodian = from;
    facts.header = std::move(*header);
    facts.item = std::move(**item);
    return result;
}

Handled Requester::receive(const ledger::MemberId& from, const v1::RecordDelivery& delivery) {
    Facts facts;
    DeliveryCheck result = DeliveryCheck::kNotYet;
    (void)blocks_.until(kLedgerPatience, [&] {
        result = look_up(from, delivery, facts);
        return result != DeliveryCheck::kNotYet;
    });
    if (result == DeliveryCheck::kNotYet) return Handled::kLater;
    if (result != DeliveryCheck::kGood && !is_dispute(result)) {
        ports_.log.warning("exchange", "a delivery of another member is refused",
                           {telemetry::Field::name("reason", to_string(result)),
                            telemetry::Field::name("member", from)});
        return Handled::kRefused;
    }
    const auto before =
        ports_.vault.row(receiving_key(facts.header.link_id(), delivery.disclosure()));
    if (!before) return Handled::kLater;
    if (*before) return Handled::kDone;  // a replay
    if (result != DeliveryCheck::kGood) return dispute(facts, delivery, result);
    if (facts.item.asking.reply_secret().empty()) return Handled::kRefused;  // nothing opens it
    const crypto::hpke::KeyPair key{crypto::SecretBytes(facts.item.asking.reply_secret()),
                                    facts.item.opening.reply_key()};
    auto documents = open_documents(ports_.network, key, delivery);
    if (!documents) return dispute(facts, delivery, documents.error());
    return take(facts, delivery, std::move(documents).value());
}

Handled Requester::take(const Facts& facts, const v1::RecordDelivery& delivery,
                        std::vector<OpenedDocument> documents) {
    auto rows = keep_documents(ports_, facts.custodian, facts.header, delivery, documents);
    if (!rows) return Handled::kLater;
    ReadOutcome outcome;
    outcome.state = ReadOutcome::State::kReceived;
    for (OpenedDocument& document : documents) {
        if (auto row = seen_row(ports_.vault, document.entry, facts.item.opening.patient()))
            rows->push_back(std::move(*row));
        outcome.resources.push_back({document.entry.resource_type(), document.entry.resource_id(),
                                     document.entry.version(), std::move(document.plaintext)});
    }
    const auto count = static_cast<std::uint32_t>(documents.size());
    return keep(facts, delivery, count, std::move(*rows), std::move(outcome));
}

Handled Requester::dispute(const Facts& facts, const v1::RecordDelivery& delivery,
                           DeliveryCheck why) {
    ports_.log.warning("exchange", "a delivery is not what its sender committed to",
                       {telemetry::Field::name("reason", to_string(why)),
                        telemetry::Field::name("member", facts.custodian)});
    ReadOutcome outcome;
    outcome.state = ReadOutcome::State::kDisputed;
    return keep(facts, delivery, 0, {}, std::move(outcome));
}

Handled Requester::keep(const Facts& facts, const v1::RecordDelivery& delivery,
                        std::uint32_t documents, std::vector<vault::Row> rows,
                        ReadOutcome outcome) {
    const bool disputed = outcome.state == ReadOutcome::State::kDisputed;
    auto receiving = new_receiving(ports_, facts.custodian, facts.header, delivery, disputed);
    if (!receiving) return Handled::kLater;
    receiving->set_documents(documents);

    Item item = facts.item;
    item.asking.set_state(disputed ? v1::ASK_STATE_DISPUTED : v1::ASK_STATE_RECEIVED);
    item.asking.set_link_id(receiving->link_id());
    item.asking.set_disclosure(receiving->disclosure());
    item.asking.clear_reply_secret();
    const Bytes key = receiving_key(receiving->link_id(), receiving->disclosure());
    rows.push_back(row_of(key, *receiving));
    rows.push_back(todo(key));
    rows.push_back(row_of(item.key, item.asking));
    rows.push_back(no_todo(item.key));
    const std::vector<vault::Row> expected{no_row(key), {item.key, item.before}};
    // A conflict: the request's own row changed meanwhile, or another thread was faster; the next
    // delivery of the same tells.
    if (!ports_.vault.put({}, rows, expected)) return Handled::kLater;
    answer(item, std::move(outcome));
    poke_(item.key);
    poke_(key);
    return Handled::kDone;
}

Requester::Again Requester::step_receiving(const Bytes& key) {
    auto row = get_row<v1::Receiving>(ports_.vault, key);
    if (!row) return kDiskAgain;
    if (!*row || (*row)->acknowledged()) return std::nullopt;
    v1::Receiving& receiving = **row;
    const auto settled =
        settle(ports_, receiving.transaction(), [poke = poke_, key] { poke(key); });
    if (settled.state == Settlement::State::kWaiting) return kLookAgain;
    if (settled.state == Settlement::State::kLapsed) {
        auto transaction = compose_acknowledgement(ports_, receiving);
        if (!transaction) return kDiskAgain;
        receiving.set_transaction(std::move(*transaction));
        const std::vector<vault::Row> rows{row_of(key, receiving)};
        if (!ports_.vault.put({}, rows)) return kDiskAgain;
        return milliseconds(0);
    }
    // Rejected: the ledger has our word already.
    receiving.set_acknowledged(true);
    receiving.clear_transaction();
    const std::vector<vault::Row> rows{row_of(key, receiving), no_todo(key)};
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    return std::nullopt;
}

Result<std::vector<DisclosedResource>, vault::VaultError> Requester::received(
    BytesView link, std::uint32_t disclosure) const {
    const auto receiving = get_row<v1::Receiving>(ports_.vault, receiving_key(link, disclosure));
    if (!receiving) return fail(receiving.error());
    if (!*receiving) return fail(vault::VaultError::kNone);
    std::vector<DisclosedResource> out;
    for (std::uint32_t page = 0; out.size() < (*receiving)->documents(); ++page) {
        const auto row =
            get_row<v1::ReceivedPage>(ports_.vault, received_key(link, disclosure, page));
        if (!row) return fail(row.error());
        if (!*row || (*row)->documents().empty()) return fail(vault::VaultError::kDamaged);
        for (const v1::ReceivedDocument& document : (*row)->documents()) {
            const auto entry = decode_row<v1::DisclosedDocument>(document.entry());
            vault::DocumentName name;
            if (!entry || !assign(name.record, document.record_id()))
                return fail(vault::VaultError::kDamaged);
            name.version = 1;
            auto payload = ports_.vault.read(name, vault::kDocumentBytesMax);
            const bool erased = !payload && payload.error() == vault::VaultError::kErased;
            if (!payload && !erased) return fail(payload.error());
            out.push_back({entry->resource_type(), entry->resource_id(), entry->version(),
                           erased ? Bytes() : payload->substr(kSaltBytes)});
        }
    }
    return out;
}

}  // namespace consilium::services::ehr::exchange
