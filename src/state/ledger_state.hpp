// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "base/parallel.hpp"
#include "base/time.hpp"
#include "state/disk.hpp"
#include "state/view.hpp"
#include "verify/state_proof.hpp"

// The authenticated state (docs/formats/state.md): an ordered map with one root, its history and
// its proofs, over a disk port.
namespace consilium::state {

enum class StateError {
    kDisk,         // the disk failed
    kCorruption,   // what is stored contradicts itself: run doctor
    kNotYet,       // a height above the newest
    kPruned,       // a height below the retained one
    kTooMany,      // the answer would have more than kProofRowsMax rows
    kBadQuestion,  // a key that is empty or too long
};

[[nodiscard]] const char* to_string(StateError error);

// Rows that one proof may carry; who needs more asks for longer prefixes.
inline constexpr std::size_t kProofRowsMax = 100'000;

struct Tree;  // roots and bits of all twigs; defined in tree.hpp

// The state after one block, unmoved by later ones: reads, history and proofs. Thread-safe. Holds a
// snapshot of the disk: let go of it soon.
class StateSnapshot : public StateView {
 public:
    StateSnapshot(std::shared_ptr<const DiskReader> disk, std::shared_ptr<const Tree> tree,
                  Height height, Height retained);
    ~StateSnapshot() override;

    [[nodiscard]] Height height() const { return height_; }
    // As of any height from here to height() the state can be read and proven.
    [[nodiscard]] Height retained_height() const { return retained_; }
    [[nodiscard]] const Hash32& root() const;
    // Entries in the log, and the last block that appended to it: the root's preimage.
    [[nodiscard]] std::uint64_t entry_count() const;
    [[nodiscard]] Height appended_height() const;

    [[nodiscard]] Result<std::optional<Bytes>, DiskError> get(BytesView key) const override;
    [[nodiscard]] Result<std::optional<KeyValue>, DiskError> last(BytesView prefix) const override;
    [[nodiscard]] Result<std::vector<KeyValue>, DiskError> scan(BytesView prefix, BytesView from,
                                                                std::size_t limit) const override;

    // The state as of a height from retained_height() to height().
    [[nodiscard]] Result<std::unique_ptr<StateView>, StateError> at(Height height) const;

    // A canonical v1::StateProof against root() that answers the question.
    [[nodiscard]] Result<Bytes, StateError> prove(const verify::StateQuestion& question) const;

    [[nodiscard]] const DiskReader& disk() const { return *disk_; }
    [[nodiscard]] const Tree& tree() const { return *tree_; }
    [[nodiscard]] const std::shared_ptr<const Tree>& shared_tree() const { return tree_; }

 private:
    std::shared_ptr<const DiskReader> disk_;
    std::shared_ptr<const Tree> tree_;
    Height height_;
    Height retained_;
};

// A block's effect, computed and not yet written.
class Pending {
 public:
    struct Body;
    explicit Pending(std::unique_ptr<Body> body);
    Pending(Pending&&) noexcept;
    Pending& operator=(Pending&&) noexcept;
    ~Pending();

    [[nodiscard]] const Hash32& root() const;
    [[nodiscard]] Height height() const;
    [[nodiscard]] std::uint64_t entry_count() const;
    [[nodiscard]] const Body& body() const { return *body_; }
    [[nodiscard]] const std::shared_ptr<const Body>& shared_body() const { return body_; }

 private:
    std::shared_ptr<const Body> body_;
};

// The state of one ledger. Genesis is the block of height 0; later heights ascend one by one.
//
// One thread drives it: plan, stage into a batch together with the block, disk.write, adopt. Plan
// changes nothing; a plan may be dropped. All other members may be called from any thread at any
// time; they show the newest adopted block.
//
// Where blocks come faster than a disk takes them, two steps overlap: hold() lets the next block be
// planned while another thread stages this one and writes it. One block at most is held:
//   plan(n) hold(n) [stage(n) write(n) elsewhere | plan(n + 1)] adopt(n) hold(n + 1) ...
class LedgerState : public StateView {
 public:
    // Reads what is stored and checks it against the stored root; rebuilds nothing. `disk` must
    // outlive the state. An empty disk gives a state without genesis.
    [[nodiscard]] static Result<std::unique_ptr<LedgerState>, StateError> open(Disk& disk);
    ~LedgerState() override;

    // The newest block; nothing before genesis.
    [[nodiscard]] std::optional<Height> height() const;
    // The root after it; all zero before genesis.
    [[nodiscard]] Hash32 root() const;

    // The effect of block `height`: 0 for genesis, else the one after the block held, or where
    // none is held height() + 1. Keys of the diff are 1..256
    // bytes and values 0..64 KiB: asserted. The result does not depend on `parallel`.
    [[nodiscard]] Result<Pending, StateError> plan(Height height, const StateDiff& diff,
                                                   const ParallelFor& parallel = serial_for) const;
    // Adds the plan's writes to the caller's batch. Once per plan; any thread.
    void stage(const Pending& pending, WriteBatch& batch) const;
    // The next block builds on this plan, which will be written: from now on it cannot be dropped.
    // Its writes must reach the disk before those of the next one. Nothing reads it before adopt().
    void hold(const Pending& pending);
    // Makes a plan whose batch the disk has taken the newest block; when one is held, that one.
    void adopt(Pending&& pending);

    // Forgets history below `retained` (at most height(), at least what it was): the bodies of
    // entries that had ended by then, never the newest state or its root. Works through up to
    // `limit` entries of the log, in one write of its own, and says whether that was all; call
    // again until it was. From the first call on, earlier heights are answered with kPruned. The
    // driving thread's.
    [[nodiscard]] Result<bool, StateError> prune(Height retained, std::uint64_t limit);

    // The newest block's state, for as long as the caller holds it. Asserts that there is one.
    [[nodiscard]] std::shared_ptr<const StateSnapshot> newest() const;
    // The state after an earlier block, read from history.
    [[nodiscard]] Result<std::unique_ptr<StateView>, StateError> at(Height height) const;
    [[nodiscard]] Result<Bytes, StateError> prove(const verify::StateQuestion& question) const;

    [[nodiscard]] Result<std::optional<Bytes>, DiskError> get(BytesView key) const override;
    [[nodiscard]] Result<std::optional<KeyValue>, DiskError> last(BytesView prefix) const override;
    [[nodiscard]] Result<std::vector<KeyValue>, DiskError> scan(BytesView prefix, BytesView from,
                                                                std::size_t limit) const override;

 private:
    explicit LedgerState(Disk& disk);
    struct Inner;
    std::unique_ptr<Inner> inner_;
};

}  // namespace consilium::state
