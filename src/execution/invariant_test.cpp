// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "contracts/registry/registry.hpp"
#include "execution/apply_block.hpp"
#include "execution/testing/world.hpp"

namespace consilium::execution {
namespace {

using namespace testing;
namespace sdk = contracts::sdk;

// A contract with a fault: its payload is the key that it writes, whose second byte says whether
// its own invariant holds.
class Faulty final : public sdk::Contract {
 public:
    [[nodiscard]] ledger::ContractId id() const override { return ledger::ContractId{9}; }
    [[nodiscard]] std::string_view name() const override { return "faulty"; }
    [[nodiscard]] std::span<const sdk::TableInfo> tables() const override { return {}; }
    [[nodiscard]] const google::protobuf::Message& command() const override {
        return v1::LinkSlot::default_instance();
    }
    [[nodiscard]] Result<const google::protobuf::Message*, sdk::Code> parse(
        BytesView payload, google::protobuf::Arena& arena) const override {
        auto* message = google::protobuf::Arena::CreateMessage<v1::LinkSlot>(&arena);
        message->set_commitment(Bytes(payload));
        return static_cast<const google::protobuf::Message*>(message);
    }
    [[nodiscard]] sdk::Code authorize(const google::protobuf::Message&,
                                      sdk::Context&) const override {
        return 0;
    }
    [[nodiscard]] sdk::Code apply(const google::protobuf::Message& message,
                                  sdk::Context& context) const override {
        context.state().put(static_cast<const v1::LinkSlot&>(message).commitment(), "x");
        context.assign(1);
        return 0;
    }
    [[nodiscard]] bool holds(const sdk::Overlay::Change& change, sdk::Context&) const override {
        return change.key[1] == 'y';
    }
    [[nodiscard]] bool genesis(const v1::GenesisState&, sdk::Context&) const override {
        return true;
    }
    [[nodiscard]] ledger::RejectionText describe(sdk::Code) const override { return {}; }
};

TEST(Invariants, ABrokenOneRejectsTheTransactionAndIsCounted) {
    World world;
    const Faulty faulty;
    auto contracts = contracts::registry().contracts();
    contracts.push_back(&faulty);
    const sdk::Registry registry(contracts, contracts::registry().lookups());
    const auto write = [&](std::string_view key) {
        v1::Command out;
        out.set_contract(9);
        out.set_payload(std::string(key));
        return out;
    };
    // Its own row; its own row with the fault; another contract's row.
    const std::vector<Bytes> items = {world.item(
        "hospital",
        {world.transaction({}, {write("\x09y")}), world.transaction({}, {write("\x09n")}),
         world.transaction({}, {write("\x09y"
                                      "2"),
                                write("\x03y")})})};
    const auto block = apply_block(world.state, {1, UnixMs{kGenesisMs + 1000}, items}, registry,
                                   serial_for, nullptr);
    ASSERT_TRUE(block.ok());
    EXPECT_EQ(block->invariants_broken, 2U);
    EXPECT_EQ(block->transactions_applied, 1U);
    EXPECT_TRUE(block->diff.contains(Bytes("\x09y")));
    EXPECT_EQ(block->diff.size(), 2U);  // that row and the window
    for (const std::size_t i : {1U, 2U}) {
        const auto outcome = ledger::decode_outcome(block->items[0].outcomes[i]);
        EXPECT_EQ(outcome->contract, 1U);
        EXPECT_EQ(outcome->code, static_cast<std::uint32_t>(ledger::Rejection::kInvariant));
        EXPECT_TRUE(outcome->assigned.empty());
    }
}

}  // namespace
}  // namespace consilium::execution
