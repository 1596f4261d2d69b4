// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "consensus/port/port.hpp"
#include "consilium/v1/genesis.pb.h"
#include "ledger/ids.hpp"

namespace consilium::node {

// The genesis document (docs/formats/transaction.md, "Genesis"): CometBFT's genesis JSON, whose
// app_state is the base64 of a canonical v1::GenesisState. Everything else in the document is
// derived from that state or fixed, so two members that pinned the same network id read the same
// document.
struct Genesis {
    std::string document;  // as loaded
    Bytes app_state;       // canonical v1::GenesisState
    v1::GenesisState state;
    ledger::NetworkId network_id;
    std::string chain_id;  // "consilium-" and the first 32 hex digits of the network id
    UnixMs time;
    // In the order of the document; CometBFT's own order (power, address) is the engine's business.
    std::vector<consensus::ValidatorUpdate> validators;
    std::uint64_t block_bytes_max = 0;  // consensus_params.block.max_bytes
    std::int64_t block_gas_max = -1;
};

// H("consilium/network/1", app_state).
[[nodiscard]] ledger::NetworkId network_id_of(BytesView app_state);
[[nodiscard]] std::string chain_id_of(const ledger::NetworkId& network_id);

// The document for a state, ending in a line feed.
[[nodiscard]] std::string make_genesis_document(const v1::GenesisState& state);

// Checks the form, that app_state is canonical, and that chain id, time and validators are those of
// app_state. What the members may be is for the contracts to check. The error says what is wrong,
// as a sentence without the file's name.
[[nodiscard]] Result<Genesis, std::string> parse_genesis(std::string_view document);
[[nodiscard]] Result<Genesis, std::string> load_genesis(const std::filesystem::path& path);

}  // namespace consilium::node
