// SPDX-License-Identifier: Apache-2.0
#include "services/audit/trail.hpp"

#include <gtest/gtest.h>

#include "consilium/v1/charts.pb.h"
#include "consilium/v1/receipt.pb.h"
#include "crypto/random.hpp"
#include "ledger/bundle.hpp"
#include "ledger/hashes.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"
#include "services/port/map_reads_testing.hpp"

namespace consilium::services::audit {
namespace {

// One block, full of what others did, and the newest state; counts what is asked of it.
class OneBlock final : public MapReads {
 public:
    Bytes stored;
    std::map<ledger::TransactionId, Bytes> outcomes;
    mutable std::size_t blocks_read = 0;
    mutable std::size_t outcomes_read = 0;

    Result<StateAnswer, ReadError> state(BytesView key, std::optional<Height> at,
                                         bool prove) const override {
        if (at && *at < 1) return StateAnswer{};
        return MapReads::state(key, at, prove);
    }
    Result<Bytes, ReadError> block(Height) const override {
        ++blocks_read;
        return stored;
    }
    Result<Committed, ReadError> outcome(const ledger::TransactionId& id) const override {
        ++outcomes_read;
        const auto found = outcomes.find(id);
        if (found == outcomes.end()) return fail(ReadError::kNotFound);
        return Committed{id, 1, 0, 0, found->second};
    }
};

class TrailTest : public ::testing::Test {
 protected:
    ledger::NetworkId network = crypto::random_id<ledger::NetworkId>();
    OneBlock reads;
    std::vector<Bytes> transactions;

    Bytes open(const ledger::LinkId& link, bool applied = true) {
        v1::ChartsCommand command;
        auto& opened = *command.mutable_open_link();
        opened.set_link_id(link.bytes());
        opened.set_counterparty("clinic");
        v1::Body body;
        body.mutable_actor()->set_user(Bytes(16, 'u'));
        body.mutable_actor()->set_role(v1::ROLE_SERVICE);
        body.set_nonce(crypto::random_bytes(16));
        body.set_not_after_unix_ms(1);
        auto& one = *body.add_commands();
        one.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kCharts));
        one.set_payload(proto::encode(command));
        Bytes bytes = ledger::make_transaction(network, "hospital", body);
        ledger::Outcome outcome;
        if (!applied) outcome = {6, static_cast<std::uint32_t>(ledger::ContractId::kCharts), 0, {}};
        reads.outcomes[ledger::transaction_id(network, "hospital", bytes)] =
            ledger::encode_outcome(outcome);
        transactions.push_back(bytes);
        return bytes;
    }
    LedgerRow row_of(const ledger::LinkId& link) {
        v1::Link row;
        row.set_custodian("hospital");
        row.set_counterparty("clinic");
        LedgerRow out{RowKind::kLink, link, 0, proto::encode(row)};
        reads.rows[row_key(RowKind::kLink, link, 0)] = out.value;
        return out;
    }
    void store() {
        const auto key = crypto::SigningKey::generate();
        const Bytes bundle =
            ledger::make_bundle(network, {"hospital", 1, 1, UnixMs{1}}, transactions, key);
        v1::StoredBlock block;
        block.set_height(1);
        block.set_signed_header(Bytes("h"));
        block.add_items(ledger::make_item(bundle));
        reads.stored = proto::encode(block);
    }
};

TEST_F(TrailTest, OfABlockOnlyWhatNamesTheChartIsLookedAt) {
    const auto link = crypto::random_id<ledger::LinkId>();
    const auto second = crypto::random_id<ledger::LinkId>();
    for (int i = 0; i < 500; ++i)
        (void)open(crypto::random_id<ledger::LinkId>());
    (void)open(link, false);
    const Bytes made = open(link);
    const Bytes also = open(second);
    store();
    Trail trail(reads, network, 1, {link.bytes(), second.bytes()});
    for (const auto& [of, bytes] : {std::pair(link, made), std::pair(second, also)}) {
        const auto traces = trail.traces(row_of(of), 0);
        ASSERT_TRUE(traces.ok());
        ASSERT_EQ(traces->size(), 1U);
        EXPECT_EQ(traces->front().did, "opened");
        EXPECT_EQ(traces->front().transaction, ledger::transaction_id(network, "hospital", bytes));
        EXPECT_EQ(traces->front().member, "hospital");
    }
    EXPECT_EQ(reads.blocks_read, 1U) << "kept";
    EXPECT_EQ(reads.outcomes_read, 3U) << "of those that name the chart's links";
}

TEST_F(TrailTest, OfAnotherChartNothingIsFound) {
    const auto link = crypto::random_id<ledger::LinkId>();
    (void)open(link);
    store();
    Trail trail(reads, network, 1, {crypto::random_bytes(16)});
    const auto traces = trail.traces(row_of(link), 0);
    ASSERT_TRUE(traces.ok());
    EXPECT_TRUE(traces->empty());
    EXPECT_EQ(reads.outcomes_read, 0U);
}

}  // namespace
}  // namespace consilium::services::audit
