// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contracts/sdk/contract.hpp"
#include "execution/testing/world.hpp"
#include "proto/canonical.hpp"

namespace consilium::execution::testing {

// One transaction against one state. A test fills `given`, `transaction` and `expect`; when it
// ends, the transaction is signed, bundled and executed by apply_block in a block of its own,
// everything that changed is compared with `expect`, and the case is compared with its golden
// vector in tests/vectors/contracts/ (written anew when the environment has
// CONSILIUM_UPDATE_VECTORS).
class ContractTest : public ::testing::Test {
 protected:
    struct Given {
        // Rows over those of genesis, by path ("charts/chart/HEX"); nothing removes one.
        std::map<std::string, std::optional<Bytes>> rows;
        template <typename Row>
        void row(const std::string& path, const Row& value) {
            rows[path] = proto::encode(value);
        }
        UnixMs time{kGenesisMs + 1000};  // block time
        Height height = 7;
    };
    struct Transaction {
        Sender sender;
        std::vector<v1::Command> commands;
        std::uint32_t key_id = 1;
        const crypto::SigningKey* key = nullptr;
    };
    struct Expect {
        // Rejected by that contract with that code, at that command; else applied.
        template <typename Rejection>
        void rejected(ledger::ContractId contract, Rejection rejection, std::uint32_t command = 0) {
            outcome.contract = static_cast<std::uint32_t>(contract);
            outcome.code = static_cast<std::uint32_t>(rejection);
            outcome.command_index = command;
        }
        template <typename Row>
        void row(const std::string& path, const Row& value) {
            rows[path] = proto::encode(value);
        }
        ledger::Outcome outcome;
        // Every row that changes, but the replay window's; nothing means removed.
        std::map<std::string, std::optional<Bytes>> rows;
    };

    void TearDown() override;

    Given given;
    Transaction transaction;
    Expect expect;
    World world;
    bool vector = true;  // whether the case is exported
};

}  // namespace consilium::execution::testing
