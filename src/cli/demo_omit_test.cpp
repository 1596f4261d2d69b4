// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_omit.hpp"

#include <gtest/gtest.h>

#include "proto/canonical.hpp"
#include "state/ledger_state.hpp"
#include "state/memory_disk.hpp"
#include "verify/state_proof.hpp"

namespace consilium::cli {
namespace {

// A state of some thousand rows, so that pages and twigs of the tree are crossed.
class DemoOmit : public ::testing::Test {
 protected:
    void SetUp() override {
        auto opened = state::LedgerState::open(disk_);
        ASSERT_TRUE(opened.ok());
        ledger_ = std::move(opened).value();
        for (Height height = 0; height < 5; ++height) {
            state::StateDiff diff;
            for (int i = 0; i < 700; ++i) {
                const auto spread =
                    static_cast<unsigned char>((i * 37 + static_cast<int>(height)) % 251);
                std::string key{"k"};
                key += static_cast<char>(spread);
                key += std::to_string(height) + "/" + std::to_string(i);
                diff[key] = "value " + std::to_string(i);
            }
            auto planned = ledger_->plan(height, diff);
            ASSERT_TRUE(planned.ok());
            const auto batch = disk_.new_batch();
            ledger_->stage(*planned, *batch);
            ASSERT_TRUE(disk_.write(*batch, state::Durability::kSynced).ok());
            ledger_->adopt(std::move(planned).value());
        }
    }

    state::MemoryDisk disk_;
    std::unique_ptr<state::LedgerState> ledger_;
};

TEST_F(DemoOmit, OnlyTheChainOfLinksGivesItAway) {
    const auto snapshot = ledger_->newest();
    for (const char* prefix : {"k\x05", "k\x30", "k"}) {
        const auto bytes =
            snapshot->prove({verify::StateQuestion::Kind::kPrefix, prefix, std::nullopt});
        ASSERT_TRUE(bytes.ok());
        v1::StateProof honest;
        ASSERT_TRUE(proto::parse_canonical(*bytes, honest).ok());
        const int step = honest.entries_size() > 100 ? 97 : 1;
        for (int i = 0; i < honest.entries_size(); i += step) {
            v1::StateProof proof = honest;
            ASSERT_TRUE(omit_entry(proof, honest.entries(i).serial()));
            ASSERT_EQ(proof.entries_size(), honest.entries_size() - 1);
            const auto checked = verify::check_state_proof(proto::encode(proof), snapshot->root(),
                                                           snapshot->height());
            ASSERT_FALSE(checked.ok()) << i;
            // Not the root: that the forger has mended.
            EXPECT_TRUE(checked.error() == verify::StateProofError::kChainBroken ||
                        checked.error() == verify::StateProofError::kChainStart ||
                        checked.error() == verify::StateProofError::kChainEnd)
                << verify::to_string(checked.error());
        }
        EXPECT_FALSE(omit_entry(honest, 1'000'000));
        honest.mutable_siblings()->pop_back();
        EXPECT_FALSE(omit_entry(honest, honest.entries(0).serial()));
    }
}

}  // namespace
}  // namespace consilium::cli
