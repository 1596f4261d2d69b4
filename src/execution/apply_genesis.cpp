// SPDX-License-Identifier: Apache-2.0
#include "execution/apply_genesis.hpp"

#include <algorithm>

#include "consilium/v1/ledger.pb.h"
#include "contracts/sdk/ledger_tables.hpp"
#include "ledger/hashes.hpp"
#include "proto/canonical.hpp"

namespace consilium::execution {
namespace {

namespace sdk = contracts::sdk;

// The state before everything.
class NoState final : public state::StateView {
 public:
    [[nodiscard]] Result<std::optional<Bytes>, state::DiskError> get(BytesView) const override {
        return std::optional<Bytes>{};
    }
    [[nodiscard]] Result<std::optional<state::KeyValue>, state::DiskError> last(
        BytesView) const override {
        return std::optional<state::KeyValue>{};
    }
    [[nodiscard]] Result<std::vector<state::KeyValue>, state::DiskError> scan(
        BytesView, BytesView, std::size_t) const override {
        return std::vector<state::KeyValue>{};
    }
};

}  // namespace

Result<GenesisOutput, ledger::GenesisError> apply_genesis(BytesView app_state,
                                                          const sdk::Registry& registry) {
    const auto genesis = ledger::decode_genesis(app_state);
    if (!genesis) return fail(genesis.error());
    const NoState nothing;
    sdk::Overlay overlay(nothing);
    const sdk::BlockFacts facts{0, UnixMs{genesis->time_unix_ms()}, ledger::network_id(app_state)};
    const sdk::TransactionFacts nobody;
    sdk::Context context(overlay, registry.lookups(), facts, nobody);

    v1::LedgerParameters parameters;
    parameters.set_protocol_version(genesis->protocol_version());
    parameters.set_network_id(facts.network.bytes());
    parameters.set_genesis_time_unix_ms(genesis->time_unix_ms());
    context.put(sdk::parameters_key(), parameters);
    for (const sdk::Contract* contract : registry.contracts()) {
        if (!contract->genesis(*genesis, context)) return fail(ledger::GenesisError::kMembership);
    }

    GenesisOutput out;
    out.protocol_version = genesis->protocol_version();
    for (const v1::GenesisMember& member : genesis->members()) {
        if (member.node().validator_power() != 0)
            out.validators.push_back(
                {member.node().validator_public_key(), member.node().validator_power()});
    }
    std::sort(out.validators.begin(), out.validators.end(),
              [](const ValidatorUpdate& a, const ValidatorUpdate& b) {
                  return a.public_key < b.public_key;
              });
    out.diff = overlay.take_diff();
    return out;
}

}  // namespace consilium::execution
