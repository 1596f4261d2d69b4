// SPDX-License-Identifier: Apache-2.0
// The model's rows: keys are put together here once more, as docs/formats/tables.md says.
#include "base/limits.hpp"
#include "consilium/v1/ledger.pb.h"
#include "crypto/hash.hpp"
#include "proto/canonical.hpp"
#include "tests/sim/model.hpp"

namespace consilium::sim {
namespace {

Bytes key(std::uint8_t contract, std::uint8_t table) {
    return {static_cast<char>(contract), static_cast<char>(table)};
}

Bytes text(BytesView value) {
    return Bytes(value) + '\0';
}

Bytes be32(std::uint64_t value) {
    Bytes out;
    append_be32(out, static_cast<std::uint32_t>(value));
    return out;
}

Bytes be64(std::uint64_t value) {
    Bytes out;
    append_be64(out, value);
    return out;
}

Bytes sha(BytesView value) {
    return crypto::sha256(value).bytes();
}

}  // namespace

Rows Model::rows() const {
    Rows out;
    add_ledger_rows(out);
    add_membership_rows(out);
    add_chart_rows(out);
    add_document_rows(out);
    add_identity_rows(out);
    add_ehr_rows(out);
    return out;
}

void Model::add_ledger_rows(Rows& out) const {
    v1::LedgerParameters parameters;
    parameters.set_protocol_version(protocol_version_);
    parameters.set_network_id(network_.bytes());
    parameters.set_genesis_time_unix_ms(genesis_time_.value);
    out[key(1, 1)] = proto::encode(parameters);
    for (const auto& [of, window] : windows_) {
        if (window.used.empty()) continue;
        v1::ReplayWindow row;
        row.set_top(window.top);
        Bytes bits(limits::kReplayWindow / 8, '\0');
        for (const std::uint64_t number : window.used) {
            if (number + limits::kReplayWindow <= window.top) continue;
            const std::uint64_t bit = number % limits::kReplayWindow;
            bits[bit / 8] =
                static_cast<char>(static_cast<std::uint8_t>(bits[bit / 8]) | (1U << (bit % 8)));
        }
        row.set_bits(bits);
        out[key(1, 2) + text(of.first) + be32(of.second)] = proto::encode(row);
    }
    for (const auto& [not_after, digest] : replays_)
        out[key(1, 3) + be64(not_after) + digest] = "";
}

void Model::add_membership_rows(Rows& out) const {
    for (const auto& [member, row] : state_.members)
        out[key(2, 1) + text(member)] = proto::encode(row);
    for (const auto& [member, row] : state_.nodes)
        out[key(2, 2) + text(member)] = proto::encode(row);
    for (const auto& [member, keys] : state_.keys) {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            out[key(2, 3) + text(member) + be32(i + 1)] = proto::encode(keys[i].row);
            if (!keys[i].retired) continue;
            v1::KeyRetirement retirement;
            retirement.set_height(*keys[i].retired);
            out[key(2, 4) + text(member) + be32(i + 1)] = proto::encode(retirement);
        }
    }
    for (const auto& [of, row] : state_.users)
        out[key(2, 5) + text(of.first) + of.second] = proto::encode(row);
    for (const auto& [public_key, row] : state_.key_uses)
        out[key(2, 6) + sha(public_key)] = proto::encode(row);
}

void Model::add_chart_rows(Rows& out) const {
    for (const auto& [id, chart] : state_.charts) {
        v1::Chart row;
        row.set_custodian(chart.custodian);
        out[key(3, 1) + id] = proto::encode(row);
        for (std::size_t i = 0; i < chart.slots.size(); ++i) {
            v1::LinkSlot slot;
            slot.set_commitment(chart.slots[i]);
            out[key(3, 2) + id + be32(i + 1)] = proto::encode(slot);
        }
    }
    for (const auto& [id, row] : state_.links)
        out[key(3, 3) + id] = proto::encode(row);
    for (const auto& [public_key, link] : state_.patient_keys) {
        v1::PatientKeyUse row;
        row.set_link_id(link);
        out[key(3, 4) + sha(public_key)] = proto::encode(row);
    }
}

void Model::add_document_rows(Rows& out) const {
    for (const auto& [list, records] : state_.lists) {
        for (std::size_t i = 0; i < records.size(); ++i) {
            out[key(4, 1) + list + be64(i + 1)] = proto::encode(records[i].row);
            for (std::size_t v = 0; v < records[i].former.size(); ++v) {
                v1::RecordVersion version;
                version.set_commitment(records[i].former[v]);
                out[key(4, 2) + list + be64(i + 1) + be32(v + 1)] = proto::encode(version);
            }
        }
    }
    for (const auto& [leaf, sequence] : state_.touched) {
        v1::TouchedLeaf row;
        row.set_sequence(sequence);
        out[key(4, 3) + leaf.first + be64(leaf.second.first) + be32(leaf.second.second)] =
            proto::encode(row);
    }
    for (const auto& [link, shares] : state_.shares) {
        for (std::size_t i = 0; i < shares.size(); ++i)
            out[key(4, 4) + link + be32(i + 1)] = proto::encode(shares[i]);
    }
}

void Model::add_identity_rows(Rows& out) const {
    for (const auto& [link, consents] : state_.consents) {
        for (std::size_t i = 0; i < consents.all.size(); ++i)
            out[key(5, 1) + link + be32(i + 1)] = proto::encode(consents.all[i]);
        v1::ConsentGate gate;
        gate.set_version(consents.version);
        for (const std::uint32_t number : consents.live) {
            const v1::Consent& consent = consents.all[number - 1];
            v1::GateEntry& entry = *gate.add_entries();
            entry.set_number(number);
            entry.set_provision(consent.provision());
            *entry.mutable_purposes() = consent.purposes();
            *entry.mutable_actions() = consent.actions();
            entry.set_valid_from_unix_ms(consent.valid_from_unix_ms());
            entry.set_valid_until_unix_ms(consent.valid_until_unix_ms());
        }
        out[key(5, 2) + link] = proto::encode(gate);
    }
}

void Model::add_ehr_rows(Rows& out) const {
    const Exchange& ehr = state_.ehr;
    out[key(6, 1)] = proto::encode(ehr_parameters_);
    for (const auto& [member, row] : ehr.policies)
        out[key(6, 2) + text(member)] = proto::encode(row);
    const auto add_lists = [&](std::uint8_t table, const auto& lists) {
        for (const auto& [id, list] : lists) {
            for (std::size_t i = 0; i < list.size(); ++i)
                out[key(6, table) + id + be32(i + 1)] = proto::encode(list[i]);
        }
    };
    add_lists(3, ehr.requests);
    add_lists(4, ehr.disclosures);
    add_lists(5, ehr.accountable);
    add_lists(6, ehr.contributions);
    for (const auto& [member, inbox] : ehr.inboxes) {
        for (std::size_t i = 0; i < inbox.size(); ++i)
            out[key(6, 7) + text(member) + be64(i + 1)] = proto::encode(inbox[i]);
    }
    for (const auto& [of, row] : ehr.clearances)
        out[key(6, 8) + text(of.first) + of.second] = proto::encode(row);
    for (const auto& [member, row] : ehr.days)
        out[key(6, 9) + text(member)] = proto::encode(row);
    for (const auto& [member, deadline, id, number] : ehr.reviews_due)
        out[key(6, 10) + text(member) + be64(deadline) + id + be32(number)] = "";
}

}  // namespace consilium::sim
