// SPDX-License-Identifier: Apache-2.0
#include "execution/testing/contract_test.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/hex.hpp"
#include "contracts/registry/registry.hpp"
#include "contracts/sdk/ledger_tables.hpp"

namespace consilium::execution::testing {
namespace {

using Rows = std::map<std::string, std::optional<Bytes>>;

Bytes key_of(const std::string& path) {
    const auto key = contracts::registry().key_from_path(path);
    EXPECT_TRUE(key) << "not a key: " << path;
    return key.value_or(Bytes{});
}

std::string shown(const std::string& path, const std::optional<Bytes>& value) {
    if (!value) return path + " removed";
    std::string out = path + " {";
    const auto* table = contracts::registry().table_of_key(key_of(path));
    if (table == nullptr) return out + to_hex(*value) + "}";
    const auto fields = contracts::sdk::show_value(*table, *value);
    if (!fields) return out + "not canonical: " + to_hex(*value) + "}";
    for (const auto& field : *fields)
        out += " " + field.name + "=" + field.text;
    return out + " }";
}

std::string rows_json(const Rows& rows) {
    std::string out = "{";
    const char* separator = "\n    ";
    for (const auto& [path, value] : rows) {
        out += separator + ("\"" + path + "\": ") +
               (value ? "\"" + to_hex(*value) + "\"" : std::string("null"));
        separator = ",\n    ";
    }
    return out + (rows.empty() ? "}" : "\n  }");
}

// Text of the repository: written when asked to, else compared.
void compare_vector(const std::string& name, const std::string& text) {
    const std::string path =
        std::string(CONSILIUM_SOURCE_DIR) + "/tests/vectors/contracts/" + name + ".json";
    if (std::getenv("CONSILIUM_UPDATE_VECTORS") != nullptr) {
        std::ofstream(path, std::ios::binary) << text;
        return;
    }
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.good()) << path << " is missing: run with CONSILIUM_UPDATE_VECTORS=1";
    std::stringstream stored;
    stored << file.rdbuf();
    EXPECT_EQ(stored.str(), text) << path;
}

}  // namespace

void ContractTest::TearDown() {
    state::StateDiff before;
    for (const auto& [path, value] : given.rows)
        before[key_of(path)] = value;
    world.state.apply(before);
    world.time = given.time;
    world.height = given.height;

    const Sender& sender = transaction.sender;
    Envelope envelope;
    envelope.key_id = transaction.key_id;
    envelope.key = transaction.key;
    const std::vector<Bytes> items = {
        world.item(sender.member, {world.transaction(sender, transaction.commands)}, envelope)};
    const auto block = apply_block(world.state, {given.height, given.time, items},
                                   contracts::registry(), serial_for, nullptr);
    ASSERT_TRUE(block.ok());
    const ItemOutput& item = block->items.at(0);
    ASSERT_EQ(item.code, ItemCode::kAccepted) << to_string(item.code);
    EXPECT_EQ(block->invariants_broken, 0U);

    const auto outcome = ledger::decode_outcome(item.outcomes.at(0));
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(*outcome, expect.outcome)
        << "got contract " << outcome->contract << " code " << outcome->code << " "
        << contracts::registry().describe(outcome->contract, outcome->code).name << " command "
        << outcome->command_index;

    Rows changed;
    const Bytes window(contracts::sdk::window_key(sender.member, transaction.key_id).view());
    for (const auto& [key, value] : block->diff) {
        if (key != window) changed[contracts::registry().path_of_key(key)] = value;
    }
    for (const auto& [path, value] : expect.rows) {
        const auto got = changed.find(path);
        EXPECT_TRUE(got != changed.end()) << "not written: " << shown(path, value);
        if (got != changed.end()) {
            EXPECT_EQ(shown(path, got->second), shown(path, value));
        }
    }
    for (const auto& [path, value] : changed)
        EXPECT_TRUE(expect.rows.contains(path)) << "unexpected: " << shown(path, value);

    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    if (!vector) return;
    compare_vector(
        std::string(info->test_suite_name()) + "." + info->name(),
        "{\n  \"app_state\": \"genesis.json\",\n  \"height\": " + std::to_string(given.height) +
            ",\n  \"time_unix_ms\": " + std::to_string(given.time.value) +
            ",\n  \"given\": " + rows_json(given.rows) + ",\n  \"item\": \"" + to_hex(items[0]) +
            "\",\n  \"outcome\": \"" + to_hex(item.outcomes[0]) + "\",\n  \"data\": \"" +
            to_hex(item.data) + "\",\n  \"changed\": " + rows_json(changed) + "\n}\n");
}

}  // namespace consilium::execution::testing
