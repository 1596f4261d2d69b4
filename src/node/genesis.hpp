// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "consilium/v1/genesis.pb.h"
#include "ledger/ids.hpp"

namespace consilium::node {

// genesis.json: a CometBFT genesis document whose `app_state` is the base64 string of the canonical
// v1::GenesisState (docs/formats/genesis.md).
struct Genesis {
    Bytes document;   // genesis.json as it was loaded
    Bytes app_state;  // canonical v1::GenesisState
    v1::GenesisState state;
    ledger::NetworkId network_id;  // H("consilium/network/1", app_state)
    std::string chain_id;          // "consilium-" and the first 32 hex digits of network_id
    UnixMs time;
};

enum class GenesisError {
    kNotJson,       // not a JSON object
    kMissingField,  // chain_id, genesis_time, consensus_params, validators or app_state
    kAppState,      // not the canonical base64 of a v1::GenesisState
    kChainId,       // not the one that app_state makes
    kTime,          // genesis_time is not app_state's time
    kParameters,    // consensus parameters other than ours
    kValidators,    // not those of app_state's members
};

[[nodiscard]] const char* to_string(GenesisError error);

// Reads and checks a genesis document, at most 64 MiB.
[[nodiscard]] Result<Genesis, GenesisError> parse_genesis(BytesView document);

// Writes the document for a state: the same state always makes the same bytes.
[[nodiscard]] Bytes make_genesis_document(const v1::GenesisState& state);

}  // namespace consilium::node
