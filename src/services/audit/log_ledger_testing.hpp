// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "consilium/v1/documents.pb.h"
#include "crypto/random.hpp"
#include "ledger/commitment.hpp"
#include "ledger/hashes.hpp"
#include "ledger/outcome.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"
#include "services/audit/ledger_heads.hpp"
#include "services/port/author.hpp"
#include "services/port/map_reads_testing.hpp"

namespace consilium::services::audit {

// Does what the contract documents does with records in a member's own list, plainly.
class LogLedger final : public Submit, public MapReads, public Author {
 public:
    explicit LogLedger(const LogName& name) : name_(name) {}
    std::optional<SubmitError> refuse;
    bool lose_answers = false;  // what was applied is not answered
    int taken = 0;
    std::map<ledger::TransactionId, Committed> transactions;

    void submit(Bytes transaction, SubmitCallback done) override {
        if (refuse) return done(fail(*refuse));
        const auto id = ledger::transaction_id(name_.network, name_.member, transaction);
        if (transactions.count(id) == 0) {
            Committed committed;
            committed.id = id;
            committed.outcome = ledger::encode_outcome(apply(transaction));
            transactions[id] = committed;
            ++taken;
        }
        if (lose_answers) return done(fail(SubmitError::kStopping));
        done(transactions[id]);
    }
    void submit_batch(std::vector<Bytes>,
                      std::function<void(std::size_t, Result<Committed, SubmitError>)>) override {
        ADD_FAILURE();
    }
    Result<Bytes, AuthorError> compose(v1::Role role,
                                       const std::vector<v1::Command>& commands) override {
        v1::Body body;
        body.mutable_actor()->set_user(Bytes(16, 'u'));
        body.mutable_actor()->set_role(role);
        body.set_nonce(crypto::random_bytes(16));
        body.set_not_after_unix_ms(1);
        for (const auto& command : commands)
            *body.add_commands() = command;
        return ledger::make_transaction(name_.network, name_.member, body);
    }
    NodeStatus status() const override {
        NodeStatus out;
        out.network_id = name_.network;
        out.member_id = name_.member;
        return out;
    }
    Result<Committed, ReadError> outcome(const ledger::TransactionId& id) const override {
        const auto found = transactions.find(id);
        if (found == transactions.end()) return fail(ReadError::kNotFound);
        return found->second;
    }

    // A record of something else of the member's, so that the log's is not the first.
    void add_other() {
        v1::Record record;
        record.set_record_id(crypto::random_bytes(16));
        record.set_version(1);
        record.set_commitment(crypto::random_bytes(32));
        record.set_status(v1::RECORD_STATUS_CURRENT);
        rows[record_key(++newest_)] = proto::encode(record);
    }
    // The newest commitment of the log's record, altered.
    void alter() {
        for (auto& [key, value] : rows) {
            v1::Record record;
            if (!proto::parse_canonical(value, record)) continue;
            if (record.record_id() != log_record(name_).bytes()) continue;
            record.set_commitment(crypto::random_bytes(32));
            value = proto::encode(record);
        }
    }

 private:
    [[nodiscard]] Bytes list() const { return ledger::record_list(name_.member); }
    [[nodiscard]] Bytes record_key(std::uint64_t sequence) const {
        Bytes key("\x04\x01");
        key += list();
        append_be64(key, sequence);
        return key;
    }
    ledger::Outcome apply(const Bytes& bytes) {
        ledger::Outcome out;
        const auto transaction = ledger::decode_transaction(bytes);
        EXPECT_TRUE(transaction.ok());
        v1::DocumentsCommand command;
        EXPECT_TRUE(proto::parse_canonical(transaction->commands.at(0).payload, command).ok());
        if (command.has_anchor_record()) {
            v1::Record record;
            record.set_record_id(command.anchor_record().record_id());
            record.set_version(1);
            record.set_commitment(command.anchor_record().commitment());
            record.set_status(v1::RECORD_STATUS_CURRENT);
            rows[record_key(++newest_)] = proto::encode(record);
            out.assigned.push_back(newest_);
            return out;
        }
        const auto& supersede = command.supersede_record();
        Bytes& row = rows[record_key(supersede.record().sequence())];
        v1::Record record;
        EXPECT_TRUE(proto::parse_canonical(row, record).ok());
        if (record.version() != supersede.version()) {
            out.code = 1;
            out.contract = 4;
            return out;
        }
        Bytes key("\x04\x02");
        key += list();
        append_be64(key, supersede.record().sequence());
        append_be32(key, record.version());
        v1::RecordVersion before;
        before.set_commitment(record.commitment());
        rows[key] = proto::encode(before);
        record.set_version(record.version() + 1);
        record.set_commitment(supersede.commitment());
        row = proto::encode(record);
        return out;
    }

    const LogName name_;
    std::uint64_t newest_ = 0;
};

}  // namespace consilium::services::audit
