// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <optional>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "contracts/documents/documents.hpp"
#include "execution/testing/contract_test.hpp"
#include "ledger/manifest.hpp"

namespace consilium::contracts::documents {

using namespace execution::testing;

// A chart of the hospital and an open link from it to the clinic.
class DocumentsTest : public ContractTest {
 protected:
    DocumentsTest() {
        v1::Chart row;
        row.set_custodian("hospital");
        given.row("charts/chart/" + to_hex(chart), row);
        v1::Link over;
        over.set_custodian("hospital");
        over.set_counterparty("clinic");
        over.set_algorithm(v1::ALGORITHM_ED25519);
        over.set_public_key(test_key("patient").public_key());
        over.set_version(1);
        given.row("charts/link/" + to_hex(link), over);
    }

    void give(const v1::DocumentsCommand& payload) {
        transaction.commands.push_back(command(payload));
    }
    void reject(Rejection rejection) { expect.rejected(ledger::ContractId::kDocuments, rejection); }
    void refuse(const v1::DocumentsCommand& payload, Rejection rejection) {
        give(payload);
        reject(rejection);
    }
    v1::DocumentsCommand anchor() const {
        v1::DocumentsCommand out;
        out.mutable_anchor_record()->set_chart_id(chart);
        out.mutable_anchor_record()->set_record_id(test_bytes("record", 16));
        out.mutable_anchor_record()->set_commitment(test_bytes("v1", 32));
        return out;
    }
    v1::DocumentsCommand anchor_manifest(std::uint32_t leaves) const {
        v1::DocumentsCommand out;
        out.mutable_anchor_manifest()->set_chart_id(chart);
        out.mutable_anchor_manifest()->set_root(test_bytes("root", 32));
        out.mutable_anchor_manifest()->set_leaf_count(leaves);
        return out;
    }
    void name(v1::RecordRef& ref, std::uint64_t sequence) const {
        ref.set_chart_id(chart);
        ref.set_sequence(sequence);
    }
    v1::DocumentsCommand supersede(std::uint64_t sequence, std::uint32_t version) const {
        v1::DocumentsCommand out;
        name(*out.mutable_supersede_record()->mutable_record(), sequence);
        out.mutable_supersede_record()->set_version(version);
        out.mutable_supersede_record()->set_commitment(test_bytes("v2", 32));
        return out;
    }
    v1::DocumentsCommand shred(std::uint64_t sequence) const {
        v1::DocumentsCommand out;
        name(*out.mutable_shred_record()->mutable_record(), sequence);
        out.mutable_shred_record()->set_basis(v1::SHRED_BASIS_PATIENT_REQUEST);
        out.mutable_shred_record()->set_last_backup_expires_unix_ms(kGenesisMs + 30 * kDayMs);
        return out;
    }
    v1::DocumentsCommand retain(std::uint64_t sequence) const {
        v1::DocumentsCommand out;
        name(*out.mutable_retain_record()->mutable_record(), sequence);
        out.mutable_retain_record()->set_reason(v1::RETENTION_REASON_LEGAL_HOLD);
        return out;
    }
    v1::DocumentsCommand share() const {
        v1::DocumentsCommand out;
        out.mutable_share_record()->set_link_id(link);
        out.mutable_share_record()->set_record_commitment(test_bytes("shared", 32));
        return out;
    }
    v1::DocumentsCommand acknowledge(std::uint32_t number = 1) const {
        v1::DocumentsCommand out;
        out.mutable_acknowledge_share()->set_link_id(link);
        out.mutable_acknowledge_share()->set_sequence(number);
        return out;
    }
    v1::DocumentsCommand shred_share() const {
        v1::DocumentsCommand out;
        out.mutable_shred_share()->set_link_id(link);
        out.mutable_shred_share()->set_sequence(1);
        out.mutable_shred_share()->set_basis(v1::SHRED_BASIS_COURT_ORDER);
        return out;
    }
    v1::DocumentsCommand retain_share() const {
        v1::DocumentsCommand out;
        out.mutable_retain_share()->set_link_id(link);
        out.mutable_retain_share()->set_sequence(1);
        out.mutable_retain_share()->set_reason(v1::RETENTION_REASON_OWN_RECORD);
        return out;
    }
    v1::Record record() const {
        v1::Record out;
        out.set_record_id(test_bytes("record", 16));
        out.set_version(1);
        out.set_commitment(test_bytes("v1", 32));
        out.set_status(v1::RECORD_STATUS_CURRENT);
        return out;
    }
    v1::Share share_row(v1::ShareStatus status) const {
        v1::Share out;
        out.set_record_commitment(test_bytes("shared", 32));
        out.set_status(status);
        return out;
    }
    std::string path(std::string_view table, const std::string& rest) const {
        return "documents/" + std::string(table) + "/chart:" + to_hex(chart) + "/" + rest;
    }
    std::string share_path(std::uint32_t number = 1) const {
        return "documents/share/" + to_hex(link) + "/" + std::to_string(number);
    }
    v1::Record retained_record() const {
        v1::Record row = record();
        row.set_status(v1::RECORD_STATUS_RETAINED);
        row.set_retention_reason(v1::RETENTION_REASON_LEGAL_HOLD);
        return row;
    }
    v1::Record shredded_record() const {
        v1::Record row = record();
        row.set_status(v1::RECORD_STATUS_SHREDDED);
        row.set_shred_basis(v1::SHRED_BASIS_PATIENT_REQUEST);
        row.set_last_backup_expires_unix_ms(kGenesisMs + 30 * kDayMs);
        return row;
    }
    static v1::TouchedLeaf touched_leaf(std::uint64_t sequence) {
        v1::TouchedLeaf out;
        out.set_sequence(sequence);
        return out;
    }
    static v1::Record manifest_row(const Bytes& root, std::uint32_t leaves) {
        v1::Record out;
        out.set_commitment(root);
        out.set_status(v1::RECORD_STATUS_CURRENT);
        out.set_leaf_count(leaves);
        return out;
    }
    void give_record() { given.row(path("record", "1"), record()); }
    void give_retained() { given.row(path("record", "1"), retained_record()); }
    void give_shredded() {
        v1::Record row = record();
        row.set_status(v1::RECORD_STATUS_SHREDDED);
        given.row(path("record", "1"), row);
    }
    void close_link() {
        v1::Link row;
        ASSERT_TRUE(row.ParseFromString(*given.rows["charts/link/" + to_hex(link)]));
        row.set_version(2);
        row.set_closed(true);
        given.row("charts/link/" + to_hex(link), row);
    }
    // A manifest of four leaves under sequence 1.
    void give_manifest();
    void name_leaf(v1::RecordRef& ref, std::uint32_t index) const;
    v1::Record leaf_record(std::uint32_t index) const;
    v1::DocumentsCommand supersede_leaf(std::uint32_t index) const;

    const Bytes chart = test_bytes("chart", 16);
    const Bytes link = test_bytes("link", 16);
    std::optional<ledger::Manifest> manifest;
};

}  // namespace consilium::contracts::documents
