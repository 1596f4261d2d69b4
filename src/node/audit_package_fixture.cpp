// SPDX-License-Identifier: Apache-2.0
#include "node/audit_package_fixture.hpp"

#include <algorithm>

#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "ledger/commitment.hpp"
#include "services/audit/log_anchor.hpp"

namespace consilium::node::testing {
namespace {

template <typename Payload>
v1::Command command_of(ledger::ContractId contract, const Payload& payload) {
    v1::Command out;
    out.set_contract(static_cast<std::uint32_t>(contract));
    out.set_payload(proto::encode(payload));
    return out;
}

}  // namespace

void AuditPackage::review(std::size_t member, const ex::ReadOutcome& of, std::uint32_t number,
                          v1::ReviewVerdict verdict) {
    ex::Reviews& reviews = sides[member].exchange->reviews();
    ASSERT_TRUE(eventually([&] {
        return reviews.file(of.link, number, verdict, "notes", "officer") ==
               ex::Reviews::Filed::kFiled;
    }));
    ASSERT_TRUE(eventually([&] {
        const auto made = reviews.made(of.link, number);
        return made && *made && (*made)->state() == v1::REVIEW_STATE_MADE;
    }));
}

void AuditPackage::break_glass() {
    ASSERT_TRUE(clear("dr-meier"));
    const auto carded = read(emergency());
    ASSERT_EQ(carded.state, State::kReceived);
    review(kClinic, carded, 1, v1::REVIEW_VERDICT_JUSTIFIED);
    review(kHospital, carded, 1, v1::REVIEW_VERDICT_UNJUSTIFIED);
    const auto bound = read(named(person("Muster"), {"verena"}));
    ASSERT_EQ(bound.state, State::kReceived);
    review(kHospital, bound, 2, v1::REVIEW_VERDICT_JUSTIFIED);
    review(kClinic, bound, 2, v1::REVIEW_VERDICT_JUSTIFIED);
    for (const std::uint32_t number : {1U, 2U}) {
        ASSERT_TRUE(eventually([&] {
            const auto now =
                row<v1::Disclosure>(kInsurer, sdk::disclosure_row(card.link_id(), number));
            return now && now->status() == v1::DISCLOSURE_STATUS_RECEIVED;
        }));
    }
}

void AuditPackage::contribute() {
    v1::IdentityCommand consent;
    v1::GrantConsent& grant = *consent.mutable_grant_consent();
    grant.set_link_id(card.link_id());
    grant.set_provision(v1::CONSENT_PROVISION_PERMIT);
    grant.add_purposes(v1::PURPOSE_OF_USE_TREAT);
    grant.add_actions(v1::ACCESS_ACTION_CONTRIBUTE);
    const auto now = consensus::system_clock().wall().value;
    grant.set_valid_from_unix_ms(now - 60'000);
    grant.set_valid_until_unix_ms(now + 3'600'000);
    ASSERT_TRUE(submit(kInsurer, {command_of(ledger::ContractId::kIdentity, consent)}, &patient_key)
                    .applied());
    v1::EhrCommand offer;
    offer.mutable_offer_contribution()->set_link_id(card.link_id());
    offer.mutable_offer_contribution()->set_purpose(v1::PURPOSE_OF_USE_TREAT);
    for (const char fill : {'a', 'b'}) {
        offer.mutable_offer_contribution()->set_commitment(Bytes(32, fill));
        ASSERT_TRUE(submit(kClinic, {command_of(ledger::ContractId::kEhr, offer)}).applied());
    }
    v1::EhrCommand accept;
    accept.mutable_accept_contribution()->set_link_id(card.link_id());
    accept.mutable_accept_contribution()->set_number(1);
    accept.mutable_accept_contribution()->set_record_commitment(Bytes(32, 'r'));
    ASSERT_TRUE(submit(kHospital, {command_of(ledger::ContractId::kEhr, accept)}).applied());
    v1::EhrCommand reject;
    reject.mutable_reject_contribution()->set_link_id(card.link_id());
    reject.mutable_reject_contribution()->set_number(2);
    reject.mutable_reject_contribution()->set_rejection(v1::CONTRIBUTION_REJECTION_DUPLICATE);
    ASSERT_TRUE(submit(kHospital, {command_of(ledger::ContractId::kEhr, reject)}).applied());
}

void AuditPackage::share() {
    v1::DocumentsCommand shared;
    shared.mutable_share_record()->set_link_id(card.link_id());
    shared.mutable_share_record()->set_record_commitment(Bytes(32, 's'));
    ASSERT_TRUE(submit(kHospital, {command_of(ledger::ContractId::kDocuments, shared)}).applied());
    v1::DocumentsCommand taken;
    taken.mutable_acknowledge_share()->set_link_id(card.link_id());
    taken.mutable_acknowledge_share()->set_sequence(1);
    ASSERT_TRUE(submit(kClinic, {command_of(ledger::ContractId::kDocuments, taken)}).applied());
}

void AuditPackage::anchor_documents() {
    std::vector<ledger::ManifestEntry> entries;
    const vault::Vault& vault = *sides[kHospital].vault;
    for (const ex::CurrentVersion& version : sides[kHospital].records.versions) {
        const auto secret = vault.secret(version.document);
        const auto info = vault.info(version.document);
        const auto text = vault.read(version.document, vault::kDocumentBytesMax);
        ASSERT_TRUE(secret.ok() && info.ok() && text.ok());
        const auto& record = version.document.record;
        entries.push_back({record, info->commitment});
        charts.stored.versions.push_back({record, 1, Bytes(secret->salt.view())});
        charts.texts[record] = *text;
    }
    ASSERT_EQ(entries.size(), 3U);
    auto& versions = charts.stored.versions;
    std::sort(versions.begin(), versions.end(),
              [](const auto& a, const auto& b) { return a.record < b.record; });
    const Bytes salt = crypto::random_bytes(32);
    const auto padding = crypto::random_id<ledger::RecordId>();
    entries.push_back({padding, ledger::document_commitment(salt, {})});
    charts.stored.padding.push_back({padding, salt});
    const auto manifest = ledger::Manifest::build(entries);
    ASSERT_TRUE(manifest);
    v1::DocumentsCommand anchor;
    const auto& chart = sides[kHospital].records.charts.at("verena").chart;
    anchor.mutable_anchor_manifest()->set_chart_id(chart.bytes());
    anchor.mutable_anchor_manifest()->set_root(manifest->root().bytes());
    anchor.mutable_anchor_manifest()->set_leaf_count(manifest->leaf_count());
    const auto outcome = submit(kHospital, {command_of(ledger::ContractId::kDocuments, anchor)});
    ASSERT_TRUE(outcome.applied());
    ASSERT_EQ(outcome.assigned.size(), 1U);
    charts.stored.manifests.push_back({outcome.assigned[0], manifest->entries()});
}

void AuditPackage::add_access(const std::vector<std::string>& patients) {
    services::Access access;
    access.subject = "nurse-1";
    access.interaction = services::Interaction::kRead;
    access.asked = "Observation/o-1";
    for (const auto& patient : patients)
        (void)access.patient(patient);
    ASSERT_TRUE(log.append(access));
}

void AuditPackage::look() {
    add_access({"verena"});
    add_access({"otto"});
    add_access({"otto", "verena"});
    add_access({"verena"});
    audit::LogAnchor anchors(
        log, {host->submit("hospital"), host->reads("hospital"), *sides[kHospital].author}, 0,
        telemetry::Logger(), metrics);
    ASSERT_TRUE(eventually([&] { return anchors.round(); }));
    add_access({"verena"});
    // The header that proves the newest state comes with the next block.
    v1::EhrCommand offer;
    offer.mutable_offer_contribution()->set_link_id(card.link_id());
    offer.mutable_offer_contribution()->set_purpose(v1::PURPOSE_OF_USE_HPAYMT);
    offer.mutable_offer_contribution()->set_commitment(Bytes(32, 'c'));
    ASSERT_TRUE(submit(kClinic, {command_of(ledger::ContractId::kEhr, offer)}).applied());
}

void AuditPackage::export_package(bool for_patient) {
    const audit::Ports ports{
        "hospital", consortium.genesis.network_id, host->reads("hospital"), charts, own, nullptr};
    audit::PackageOptions options;
    options.documents = true;
    options.for_patient = for_patient;
    ASSERT_TRUE(eventually([&] {
        auto made = audit::make_package(ports, "verena", options);
        if (!made) return made.error() != audit::AuditError::kNotNow;
        files = std::move(made).value();
        return true;
    }));
    ASSERT_FALSE(files.empty());
}

}  // namespace consilium::node::testing
