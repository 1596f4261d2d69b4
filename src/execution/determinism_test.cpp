// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "contracts/registry/registry.hpp"
#include "contracts/sdk/ledger_tables.hpp"
#include "execution/apply_block.hpp"
#include "execution/testing/world.hpp"

// The result of a block depends on state and block alone, and the outcomes not on where bundles
// were cut.
namespace consilium::execution {
namespace {

using namespace testing;

// Runs the body on several threads, in an order that differs from call to call.
void threaded_for(std::size_t count, const std::function<void(std::size_t)>& body) {
    std::vector<std::thread> threads;
    std::atomic<std::size_t> next = 0;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (std::size_t i = next++; i < count; i = next++)
                body(count - 1 - i);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

// Of the exchange of records: a link, a consent on paper, what stands under both.
v1::Command random_exchange(Sender& sender, std::mt19937_64& random) {
    const std::string name = "link " + std::to_string(random() % 3);
    const Bytes link = test_bytes(name, 16);
    const Bytes commitment = test_bytes(std::to_string(random()), 32);
    v1::EhrCommand ehr;
    sender.role = v1::ROLE_CLERK;
    switch (random() % 5) {
        case 0: {
            v1::ChartsCommand charts;
            charts.mutable_open_link()->set_link_id(link);
            charts.mutable_open_link()->set_counterparty("clinic");
            charts.mutable_open_link()->set_algorithm(v1::ALGORITHM_ED25519);
            charts.mutable_open_link()->set_public_key(test_key(name).public_key());
            return command(charts);
        }
        case 1: {
            v1::IdentityCommand identity;
            auto& grant = *identity.mutable_grant_consent();
            grant.set_link_id(link);
            grant.set_provision(v1::CONSENT_PROVISION_PERMIT);
            grant.add_purposes(v1::PURPOSE_OF_USE_TREAT);
            grant.add_actions(v1::ACCESS_ACTION_READ);
            grant.set_valid_until_unix_ms(kGenesisMs + kDayMs);
            grant.set_gate_version(static_cast<std::uint32_t>(random() % 3));
            grant.set_paper_commitment(commitment);
            return command(identity);
        }
        case 2:
            ehr.mutable_disclose_by_law()->set_link_id(link);
            ehr.mutable_disclose_by_law()->set_basis(v1::LEGAL_BASIS_PUBLIC_HEALTH);
            ehr.mutable_disclose_by_law()->set_commitment(commitment);
            return command(ehr);
        case 3:
            ehr.mutable_request_without_card()->set_request_id(link);
            ehr.mutable_request_without_card()->set_custodian("clinic");
            ehr.mutable_request_without_card()->set_purpose(v1::PURPOSE_OF_USE_TREAT);
            ehr.mutable_request_without_card()->set_action(v1::ACCESS_ACTION_READ);
            ehr.mutable_request_without_card()->set_request_commitment(commitment);
            return command(ehr);
        default:
            sender.role = v1::ROLE_PRIVACY_OFFICER;
            ehr.mutable_set_policy()->set_version(static_cast<std::uint32_t>(random() % 3));
            return command(ehr);
    }
}

// Transactions of the hospital, good and bad, that depend on each other.
std::vector<Bytes> random_transactions(World& world, std::mt19937_64& random, std::size_t count) {
    std::vector<Bytes> out;
    for (std::size_t i = 0; i < count; ++i) {
        v1::DocumentsCommand documents;
        v1::ChartsCommand charts;
        Sender sender;
        const Bytes chart = test_bytes("chart " + std::to_string(random() % 3), 16);
        std::vector<v1::Command> commands;
        switch (random() % 9) {
            case 0: {
                charts.mutable_open_chart()->set_chart_id(chart);
                for (int s = 0; s < 8; ++s)
                    charts.mutable_open_chart()->add_slots(
                        test_bytes("slot" + std::to_string(random()), 32));
                commands = {command(charts)};
                break;
            }
            case 1:
            case 2:
                documents.mutable_anchor_record()->set_chart_id(chart);
                documents.mutable_anchor_record()->set_record_id(test_bytes("record", 16));
                documents.mutable_anchor_record()->set_commitment(
                    test_bytes(std::to_string(random()), 32));
                commands = {command(documents), command(documents)};
                break;
            case 3: {
                auto& supersede = *documents.mutable_supersede_record();
                supersede.mutable_record()->set_chart_id(chart);
                supersede.mutable_record()->set_sequence(1 + random() % 4);
                supersede.set_version(1 + static_cast<std::uint32_t>(random() % 2));
                supersede.set_commitment(test_bytes(std::to_string(random()), 32));
                commands = {command(documents)};
                break;
            }
            case 4: {
                auto& shred = *documents.mutable_shred_record();
                shred.mutable_record()->set_chart_id(chart);
                shred.mutable_record()->set_sequence(1 + random() % 6);
                shred.set_basis(v1::SHRED_BASIS_ENTERED_IN_ERROR);
                commands = {command(documents)};
                break;
            }
            case 5:
            case 6:
            case 7:
                commands = {random_exchange(sender, random)};
                break;
            default:
                sender.role = v1::ROLE_AUDITOR;
                documents.mutable_anchor_record()->set_record_id(test_bytes("record", 16));
                documents.mutable_anchor_record()->set_commitment(test_bytes("c", 32));
                commands = {command(documents)};
        }
        out.push_back(world.transaction(sender, commands));
    }
    return out;
}

std::vector<Bytes> cut(World& world, const std::vector<Bytes>& transactions,
                       std::mt19937_64& random, std::size_t longest) {
    std::vector<Bytes> items;
    for (std::size_t at = 0; at < transactions.size();) {
        const std::size_t size =
            std::min<std::size_t>(1 + random() % longest, transactions.size() - at);
        items.push_back(
            world.item("hospital", {transactions.begin() + static_cast<long>(at),
                                    transactions.begin() + static_cast<long>(at + size)}));
        at += size;
    }
    return items;
}

std::vector<Bytes> outcomes_of(const BlockOutput& block) {
    std::vector<Bytes> out;
    for (const ItemOutput& item : block.items) {
        EXPECT_EQ(item.code, ItemCode::kAccepted);
        out.insert(out.end(), item.outcomes.begin(), item.outcomes.end());
    }
    return out;
}

void expect_same(const BlockOutput& a, const BlockOutput& b) {
    EXPECT_EQ(a.diff, b.diff);
    ASSERT_EQ(a.items.size(), b.items.size());
    for (std::size_t i = 0; i < a.items.size(); ++i) {
        EXPECT_EQ(a.items[i].code, b.items[i].code);
        EXPECT_EQ(a.items[i].bundle_id, b.items[i].bundle_id);
        EXPECT_EQ(a.items[i].transaction_ids, b.items[i].transaction_ids);
        EXPECT_EQ(a.items[i].outcomes, b.items[i].outcomes);
        EXPECT_EQ(a.items[i].data, b.items[i].data);
    }
    EXPECT_EQ(a.transactions_applied, b.transactions_applied);
}

TEST(Determinism, NeitherThreadsNorCacheChangeAResult) {
    World world;
    std::mt19937_64 random(7);
    const auto transactions = random_transactions(world, random, 700);
    std::vector<Bytes> items = cut(world, transactions, random, 300);
    items.push_back("junk");
    items.push_back(items.front());  // a replay
    Bytes forged = items.front();
    forged.back() = static_cast<char>(forged.back() ^ 1);
    items.push_back(forged);
    const BlockInput block{1, UnixMs{kGenesisMs + 1000}, items};
    const auto reference =
        apply_block(world.state, block, contracts::registry(), serial_for, nullptr);
    ASSERT_TRUE(reference.ok());
    SignatureCache none(0);
    SignatureCache one(items.front().size() * 4);
    SignatureCache all(64U << 20U);
    for (SignatureCache* cache : {&none, &one, &all}) {
        for (int round = 0; round < 2; ++round) {
            for (const ParallelFor& parallel :
                 {ParallelFor(serial_for), ParallelFor(threaded_for)}) {
                const auto got =
                    apply_block(world.state, block, contracts::registry(), parallel, cache);
                ASSERT_TRUE(got.ok());
                expect_same(*reference, *got);
            }
        }
    }
    EXPECT_EQ(none.counts().hits, 0U);
    EXPECT_GT(all.counts().hits, 0U);
}

TEST(Determinism, WhereBundlesAreCutDoesNotMatter) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        std::vector<std::vector<Bytes>> outcomes;
        std::vector<state::StateDiff> tables;
        for (const std::size_t longest : {1U, 7U, 200U}) {
            World world;
            std::mt19937_64 random(seed);
            const auto transactions = random_transactions(world, random, 120);
            const auto items = cut(world, transactions, random, longest);
            const auto block = apply_block(world.state, {1, UnixMs{kGenesisMs + 1000}, items},
                                           contracts::registry(), serial_for, nullptr);
            ASSERT_TRUE(block.ok());
            outcomes.push_back(outcomes_of(*block));
            state::StateDiff rest = block->diff;
            EXPECT_EQ(rest.erase(Bytes(contracts::sdk::window_key("hospital", 1).view())), 1U);
            tables.push_back(rest);
            EXPECT_GT(block->transactions_applied, 0U);
            EXPECT_GT(block->transactions_rejected, 0U);
        }
        for (std::size_t i = 1; i < outcomes.size(); ++i) {
            EXPECT_EQ(outcomes[0], outcomes[i]);
            EXPECT_EQ(tables[0], tables[i]);
        }
    }
}

}  // namespace
}  // namespace consilium::execution
