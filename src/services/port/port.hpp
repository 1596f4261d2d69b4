// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "consilium/v1/ledger.pb.h"
#include "ledger/ids.hpp"

// What a service asks of its node. node/ implements these; http and services never see more of it.
namespace consilium::services {

// Where a transaction's outcome stands in the ledger.
struct Committed {
    ledger::TransactionId id;
    Height height = 0;
    std::uint32_t bundle_index = 0;       // position of its bundle in the block
    std::uint32_t transaction_index = 0;  // position in the bundle
    Bytes outcome;                        // v1::Outcome, canonical
};

enum class SubmitError {
    kMalformed,       // not a canonical transaction, or a stateless rule broken
    kTooLarge,        // over a limit
    kExpired,         // its not_after has passed
    kOverloaded,      // back-pressure: try again later, the same bytes
    kStopping,        // the node is going down: try again, the same bytes
    kExpiredInQueue,  // no block took it before its not_after; a new transaction is needed
    // The node's disk failed: no outcome could be read, or the outbox not be written. Whether a
    // block took the transaction, or will, this node does not know; send the same bytes when it
    // works.
    kDisk,
};

[[nodiscard]] const char* to_string(SubmitError error);

using SubmitCallback = std::function<void(Result<Committed, SubmitError>)>;

class Submit {
 public:
    virtual ~Submit() = default;
    // Takes one transaction of this node's member (the canonical bytes of v1::Transaction) and
    // calls back once: when its outcome is durable, or when it is refused. That may be before
    // submit() returns, on the caller's thread, so the caller holds no lock that `done` takes; else
    // it is on a thread of the node's, which `done` must not hold up. A transaction that this node
    // has seen is answered with the outcome it has, so retries are safe. Thread-safe; does not
    // wait.
    virtual void submit(Bytes transaction, SubmitCallback done) = 0;
    // Many at once: the same for each, in any order; `index` is the place in `transactions`.
    virtual void submit_batch(
        std::vector<Bytes> transactions,
        std::function<void(std::size_t index, Result<Committed, SubmitError>)> done) = 0;
};

enum class ReadError {
    kNotFound,    // the ledger holds nothing of that name
    kNotYet,      // a height to come, or a proof that needs the next header: ask again shortly
    kPruned,      // below the retained height: ask an archive node
    kBadRequest,  // a key, prefix or limit out of range, or a proof of part of a list
    kDisk,        // the store cannot be read, or holds what it should not
};

[[nodiscard]] const char* to_string(ReadError error);

// One committed block as followers see it. Height 0, the genesis, is none.
struct BlockEvent {
    Height height = 0;
    UnixMs time;
    Hash32 state_root;                // after this block
    std::vector<Committed> outcomes;  // in block order, of all members
};

// A place in the stream: all blocks below `height` have been seen, and the first `index` outcomes
// of the block at `height`.
struct Cursor {
    Height height = 0;
    std::uint32_t index = 0;
    friend auto operator<=>(const Cursor&, const Cursor&) = default;
};

class Subscription {
 public:
    virtual ~Subscription() = default;  // ends the subscription; no call back runs after it returns
};

// A block, or why none follows: kPruned when the store no longer holds the next one, kDisk when it
// cannot be read. That is the last call.
using EventCallback = std::function<void(const Result<BlockEvent, ReadError>&)>;

class Events {
 public:
    virtual ~Events() = default;
    // Calls back for every block from `from.height` on, each once and in order, first from the
    // store, then live; the caller skips what its cursor's index covers. One thread of the node's
    // calls all followers, so `each` must not wait. Thread-safe.
    [[nodiscard]] virtual std::unique_ptr<Subscription> subscribe(Cursor from,
                                                                  EventCallback each) = 0;
};

struct NodeStatus {
    ledger::MemberId member_id;
    ledger::NetworkId network_id;
    std::string chain_id;
    std::uint32_t protocol_version = 0;
    Height height = 0;
    Height retained_height = 0;  // the oldest block still held
    UnixMs block_time;
    Hash32 state_root;
    bool catching_up = false;
    bool failed = false;  // stopped by itself: it answers reads, and takes nothing until restarted
    std::uint64_t queue_transactions = 0;  // accepted, not yet committed
};

struct StateAnswer {
    Height height = 0;           // of the state shown
    std::optional<Bytes> value;  // present, or absent
    Bytes receipt;               // v1::Receipt when a proof was asked for, else empty
};

struct StateList {
    Height height = 0;                             // of the state shown
    std::vector<std::pair<Bytes, Bytes>> entries;  // key and value, ascending
    bool more = false;  // cut at the limit: go on from the last key and a zero byte
    Bytes receipt;      // v1::Receipt (completeness) when asked for and not cut
};

// Answers from the newest committed state or from the store, whatever is being committed meanwhile.
// Thread-safe; reads the disk on the caller's thread.
class Reads {
 public:
    virtual ~Reads() = default;
    [[nodiscard]] virtual NodeStatus status() const = 0;
    [[nodiscard]] virtual Result<Committed, ReadError> outcome(
        const ledger::TransactionId& id) const = 0;
    // v1::Receipt of that transaction's outcome.
    [[nodiscard]] virtual Result<Bytes, ReadError> outcome_receipt(
        const ledger::TransactionId& id) const = 0;
    // The value of `key` (1..limits::kStateKeyBytesMax bytes), or its absence, at the newest height
    // or as of `at`. With `prove` a receipt; without `at` it is then for the newest height that a
    // header proves.
    [[nodiscard]] virtual Result<StateAnswer, ReadError> state(BytesView key,
                                                               std::optional<Height> at,
                                                               bool prove) const = 0;
    // Entries whose keys begin with `prefix` (may be empty) and are not below `from`, at most
    // `limit` (at least 1; the node has a limit of its own) of them. With `prove` the list must be
    // whole: `from` is empty or the prefix, and there is a receipt only when nothing was cut off.
    [[nodiscard]] virtual Result<StateList, ReadError> state_list(BytesView prefix, BytesView from,
                                                                  std::size_t limit,
                                                                  std::optional<Height> at,
                                                                  bool prove) const = 0;
    // v1::StoredBlock: header, commit and items.
    [[nodiscard]] virtual Result<Bytes, ReadError> block(Height height) const = 0;
    // The height of the last block whose time is <= `time`; 0 is the genesis. kNotFound before
    // that, kPruned before the oldest block held when that is not the first. For a time that no
    // block has reached it is the newest block, until there is a newer one.
    [[nodiscard]] virtual Result<Height, ReadError> height_at(UnixMs time) const = 0;
    // v1::ValidatorHistory: the chain of validator-set changes from genesis.
    [[nodiscard]] virtual Result<Bytes, ReadError> validator_history() const = 0;
    [[nodiscard]] virtual Bytes genesis() const = 0;  // genesis.json as it was loaded
};

}  // namespace consilium::services
