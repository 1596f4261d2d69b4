// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/lawful_receipts.hpp"

#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/incoming.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr std::chrono::milliseconds kLedgerPatience{1000};

enum class NoticeCheck : std::uint8_t { kGood, kNotYet, kRefused };

// The ledger says that this member is told of a disclosure by law by its custodian.
NoticeCheck check_notice(const LedgerView& ledger, const ledger::MemberId& self,
                         const ledger::MemberId& from, const v1::DisclosureNotice& notice) {
    const auto link = ledger.link(notice.link_id());
    const auto row = ledger.disclosure(notice.link_id(), notice.disclosure());
    if (!link || !row || !*link || !*row) return NoticeCheck::kNotYet;
    const bool ours = (*link)->custodian() == from && (*link)->counterparty() == self;
    return ours && (*row)->request() == 0 ? NoticeCheck::kGood : NoticeCheck::kRefused;
}

}  // namespace

struct LawfulReceipts::Facts {
    ledger::MemberId custodian;
    v1::DisclosureHeader header;
    v1::Expected expected;
};

LawfulReceipts::LawfulReceipts(const Ports& ports, BlockWait& blocks,
                               std::function<void(const Bytes& key)> poke)
    : ports_(ports), ledger_(ports.reads), blocks_(blocks), poke_(std::move(poke)) {}

std::optional<Handled> LawfulReceipts::receive(const ledger::MemberId& from,
                                               const v1::ExchangeMessage& message) {
    if (message.has_notice()) return receive(from, message.notice());
    if (!message.has_delivery()) return std::nullopt;
    const auto header = decode_row<v1::DisclosureHeader>(message.delivery().header());
    if (!header || header->request() != 0) return std::nullopt;
    return receive(from, message.delivery());
}

Handled LawfulReceipts::receive(const ledger::MemberId& from, const v1::DisclosureNotice& notice) {
    if (notice.link_id().size() != ledger::LinkId::kSize || notice.disclosure() == 0)
        return Handled::kRefused;
    NoticeCheck result = NoticeCheck::kNotYet;
    (void)blocks_.until(kLedgerPatience, [&] {
        result = check_notice(ledger_, ports_.member, from, notice);
        return result != NoticeCheck::kNotYet;
    });
    if (result == NoticeCheck::kNotYet) return Handled::kLater;
    if (result == NoticeCheck::kRefused) {
        ports_.log.warning("exchange", "a notice of another member is refused",
                           {telemetry::Field::name("member", from)});
        return Handled::kRefused;
    }
    const Bytes key = expected_key(notice.link_id(), notice.disclosure());
    auto row = get_row<v1::Expected>(ports_.vault, key);
    if (!row) return Handled::kLater;
    v1::Expected expected;
    if (*row) {
        // Told before: the same key again, whether or not a crash came before it was sent.
        expected = std::move(**row);
    } else {
        const auto pair = crypto::hpke::generate_key_pair();
        expected.set_reply_key(pair.public_key);
        expected.set_reply_secret(Bytes(pair.secret.view()));
        const std::vector<vault::Row> rows{row_of(key, expected)};
        const std::vector<vault::Row> nothing{no_row(key)};
        if (!ports_.vault.put({}, rows, nothing)) return Handled::kLater;
    }
    v1::ExchangeMessage message;
    message.mutable_ready()->set_link_id(notice.link_id());
    message.mutable_ready()->set_disclosure(notice.disclosure());
    message.mutable_ready()->set_reply_key(expected.reply_key());
    const auto sent = ports_.channel.send(
        from, message_name("ready", notice.link_id(), notice.disclosure()), proto::encode(message));
    return sent ? Handled::kDone : Handled::kLater;
}

DeliveryCheck LawfulReceipts::look_up(const ledger::MemberId& from,
                                      const v1::RecordDelivery& delivery, Facts& facts) const {
    auto header = decode_row<v1::DisclosureHeader>(delivery.header());
    if (!header || header->link_id().size() != ledger::LinkId::kSize ||
        delivery.disclosure() == 0 || delivery.salt().size() != kSaltBytes)
        return DeliveryCheck::kMalformed;
    const auto link = ledger_.link(header->link_id());
    const auto row = ledger_.disclosure(header->link_id(), delivery.disclosure());
    auto expected =
        get_row<v1::Expected>(ports_.vault, expected_key(header->link_id(), delivery.disclosure()));
    if (!link || !row || !expected) return DeliveryCheck::kNotYet;
    const auto result = check_lawful_delivery(
        {ports_.member, from, delivery, *header, *row, *link, expected->has_value()});
    facts.custodian = from;
    facts.header = std::move(*header);
    if (*expected) facts.expected = std::move(**expected);
    return result;
}

Handled LawfulReceipts::receive(const ledger::MemberId& from, const v1::RecordDelivery& delivery) {
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
    if (result == DeliveryCheck::kGood) {
        const crypto::hpke::KeyPair pair{crypto::SecretBytes(facts.expected.reply_secret()),
                                         facts.expected.reply_key()};
        const auto documents = open_documents(ports_.network, pair, delivery);
        if (documents) return keep(facts, delivery, &*documents);
        result = documents.error();
    }
    ports_.log.warning("exchange", "a delivery is not what its sender committed to",
                       {telemetry::Field::name("reason", to_string(result)),
                        telemetry::Field::name("member", from)});
    return keep(facts, delivery, nullptr);
}

Handled LawfulReceipts::keep(const Facts& facts, const v1::RecordDelivery& delivery,
                             const std::vector<OpenedDocument>* documents) {
    std::vector<vault::Row> rows;
    if (documents != nullptr) {
        auto kept = keep_documents(ports_, facts.custodian, facts.header, delivery, *documents);
        if (!kept) return Handled::kLater;
        rows = std::move(*kept);
    }
    auto receiving =
        new_receiving(ports_, facts.custodian, facts.header, delivery, documents == nullptr);
    if (!receiving) return Handled::kLater;
    if (documents != nullptr)
        receiving->set_documents(static_cast<std::uint32_t>(documents->size()));
    v1::Expected expected = facts.expected;
    expected.clear_reply_secret();
    const Bytes key = receiving_key(facts.header.link_id(), delivery.disclosure());
    rows.push_back(row_of(key, *receiving));
    rows.push_back(todo(key));
    rows.push_back(row_of(expected_key(facts.header.link_id(), delivery.disclosure()), expected));
    const std::vector<vault::Row> nothing{no_row(key)};
    if (!ports_.vault.put({}, rows, nothing)) return Handled::kLater;
    poke_(key);
    return Handled::kDone;
}

}  // namespace consilium::services::ehr::exchange
