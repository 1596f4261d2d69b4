// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/outgoing.hpp"

#include "proto/canonical.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/rules.hpp"
#include "services/ehr/exchange/seal.hpp"

namespace consilium::services::ehr::exchange {

Result<std::optional<v1::JudgedVersion>, RecordsError> judge_version(const Ports& ports,
                                                                     const CurrentVersion& version,
                                                                     std::string_view patient) {
    const auto stored = ports.vault.read(version.document, vault::kDocumentBytesMax);
    if (!stored && stored.error() == vault::VaultError::kErased)
        return std::optional<v1::JudgedVersion>();
    const auto info = ports.vault.info(version.document);
    if (!stored || !info) return fail(RecordsError::kDisk);
    v1::JudgedVersion judged;
    judged.mutable_document()->set_record_id(version.document.record.bytes());
    judged.mutable_document()->set_version(version.document.version);
    judged.mutable_document()->set_commitment(info->commitment.bytes());
    judged.mutable_document()->set_size(stored->size());
    judged.mutable_document()->set_resource_type(version.type);
    judged.mutable_document()->set_resource_id(version.id);
    judged.set_verdict(judge({version.type, version.id, version.patients, *stored}, patient));
    return std::optional<v1::JudgedVersion>(std::move(judged));
}

Sendable sendable(std::span<const v1::JudgedVersion> judged) {
    Sendable out;
    for (const v1::JudgedVersion& version : judged) {
        if (version.verdict() != v1::VERDICT_SEND) continue;
        out.entries.push_back(proto::encode(version.document()));
        out.bytes += version.document().size();
    }
    return out;
}

Hash32 decide(const Hash32& asked, std::span<const v1::JudgedVersion> judged, BytesView salt) {
    std::vector<Bytes> all;
    for (const v1::JudgedVersion& version : judged)
        all.push_back(proto::encode(version));
    v1::FineDecision decision;
    decision.set_rules(kRulesVersion);
    decision.set_request_commitment(asked.bytes());
    decision.set_root(entries_root(all).bytes());
    decision.set_judged(static_cast<std::uint32_t>(judged.size()));
    return decision_commitment(salt, proto::encode(decision));
}

Status<vault::VaultError> seal_judged(const Ports& ports, BytesView reply_key,
                                      std::span<const v1::JudgedVersion> judged,
                                      v1::RecordDelivery& delivery) {
    auto sealer = DeliverySealer::start(ports.network, reply_key, delivery);
    if (!sealer) return fail(vault::VaultError::kInvalid);
    for (const v1::JudgedVersion& version : judged) {
        if (version.verdict() != v1::VERDICT_SEND) continue;
        vault::DocumentName name;
        (void)assign(name.record, version.document().record_id());
        name.version = version.document().version();
        auto plaintext = ports.vault.read(name, vault::kDocumentBytesMax);
        if (!plaintext) return fail(plaintext.error());
        auto secret = ports.vault.secret(name);
        if (!secret) return fail(secret.error());
        sealer->add({proto::encode(version.document()), name, std::move(plaintext).value(),
                     std::move(secret).value()});
    }
    return Done{};
}

}  // namespace consilium::services::ehr::exchange
