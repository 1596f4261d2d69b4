// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace consilium::execution {

// What became of an item as a whole. A refused item writes nothing and has no outcomes. The values
// stand in block results for ever.
enum class ItemCode : std::uint32_t {
    kAccepted = 0,

    // Final: no later state can make it right, so every correct node refuses it at any height and a
    // proposal may be refused for it (docs/formats/transaction.md, "Bundle").
    kUndecodable = 1,       // not the canonical encoding of a bundle, or a stateless rule broken
    kTooLarge = 2,          // over a limit
    kTransactionsRoot = 3,  // the header's root is not that of these transactions in this network
    kUnknownKey = 4,        // no such member, or a key number that it never registered
    kWrongSignature = 5,    // wrong under that key's bytes

    // Judged on the state of the moment.
    kSequenceUsed = 16,    // already in the key's replay window
    kSequenceTooOld = 17,  // below the window: nobody can tell any more
    kSequenceTooFar = 18,  // more than limits::kReplayWindow above the top
    kExpired = 19,         // the bundle's not_after is before block time
    kKeyRetired = 20,
    kMemberNotActive = 21,
    kKeyExpired = 22,  // by check_bundle only: no transaction registers a new key
};

// True for what every correct node refuses at any height: ProcessProposal may refuse it.
[[nodiscard]] bool is_final(ItemCode code);
[[nodiscard]] const char* to_string(ItemCode code);

// Why a block could not be executed at all.
enum class BlockError {
    kDisk,             // the state could not be read
    kCorruption,       // a row is not what it must be
    kNoGenesis,        // the state does not begin with a genesis
    kUnknownProtocol,  // a protocol version that this software does not speak: upgrade it
};
[[nodiscard]] const char* to_string(BlockError error);

}  // namespace consilium::execution
