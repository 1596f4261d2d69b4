// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/incoming.hpp"

#include "crypto/random.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/settle.hpp"
#include "services/ehr/exchange/vault_rows.hpp"
#include "vault/document_writer.hpp"

namespace consilium::services::ehr::exchange {
namespace {

std::vector<vault::Row> received_rows(const v1::DisclosureHeader& header, std::uint32_t disclosure,
                                      const std::vector<v1::ReceivedDocument>& documents) {
    std::vector<vault::Row> rows;
    for (std::size_t i = 0; i < documents.size(); i += kEntriesPerPage) {
        v1::ReceivedPage page;
        for (std::size_t j = i; j < std::min(documents.size(), i + kEntriesPerPage); ++j)
            *page.add_documents() = documents[j];
        rows.push_back(row_of(received_key(header.link_id(), disclosure,
                                           static_cast<std::uint32_t>(i / kEntriesPerPage)),
                              page));
    }
    return rows;
}

// A copy is kept with the custodian's salt before it, so that it can be shown to be what the ledger
// commits to, and so that its erasure takes both.
Bytes with_salt(const OpenedDocument& document) {
    return document.salt + document.plaintext;
}

// In its own place, so that what was stored before a crash is found and not stored twice.
bool store(const Ports& ports, const OpenedDocument& document, const ledger::RecordId& record) {
    const vault::DocumentName name{record, 1};
    const Bytes payload = with_salt(document);
    auto writer = ports.vault.begin(name, payload.size());
    if (!writer) return writer.error() == vault::VaultError::kExists;
    if (!(*writer)->update(payload)) return false;
    const auto committed = (*writer)->commit({});
    return committed || committed.error() == vault::VaultError::kExists;
}

}  // namespace

std::optional<std::vector<vault::Row>> keep_documents(const Ports& ports,
                                                      const ledger::MemberId& custodian,
                                                      const v1::DisclosureHeader& header,
                                                      const v1::RecordDelivery& delivery,
                                                      std::span<const OpenedDocument> documents) {
    std::vector<v1::ReceivedDocument> kept;
    std::vector<Bytes> payloads;
    std::vector<vault::NewDocument> small;
    payloads.reserve(documents.size());
    for (std::size_t i = 0; i < documents.size(); ++i) {
        const OpenedDocument& document = documents[i];
        const ledger::RecordId record = received_record(custodian, document.entry);
        v1::ReceivedDocument& row = kept.emplace_back();
        row.set_entry(delivery.documents(static_cast<int>(i)).entry());
        row.set_record_id(record.bytes());
        // What was erased here stays erased, whatever is delivered again.
        const auto known = ports.vault.info({record, 1});
        if (!known && known.error() != vault::VaultError::kNone &&
            known.error() != vault::VaultError::kErased)
            return std::nullopt;
        if (known || known.error() == vault::VaultError::kErased) continue;
        if (document.plaintext.size() + kSaltBytes > vault::kInlineBytesMax) {
            if (!store(ports, document, record)) return std::nullopt;
        } else {
            payloads.push_back(with_salt(document));
            small.push_back({{record, 1}, payloads.back(), {}});
        }
    }
    for (std::size_t i = 0; i < small.size(); i += vault::kDocumentsPerPutMax) {
        const std::size_t count = std::min(vault::kDocumentsPerPutMax, small.size() - i);
        // The same delivery may be in other hands here at the same time: then it is there.
        const auto stored = ports.vault.put(std::span(small).subspan(i, count));
        if (!stored) return std::nullopt;
    }
    return received_rows(header, delivery.disclosure(), kept);
}

std::optional<Bytes> compose_acknowledgement(const Ports& ports, const v1::Receiving& receiving) {
    v1::EhrCommand command;
    v1::AcknowledgeDisclosure& acknowledge = *command.mutable_acknowledge_disclosure();
    acknowledge.set_link_id(receiving.link_id());
    acknowledge.set_number(receiving.disclosure());
    acknowledge.set_commitment(receiving.commitment());
    return compose(ports, v1::ROLE_SERVICE, command);
}

std::optional<v1::Receiving> new_receiving(const Ports& ports, const ledger::MemberId& custodian,
                                           const v1::DisclosureHeader& header,
                                           const v1::RecordDelivery& delivery, bool disputed) {
    v1::Receiving out;
    out.set_link_id(header.link_id());
    out.set_disclosure(delivery.disclosure());
    out.set_custodian(custodian);
    out.set_request(header.request());
    out.set_basis(header.basis());
    out.set_header(delivery.header());
    out.set_received_unix_ms(ports.now().value);
    out.set_disputed(disputed);
    out.set_salt(disputed ? crypto::random_bytes(kSaltBytes) : delivery.salt());
    const Hash32 commitment = disputed ? disputed_commitment(out.salt(), proto::encode(delivery))
                                       : disclosure_commitment(delivery.salt(), delivery.header());
    out.set_commitment(commitment.bytes());
    auto transaction = compose_acknowledgement(ports, out);
    if (!transaction) return std::nullopt;
    out.set_transaction(std::move(*transaction));
    return out;
}

}  // namespace consilium::services::ehr::exchange
