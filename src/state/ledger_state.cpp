// SPDX-License-Identifier: Apache-2.0
#include "state/ledger_state.hpp"

#include <mutex>

#include "base/assert.hpp"
#include "state/errors.hpp"
#include "state/moment_view.hpp"
#include "state/open.hpp"
#include "state/pending.hpp"
#include "state/prune.hpp"

namespace consilium::state {

const char* to_string(StateError error) {
    switch (error) {
        case StateError::kDisk:
            return "the ledger's disk failed";
        case StateError::kCorruption:
            return "the stored state contradicts itself; run doctor";
        case StateError::kNotYet:
            return "a height above the newest block";
        case StateError::kPruned:
            return "a height whose history is no longer held";
        case StateError::kTooMany:
            return "more rows than one proof may carry; ask for less";
        case StateError::kBadQuestion:
            return "a key that is empty or longer than 256 bytes";
    }
    return "unknown state error";
}

StateSnapshot::StateSnapshot(std::shared_ptr<const DiskReader> disk,
                             std::shared_ptr<const Tree> tree, Height height, Height retained)
    : disk_(std::move(disk)), tree_(std::move(tree)), height_(height), retained_(retained) {}
StateSnapshot::~StateSnapshot() = default;

const Hash32& StateSnapshot::root() const {
    return tree_->root;
}
std::uint64_t StateSnapshot::entry_count() const {
    return tree_->count;
}
Height StateSnapshot::appended_height() const {
    return tree_->height;
}

Result<std::optional<Bytes>, DiskError> StateSnapshot::get(BytesView key) const {
    return MomentView(disk_, tree_->count, true).get(key);
}
Result<std::optional<KeyValue>, DiskError> StateSnapshot::last(BytesView prefix) const {
    return MomentView(disk_, tree_->count, true).last(prefix);
}
Result<std::vector<KeyValue>, DiskError> StateSnapshot::scan(BytesView prefix, BytesView from,
                                                             std::size_t limit) const {
    return MomentView(disk_, tree_->count, true).scan(prefix, from, limit);
}

Result<std::unique_ptr<StateView>, StateError> StateSnapshot::at(Height height) const {
    if (height > height_) return fail(StateError::kNotYet);
    if (height < retained_) return fail(StateError::kPruned);
    const auto count = count_at(*disk_, height);
    if (!count) return fail(to_state_error(count.error()));
    return std::unique_ptr<StateView>(
        std::make_unique<MomentView>(disk_, *count, *count == tree_->count));
}

Pending::Pending(std::unique_ptr<Body> body) : body_(std::move(body)) {}
Pending::Pending(Pending&&) noexcept = default;
Pending& Pending::operator=(Pending&&) noexcept = default;
Pending::~Pending() = default;

const Hash32& Pending::root() const {
    return body_->meta.root;
}
Height Pending::height() const {
    return body_->meta.height;
}
std::uint64_t Pending::entry_count() const {
    return body_->meta.count;
}

struct LedgerState::Inner {
    Disk& disk;
    TwigJournal journal;
    // Of the block that the next one builds on; with `journal`, the driving thread's alone.
    std::optional<Meta> meta;
    std::shared_ptr<const Pending::Body> held;  // that block while the disk does not have it
    mutable std::mutex mutex;                   // guards `newest`
    std::shared_ptr<const StateSnapshot> newest;

    explicit Inner(Disk& port) : disk(port) {}
    [[nodiscard]] std::shared_ptr<const StateSnapshot> get() const {
        const std::lock_guard lock(mutex);
        return newest;
    }
    void publish(const Meta& of, std::shared_ptr<const Tree> tree) {
        auto next = std::make_shared<const StateSnapshot>(disk.snapshot(), std::move(tree),
                                                          of.height, of.retained);
        {
            const std::lock_guard lock(mutex);
            newest.swap(next);
        }
        // The one before is let go of here, outside the lock.
    }
    void build_on(const Pending::Body& body) {
        CONSILIUM_ASSERT(body.meta.height == (meta ? meta->height + 1 : 0));
        if (!body.entries.empty()) journal.taken(body.step, body.ended);
        meta = body.meta;
    }
};

LedgerState::LedgerState(Disk& disk) : inner_(std::make_unique<Inner>(disk)) {}
LedgerState::~LedgerState() = default;

Result<std::unique_ptr<LedgerState>, StateError> LedgerState::open(Disk& disk) {
    std::unique_ptr<LedgerState> state(new LedgerState(disk));
    auto opened = read_state(disk);
    if (!opened) return fail(to_state_error(opened.error()));
    if (*opened) {
        state->inner_->journal = std::move((*opened)->journal);
        state->inner_->meta = (*opened)->meta;
        state->inner_->publish((*opened)->meta, (*opened)->tree);
    }
    return state;
}

std::optional<Height> LedgerState::height() const {
    const auto newest = inner_->get();
    return newest ? std::optional<Height>(newest->height()) : std::nullopt;
}

Hash32 LedgerState::root() const {
    const auto newest = inner_->get();
    return newest ? newest->root() : Hash32{};
}

Result<Pending, StateError> LedgerState::plan(Height height, const StateDiff& diff,
                                              const ParallelFor& parallel) const {
    const auto newest = inner_->get();
    const Meta before = inner_->meta.value_or(Meta{});
    CONSILIUM_ASSERT(height == (inner_->meta ? before.height + 1 : 0));
    const auto& held = inner_->held;
    const auto tree = held ? held->tree : newest ? newest->shared_tree() : nullptr;
    const DiskReader& reader = newest ? newest->disk() : inner_->disk;
    const auto unwritten = held ? std::span(held->entries) : std::span<const StoredEntry>();
    auto body = plan_block(reader, unwritten, tree, before, height, diff, parallel);
    if (!body) return fail(to_state_error(body.error()));
    (*body)->step = inner_->journal.next();
    return Pending(std::move(*body));
}

void LedgerState::stage(const Pending& pending, WriteBatch& batch) const {
    stage_block(pending.body(), batch);
}

void LedgerState::hold(const Pending& pending) {
    CONSILIUM_ASSERT(inner_->held == nullptr);
    inner_->build_on(pending.body());
    inner_->held = pending.shared_body();
}

void LedgerState::adopt(Pending&& pending) {
    const Pending adopted = std::move(pending);
    const Pending::Body& body = adopted.body();
    CONSILIUM_ASSERT(inner_->held == nullptr || inner_->held == adopted.shared_body());
    if (inner_->held == nullptr) inner_->build_on(body);
    inner_->held.reset();
    inner_->publish(body.meta, body.tree);
}

Result<bool, StateError> LedgerState::prune(Height retained, std::uint64_t limit) {
    const auto newest = inner_->get();
    CONSILIUM_ASSERT(newest != nullptr && retained <= newest->height());
    CONSILIUM_ASSERT(inner_->held == nullptr);
    Meta meta = *inner_->meta;
    meta.retained = std::max(meta.retained, retained);
    auto batch = inner_->disk.new_batch();
    const auto done = stage_prune(newest->disk(), meta.count, meta.retained, limit, *batch);
    if (!done) return fail(to_state_error(done.error()));
    batch->put(Space::kMeta, kMetaKey, encode_meta(meta));
    const auto written = inner_->disk.write(*batch, Durability::kSynced);
    if (!written) return fail(to_state_error(written.error()));
    inner_->meta = meta;
    inner_->publish(meta, newest->shared_tree());
    return *done;
}

std::shared_ptr<const StateSnapshot> LedgerState::newest() const {
    auto newest = inner_->get();
    CONSILIUM_ASSERT(newest != nullptr);
    return newest;
}

Result<std::unique_ptr<StateView>, StateError> LedgerState::at(Height height) const {
    const auto newest = inner_->get();
    if (!newest) return fail(StateError::kNotYet);
    return newest->at(height);
}

Result<Bytes, StateError> LedgerState::prove(const verify::StateQuestion& question) const {
    const auto newest = inner_->get();
    if (!newest) return fail(StateError::kNotYet);
    return newest->prove(question);
}

Result<std::optional<Bytes>, DiskError> LedgerState::get(BytesView key) const {
    const auto newest = inner_->get();
    if (!newest) return std::optional<Bytes>();
    return newest->get(key);
}

Result<std::optional<KeyValue>, DiskError> LedgerState::last(BytesView prefix) const {
    const auto newest = inner_->get();
    if (!newest) return std::optional<KeyValue>();
    return newest->last(prefix);
}

Result<std::vector<KeyValue>, DiskError> LedgerState::scan(BytesView prefix, BytesView from,
                                                           std::size_t limit) const {
    const auto newest = inner_->get();
    if (!newest) return std::vector<KeyValue>();
    return newest->scan(prefix, from, limit);
}

}  // namespace consilium::state
