// SPDX-License-Identifier: Apache-2.0
#include "node/audit_charts.hpp"

#include <algorithm>
#include <limits>

#include "consilium/v1/exchange.pb.h"
#include "formats/fhir/primitive.hpp"
#include "ledger/commitment.hpp"
#include "services/ehr/bundle_text.hpp"
#include "services/ehr/exchange/vault_rows.hpp"
#include "services/ehr/padding.hpp"
#include "services/ehr/reach.hpp"
#include "services/ehr/resource_text.hpp"

namespace consilium::node {
namespace {

namespace audit = services::audit;
namespace ehr = services::ehr;
namespace ex = services::ehr::exchange;

constexpr std::size_t kRowsPerStep = 64;

// The documents of those versions that were found fit to be sent, in order.
template <typename Versions>
void add_sent(const Versions& versions, std::vector<Bytes>& entries) {
    for (const v1::JudgedVersion& version : versions) {
        if (version.verdict() == v1::VERDICT_SEND)
            entries.push_back(proto::encode(version.document()));
    }
}

Bytes salt_of(const vault::DocumentSecret& secret) {
    return Bytes(secret.salt.view());
}

AuditCharts::Answer<std::optional<audit::DisclosureOpening>> by_law(
    const vault::Vault& vault, audit::DisclosureOpening opening) {
    using Out = std::optional<audit::DisclosureOpening>;
    const auto order = vault.row(ex::lawful_order_key(opening.link.view(), opening.number));
    if (!order) return fail(audit::ChartsError::kDisk);
    if (!*order) return Out();
    const auto row = ex::get_row<v1::Lawful>(vault, ex::lawful_key(**order));
    if (!row) return fail(audit::ChartsError::kDisk);
    if (!*row) return Out();
    opening.salt = (*row)->salt();
    opening.header = (*row)->header();
    add_sent((*row)->judged(), opening.entries);
    return Out(std::move(opening));
}

}  // namespace

AuditCharts::Answer<std::optional<audit::ChartOpening>> AuditCharts::chart(
    std::string_view patient) const {
    using Out = std::optional<audit::ChartOpening>;
    if (!formats::fhir::is_logical_id(patient)) return Out();
    const auto row = store_.chart_of(patient);
    if (!row) return fail(audit::ChartsError::kDisk);
    if (!*row) return Out();
    audit::ChartOpening out{(*row)->chart, {}};
    for (const auto& slot : (*row)->slots) {
        out.slots.push_back(
            {slot.link, Bytes(reinterpret_cast<const char*>(slot.salt.data()), slot.salt.size())});
    }
    return Out(std::move(out));
}

AuditCharts::Answer<std::optional<std::string>> AuditCharts::patient_of(
    const ledger::LinkId& link) const {
    const auto card = ex::get_row<v1::IssuedCard>(store_.vault(), ex::issued_key(link.view()));
    if (!card) return fail(audit::ChartsError::kDisk);
    if (!*card) return std::optional<std::string>();
    return std::optional<std::string>((*card)->patient());
}

AuditCharts::Answer<std::optional<audit::DisclosureOpening>> AuditCharts::disclosure(
    const ledger::LinkId& link, std::uint32_t number, std::uint32_t request) const {
    return opening_of(store_.vault(), link, number, request);
}

AuditCharts::Answer<std::optional<audit::DisclosureOpening>> opening_of(const vault::Vault& vault,
                                                                        const ledger::LinkId& link,
                                                                        std::uint32_t number,
                                                                        std::uint32_t request) {
    using Out = std::optional<audit::DisclosureOpening>;
    audit::DisclosureOpening out;
    out.link = link;
    out.number = number;
    if (request == 0) return by_law(vault, std::move(out));
    const auto row = ex::get_row<v1::Serving>(vault, ex::serving_key(link.view(), request));
    if (!row) return fail(audit::ChartsError::kDisk);
    if (!*row) return Out();
    out.salt = (*row)->salt();
    out.header = (*row)->header();
    std::uint32_t read = 0;
    for (std::uint32_t page = 0; read < (*row)->judged(); ++page) {
        const auto judged =
            ex::get_row<v1::JudgedPage>(vault, ex::judged_key(link.view(), request, page));
        if (!judged) return fail(audit::ChartsError::kDisk);
        if (!*judged || (*judged)->versions().empty()) return Out();
        read += static_cast<std::uint32_t>((*judged)->versions_size());
        add_sent((*judged)->versions(), out.entries);
    }
    return Out(std::move(out));
}

AuditCharts::Answer<audit::StoredDocuments> AuditCharts::documents(
    const ledger::ChartId& chart) const {
    audit::StoredDocuments out;
    // All manifests of the chart: their rows' keys go on with the sequence.
    Bytes prefix = ehr::leaves_prefix(chart, 0);
    prefix.resize(prefix.size() - sizeof(std::uint64_t));
    Bytes after;
    while (true) {
        const auto rows = store_.vault().rows(prefix, after, kRowsPerStep);
        if (!rows) return fail(audit::ChartsError::kDisk);
        for (const vault::Row& row : *rows) {
            const std::uint64_t sequence = read_be64(BytesView(row.key).substr(prefix.size()));
            if (sequence == 0) continue;  // on its way to the ledger
            if (out.manifests.empty() || out.manifests.back().sequence != sequence)
                out.manifests.push_back({sequence, {}});
            if (!ehr::decode_leaves(*row.value, out.manifests.back().entries))
                return fail(audit::ChartsError::kDisk);
        }
        if (rows->size() < kRowsPerStep) break;
        after = rows->back().key;
    }
    const auto key = ehr::known_padding_key(store_.vault());
    if (!key) return fail(audit::ChartsError::kDisk);
    for (const auto& manifest : out.manifests) {
        for (const ledger::ManifestEntry& leaf : manifest.entries) {
            const auto anchor = store_.anchor_of(leaf.record_id);
            if (!anchor) return fail(audit::ChartsError::kDisk);
            if (!*anchor) {
                Bytes salt = ehr::padding_salt(*key, leaf.record_id);
                if (ledger::document_commitment(salt, {}) == leaf.commitment)
                    out.padding.push_back({leaf.record_id, std::move(salt)});
                continue;
            }
            for (std::uint32_t version = 1; version <= (*anchor)->version; ++version) {
                const auto secret = store_.vault().secret({leaf.record_id, version});
                if (!secret && secret.error() != vault::VaultError::kErased)
                    return fail(audit::ChartsError::kDisk);
                out.versions.push_back(
                    {leaf.record_id, version, secret ? salt_of(*secret) : Bytes()});
            }
        }
    }
    return out;
}

AuditCharts::Answer<Bytes> AuditCharts::document(const ledger::RecordId& record,
                                                 std::uint32_t version) const {
    auto document = store_.vault().read({record, version}, vault::kDocumentBytesMax);
    if (!document) return fail(audit::ChartsError::kDisk);
    return std::move(document).value();
}

// As the FHIR API reads for them: what is theirs in its newest version, and was in this one.
AuditCharts::Answer<bool> AuditCharts::is_own(BytesView document, std::string_view patient) const {
    const auto identity = ehr::identity_of(document);
    if (!identity || ehr::is_deletion(document) || !ehr::is_own(document, patient)) return false;
    const auto row = store_.find(identity->type, identity->id);
    if (!row) return fail(audit::ChartsError::kDisk);
    if (!*row) return false;
    const auto newest = store_.read((*row)->record, (*row)->version);
    if (!newest && newest.error() == ehr::StoreError::kErased) return false;
    if (!newest) return fail(audit::ChartsError::kDisk);
    return !ehr::is_deletion(*newest) && ehr::is_own(*newest, patient);
}

}  // namespace consilium::node
