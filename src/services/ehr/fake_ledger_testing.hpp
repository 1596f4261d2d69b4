// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "crypto/merkle.hpp"
#include "crypto/random.hpp"
#include "ledger/commitment.hpp"
#include "ledger/hashes.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"
#include "services/ehr/rows.hpp"
#include "services/port/author.hpp"
#include "services/port/port.hpp"

namespace consilium::services::ehr {

// Does what the contracts charts and documents do with the commands of anchors, slowly and plainly,
// and fails the test when one would be rejected.
class FakeLedger final : public Submit, public Reads, public Author {
 public:
    struct ManifestRow {
        Hash32 root;
        std::uint32_t leaf_count = 0;
    };
    struct RecordRow {
        std::vector<Hash32> versions;
    };
    std::set<ledger::ChartId> charts;
    std::map<ledger::ChartId, std::map<std::uint64_t, ManifestRow>> manifests;
    std::map<ledger::ChartId, std::map<std::uint64_t, RecordRow>> records;
    std::map<ledger::TransactionId, Committed> transactions;
    std::vector<Bytes> seen;
    std::atomic<int> taken{0};
    std::atomic<bool> lose_answers{false};
    std::optional<SubmitError> refuse;
    bool no_user = false, rejects = false;

    void submit(Bytes, SubmitCallback) override { ADD_FAILURE(); }
    void submit_batch(
        std::vector<Bytes> all,
        std::function<void(std::size_t, Result<Committed, SubmitError>)> done) override {
        for (std::size_t i = 0; i < all.size(); ++i) {
            seen.push_back(all[i]);
            if (refuse) {
                done(i, fail(*refuse));
                continue;
            }
            const auto id = ledger::transaction_id(network_, "hospital", all[i]);
            if (transactions.count(id) == 0) apply(id, all[i]);
            ++taken;
            if (!lose_answers) done(i, transactions[id]);
        }
    }

    Result<Bytes, AuthorError> compose(v1::Role role,
                                       const std::vector<v1::Command>& commands) override {
        if (no_user) return fail(AuthorError::kNoUser);
        v1::Body body;
        body.mutable_actor()->set_user(Bytes(16, 'u'));
        body.mutable_actor()->set_role(role);
        body.set_nonce(crypto::random_bytes(16));
        body.set_not_after_unix_ms(1);
        for (const auto& command : commands)
            *body.add_commands() = command;
        Bytes bytes = ledger::make_transaction(network_, "hospital", body);
        EXPECT_TRUE(ledger::decode_transaction(bytes).ok());
        return bytes;
    }
    NodeStatus status() const override {
        NodeStatus out;
        out.member_id = "hospital";
        out.network_id = network_;
        return out;
    }
    Result<Committed, ReadError> outcome(const ledger::TransactionId& id) const override {
        const auto found = transactions.find(id);
        if (found == transactions.end()) return fail(ReadError::kNotFound);
        return found->second;
    }
    Result<Bytes, ReadError> outcome_receipt(const ledger::TransactionId&) const override {
        return fail(ReadError::kNotFound);
    }
    Result<StateAnswer, ReadError> state(BytesView, std::optional<Height>, bool) const override {
        return fail(ReadError::kNotFound);
    }
    Result<StateList, ReadError> state_list(BytesView, BytesView, std::size_t,
                                            std::optional<Height>, bool) const override {
        return fail(ReadError::kNotFound);
    }
    Result<Bytes, ReadError> block(Height) const override { return fail(ReadError::kNotFound); }
    Result<Height, ReadError> height_at(UnixMs) const override {
        return fail(ReadError::kNotFound);
    }
    Result<Bytes, ReadError> validator_history() const override {
        return fail(ReadError::kNotFound);
    }
    Bytes genesis() const override { return {}; }

    // What the ledger holds of that version of a record that was touched alone.
    Hash32 commitment(const ledger::ChartId& chart, std::uint64_t sequence,
                      std::uint32_t version) const {
        const auto& versions = records.at(chart).at(sequence).versions;
        return version <= versions.size() ? versions[version - 1] : Hash32{};
    }

 private:
    void apply(const ledger::TransactionId& id, const Bytes& bytes) {
        const auto transaction = ledger::decode_transaction(bytes);
        ASSERT_TRUE(transaction.ok());
        v1::Outcome outcome;
        outcome.set_code(rejects ? 6 : 0);
        outcome.set_contract(rejects ? 2 : 0);
        for (const auto& command : transaction->commands) {
            if (rejects) break;
            if (command.contract == static_cast<std::uint32_t>(ledger::ContractId::kCharts)) {
                open_chart(command.payload, outcome);
            } else {
                documents(command.payload, outcome);
            }
        }
        Committed committed;
        committed.id = id;
        committed.outcome = proto::encode(outcome);
        transactions[id] = committed;
    }
    void open_chart(BytesView payload, v1::Outcome& outcome) {
        v1::ChartsCommand command;
        ASSERT_TRUE(proto::parse_canonical(payload, command).ok());
        ledger::ChartId chart;
        ASSERT_TRUE(assign(chart, command.open_chart().chart_id()));
        ASSERT_TRUE(charts.insert(chart).second);
        ASSERT_EQ(command.open_chart().slots_size(), 8);
        outcome.add_assigned(1);
    }
    std::uint64_t next_sequence(const ledger::ChartId& chart) {
        return manifests[chart].size() + records[chart].size() + 1;
    }
    static ledger::ChartId list_of(const std::string& chart_id) {
        ledger::ChartId chart;
        EXPECT_TRUE(chart_id.empty() || assign(chart, chart_id));
        return chart;
    }
    void documents(BytesView payload, v1::Outcome& outcome) {
        v1::DocumentsCommand command;
        ASSERT_TRUE(proto::parse_canonical(payload, command).ok());
        if (command.has_anchor_manifest()) {
            const auto chart = list_of(command.anchor_manifest().chart_id());
            ASSERT_TRUE(chart.is_zero() || charts.count(chart) == 1);
            ManifestRow row;
            ASSERT_TRUE(assign(row.root, command.anchor_manifest().root()));
            row.leaf_count = command.anchor_manifest().leaf_count();
            const auto sequence = next_sequence(chart);
            manifests[chart][sequence] = row;
            outcome.add_assigned(sequence);
            return;
        }
        ASSERT_TRUE(command.has_supersede_record());
        supersede(command.supersede_record(), outcome);
    }
    void supersede(const v1::SupersedeRecord& command, v1::Outcome& outcome) {
        const auto chart = list_of(command.record().chart_id());
        std::uint64_t sequence = command.record().sequence();
        if (command.record().has_leaf()) {
            const auto& leaf = command.record().leaf();
            const ManifestRow& manifest = manifests[chart][leaf.manifest_sequence()];
            ledger::RecordId record;
            Hash32 first;
            ASSERT_TRUE(assign(record, leaf.record_id()) && assign(first, leaf.commitment()));
            std::vector<Hash32> path(static_cast<std::size_t>(leaf.path_size()));
            for (std::size_t i = 0; i < path.size(); ++i)
                ASSERT_TRUE(assign(path[i], leaf.path(static_cast<int>(i))));
            const Hash32 hash = ledger::manifest_leaf(record, first);
            ASSERT_EQ(crypto::merkle_root_from_path(crypto::merkle_leaf_hash(hash.view()),
                                                    leaf.leaf_index(), manifest.leaf_count, path),
                      manifest.root);
            ASSERT_TRUE(touched_.insert(record).second);
            sequence = next_sequence(chart);
            records[chart][sequence].versions.push_back(first);
            outcome.add_assigned(sequence);
        }
        auto& versions = records[chart][sequence].versions;
        ASSERT_EQ(command.version(), versions.size());
        Hash32 next;
        ASSERT_TRUE(assign(next, command.commitment()));
        versions.push_back(next);
    }

    ledger::NetworkId network_ = crypto::random_id<ledger::NetworkId>();
    std::set<ledger::RecordId> touched_;
};

}  // namespace consilium::services::ehr
