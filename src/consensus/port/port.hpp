// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

// Where consensus and the ledger meet. Consensus orders opaque items and never sees a contract; the
// application executes them and never sees an engine. The shapes are those of ABCI 2.0, so that the
// embedded engine and CometBFT drive the same application.
namespace consilium::consensus {

struct ValidatorUpdate {
    Bytes public_key;  // Ed25519
    std::uint64_t power = 0;
    friend bool operator==(const ValidatorUpdate&, const ValidatorUpdate&) = default;
};

// A decided block, as the application sees it.
struct Block {
    Height height = 0;
    UnixMs time;  // block time, whole milliseconds, above that of the block before
    std::vector<Bytes> items;
};

struct ItemResult {
    std::uint32_t code = 0;  // 0: executed; else why the item was refused whole
    Bytes data;  // of an executed bundle: H("consilium/result/1", bundle id, count, outcome root)
};

struct Finalized {
    std::vector<ItemResult> results;  // one per item
    std::vector<ValidatorUpdate> validator_updates;
    Hash32 app_hash;  // state root after the block
};

enum class ApplicationError {
    kDisk,  // the ledger's disk failed: the node stops
    kCorruption,
    kWrongHeight,  // not the block after the last one
    kBadGenesis,
};

[[nodiscard]] const char* to_string(ApplicationError error);

enum class ItemVerdict {
    kAccept,
    kRefuse,  // no later state can make it right: a final code (docs/formats/transaction.md)
    kStale,   // refused by CheckTx only: sequence window, not_after, key or member status, quota
};

struct ApplicationInfo {
    Height height = 0;  // of the last durable block; 0 before genesis is applied
    Hash32 app_hash;
    std::uint32_t protocol_version = 0;
};

struct GenesisResult {
    std::vector<ValidatorUpdate> validators;
    Hash32 app_hash;
};

class Application {
 public:
    virtual ~Application() = default;

    [[nodiscard]] virtual ApplicationInfo info() const = 0;
    // Idempotent. `app_state` is the decoded app_state of the genesis document.
    [[nodiscard]] virtual Result<GenesisResult, ApplicationError> init_chain(
        UnixMs time, BytesView app_state) = 0;

    // CheckTx: everything, on the last committed state.
    [[nodiscard]] virtual ItemVerdict check_item(BytesView item) = 0;
    // Prepare and Process: only what no later state can make right. Items in parallel inside.
    [[nodiscard]] virtual std::vector<ItemVerdict> validate_items(
        const std::vector<BytesView>& items) = 0;

    // Whose item it is, for engines that take members in turn; empty when it cannot be told. Safe
    // beside the others.
    [[nodiscard]] virtual Bytes lane(BytesView item) const = 0;

    // Executes the block after the last committed one; nothing is written yet. A second call
    // replaces the first (CometBFT may finalize again after a crash).
    [[nodiscard]] virtual Result<Finalized, ApplicationError> finalize_block(
        const Block& block) = 0;
    // Writes the finalized block in one atomic write, synced when `sync`; until it is synced, a
    // crash may take it and every later one back, but never a part of one. Returns the height
    // below which the engine need not keep blocks (0: keep all).
    [[nodiscard]] virtual Result<Height, ApplicationError> commit(bool sync) = 0;
    // The block committed last was replayed from another copy: nobody waits to be told of it, so it
    // need not be kept in memory until it may be shown. Engines that do not replay never call it.
    virtual void replayed() {}
    // Makes every block committed before the call durable. The one call that may run beside the
    // others: the embedded engine syncs block n on one thread while n + 1 executes on another.
    [[nodiscard]] virtual Status<ApplicationError> sync() = 0;

    // Header and commit of a block, once they are known and checked (the encoding of
    // tendermint.types.SignedHeader in docs/formats/headers.md). Kept beside the state; receipts
    // for height H need those of H + 1. An engine that knows them before commit(), as the embedded
    // one does, calls this between finalize_block() and commit(), and they go into the same write.
    // CometBFT's are fetched later.
    [[nodiscard]] virtual Status<ApplicationError> store_header(Height height,
                                                                BytesView signed_header) = 0;
};

enum class EngineError {
    kOverloaded,  // back-pressure
    kRefused,     // the item can never apply
    kStale,       // CheckTx refused it on the committed state
    kStopped,
};

[[nodiscard]] const char* to_string(EngineError error);

class Engine {
 public:
    virtual ~Engine() = default;
    // Hands an item in for ordering. Success says only that it is on its way: what became of it is
    // seen in the blocks. Safe to call again with the same bytes. Thread-safe; does not block.
    [[nodiscard]] virtual Status<EngineError> submit_item(const Bytes& item) = 0;
};

}  // namespace consilium::consensus
