// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "node/submitter.hpp"

// What the two files of the submitter share.
namespace consilium::node {

// A transaction that was accepted and is not answered yet. In the queue, in an open bundle, or held
// by step() on its way from the one to the other.
struct Submitter::Entry {
    Bytes bytes;  // empty while a bundle has them
    UnixMs not_after;
    std::size_t size = 0;
    std::size_t signatures = 0;
    std::uint64_t since_us = 0;
    bool held = false;
    std::optional<services::Committed> settled;  // found in a block while held
    std::vector<services::SubmitCallback> done;
};

// A transaction on its way in.
struct Submitter::Candidate {
    ledger::TransactionId id;
    Entry entry;
    std::optional<services::SubmitError> refused;
};

struct Submitter::OpenBundle {
    std::shared_ptr<const Bytes> item;
    ledger::BundleId id;
    std::vector<Slot*> slots;  // in the bundle's order; null: settled elsewhere
    UnixMs not_after;
    std::uint64_t next_try_us = 0;
    bool fence = false;
};

// How long until an item is offered again that the engine had no room for.
inline constexpr std::uint64_t kOverloadedRetryUs = 5'000;
// The same for one that CheckTx refused on the committed state.
inline constexpr std::uint64_t kStaleRetryUs = 50'000;

}  // namespace consilium::node
