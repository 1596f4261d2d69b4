// SPDX-License-Identifier: Apache-2.0
#include "node/ledger_application.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "crypto/hash.hpp"
#include "execution/apply_genesis.hpp"
#include "execution/replay_window.hpp"
#include "execution/validate_bundle.hpp"
#include "ledger/bundle.hpp"
#include "ledger/hashes.hpp"
#include "node/ledger_rows.hpp"
#include "node/overlay_view.hpp"
#include "node/steady_us.hpp"

namespace consilium::node {

using consensus::ApplicationError;
using state::Space;

struct LedgerApplication::Finalization {
    std::shared_ptr<AppliedBlock> applied;
    std::shared_ptr<const state::StateDiff> diff;
    std::vector<consensus::ValidatorUpdate> updates;
    state::Pending pending;
    std::uint64_t transactions_applied = 0;
    std::uint64_t transactions_rejected = 0;
    std::uint64_t invariants_broken = 0;
    std::optional<std::pair<Height, Bytes>> header;
};

namespace {

ApplicationError to_application(execution::BlockError error) {
    return error == execution::BlockError::kDisk ? ApplicationError::kDisk
                                                 : ApplicationError::kCorruption;
}

ApplicationError to_application(state::StateError error) {
    return error == state::StateError::kDisk ? ApplicationError::kDisk
                                             : ApplicationError::kCorruption;
}

ApplicationError to_application(state::DiskError error) {
    return error == state::DiskError::kCorruption ? ApplicationError::kCorruption
                                                  : ApplicationError::kDisk;
}

std::vector<consensus::ValidatorUpdate> to_port(
    const std::vector<execution::ValidatorUpdate>& updates) {
    std::vector<consensus::ValidatorUpdate> out;
    out.reserve(updates.size());
    for (const auto& update : updates)
        out.push_back({update.public_key, update.power});
    return out;
}

std::vector<consensus::ItemResult> results_of(const AppliedBlock& block) {
    std::vector<consensus::ItemResult> out;
    out.reserve(block.outputs.size());
    for (const auto& output : block.outputs)
        out.push_back({static_cast<std::uint32_t>(output.code), output.data});
    return out;
}

}  // namespace

const char* to_string(LedgerApplication::OpenError error) {
    switch (error) {
        case LedgerApplication::OpenError::kDisk:
            return "the ledger could not be read";
        case LedgerApplication::OpenError::kCorruption:
            return "the ledger on disk contradicts itself";
        case LedgerApplication::OpenError::kOtherNetwork:
            return "the directory holds the ledger of another network";
    }
    return "unknown error";
}

LedgerApplication::LedgerApplication(state::Disk& disk, const contracts::sdk::Registry& registry,
                                     ApplicationOptions options,
                                     std::unique_ptr<state::LedgerState> state)
    : disk_(disk),
      registry_(registry),
      options_(std::move(options)),
      state_(std::move(state)),
      row_cache_(options_.row_cache_bytes),
      admission_(options_.admission) {}

LedgerApplication::~LedgerApplication() {
    (void)written();
}

LedgerApplication::Written LedgerApplication::written() const {
    std::shared_future<Written> writing;
    {
        const std::lock_guard lock(mutex_);
        writing = writing_;
    }
    if (!writing.valid()) return Done{};
    return writing.get();
}

std::shared_ptr<const state::StateView> LedgerApplication::committed_view() const {
    return ahead_ ? ahead_ : state_->newest();
}

Result<std::unique_ptr<LedgerApplication>, LedgerApplication::OpenError> LedgerApplication::open(
    state::Disk& disk, const contracts::sdk::Registry& registry, ApplicationOptions options) {
    auto state = state::LedgerState::open(disk);
    if (!state) {
        return fail(state.error() == state::StateError::kDisk ? OpenError::kDisk
                                                              : OpenError::kCorruption);
    }
    std::unique_ptr<LedgerApplication> application(
        new LedgerApplication(disk, registry, std::move(options), std::move(*state)));
    if (auto loaded = application->load(); !loaded) return fail(loaded.error());
    return application;
}

Status<LedgerApplication::OpenError> LedgerApplication::load() {
    const auto network = disk_.get(Space::kNode, kNetworkKey);
    if (!network) return fail(OpenError::kDisk);
    const auto height = state_->height();
    if (!height) {
        if (*network) return fail(OpenError::kCorruption);
        return Done{};
    }
    if (!*network || (*network)->size() != 64) return fail(OpenError::kCorruption);
    if (BytesView(**network).substr(0, 32) != options_.network_id.view()) {
        return fail(OpenError::kOtherNetwork);
    }
    auto block = std::make_shared<AppliedBlock>();
    block->height = *height;
    block->state_root = state_->root();
    block->state = state_->newest();
    if (*height > 0) {
        const auto row = disk_.get(Space::kBlocks, height_key(*height));
        if (!row) return fail(OpenError::kDisk);
        const auto decoded = *row ? decode_block_row(**row) : std::nullopt;
        if (!decoded || decoded->state_root != block->state_root) {
            return fail(OpenError::kCorruption);
        }
        block->time = decoded->time;
    }
    const std::lock_guard lock(mutex_);
    committed_height_ = *height;
    committed_time_ = block->time;
    published_.newest = std::move(block);
    return Done{};
}

consensus::ApplicationInfo LedgerApplication::info() const {
    consensus::ApplicationInfo info;
    (void)written();
    const auto height = state_->height();
    if (!height) return info;
    info.height = *height;
    info.app_hash = state_->root();
    if (const auto facts = execution::read_chain(*state_)) {
        info.protocol_version = facts->protocol_version;
    }
    return info;
}

UnixMs LedgerApplication::committed_time() const {
    const std::lock_guard lock(mutex_);
    return committed_time_;
}

Result<consensus::GenesisResult, ApplicationError> LedgerApplication::init_chain(
    UnixMs time, BytesView app_state) {
    if (ledger::network_id(app_state) != options_.network_id) {
        return fail(ApplicationError::kBadGenesis);
    }
    if (state_->height()) {
        const auto network = disk_.get(Space::kNode, kNetworkKey);
        const auto row = disk_.get(Space::kNode, validators_key(0));
        if (!network || !row) return fail(ApplicationError::kDisk);
        const auto validators = *row ? decode_validator_updates(**row) : std::nullopt;
        consensus::GenesisResult result;
        if (!validators || !*network || !assign(result.app_hash, BytesView(**network).substr(32))) {
            return fail(ApplicationError::kCorruption);
        }
        result.validators = *validators;
        return result;
    }

    auto genesis = execution::apply_genesis(app_state, registry_);
    if (!genesis) return fail(ApplicationError::kBadGenesis);
    auto pending = state_->plan(0, genesis->diff, options_.parallel_for);
    if (!pending) return fail(to_application(pending.error()));
    consensus::GenesisResult result{to_port(genesis->validators), pending->root()};
    auto batch = disk_.new_batch();
    state_->stage(*pending, *batch);
    batch->put(Space::kNode, kNetworkKey, options_.network_id.bytes() + result.app_hash.bytes());
    batch->put(Space::kNode, validators_key(0), encode_validator_updates(result.validators));
    if (auto written = disk_.write(*batch, state::Durability::kSynced); !written) {
        return fail(to_application(written.error()));
    }
    state_->adopt(std::move(*pending));

    auto block = std::make_shared<AppliedBlock>();
    block->time = time;
    block->state_root = result.app_hash;
    block->state = state_->newest();
    const std::lock_guard lock(mutex_);
    committed_time_ = time;
    published_.newest = std::move(block);
    return result;
}

consensus::ItemVerdict LedgerApplication::check_item(BytesView item) {
    if (!state_->height()) return consensus::ItemVerdict::kStale;
    const auto code = execution::check_bundle(*state_->newest(), registry_, item, committed_time(),
                                              options_.signature_cache);
    if (!code) return consensus::ItemVerdict::kStale;
    if (execution::is_final(*code)) return consensus::ItemVerdict::kRefuse;
    if (*code != execution::ItemCode::kAccepted) return consensus::ItemVerdict::kStale;
    const auto bundle = ledger::decode_item(item);
    CONSILIUM_ASSERT(bundle.ok());
    const bool admitted =
        admission_.admit(Bytes(bundle->member_id), bundle->key_id, bundle->sequence,
                         bundle->not_after, crypto::sha256(item), item.size());
    return admitted ? consensus::ItemVerdict::kAccept : consensus::ItemVerdict::kStale;
}

std::vector<consensus::ItemVerdict> LedgerApplication::validate_items(
    const std::vector<BytesView>& items) {
    std::vector<consensus::ItemVerdict> verdicts(items.size(), consensus::ItemVerdict::kAccept);
    const auto state = state_->newest();
    options_.parallel_for(items.size(), [&](std::size_t i) {
        const auto code =
            execution::validate_bundle(*state, registry_, items[i], options_.signature_cache);
        // What the disk cannot answer now, execution will find out; it refuses nothing here.
        if (code && execution::is_final(*code)) verdicts[i] = consensus::ItemVerdict::kRefuse;
    });
    return verdicts;
}

Bytes LedgerApplication::lane(BytesView item) const {
    const auto bundle = ledger::decode_item(item);
    return bundle ? Bytes(bundle->member_id) : Bytes();
}

Result<consensus::Finalized, ApplicationError> LedgerApplication::finalize_block(
    const consensus::Block& block) {
    const Height height = [&] {
        const std::lock_guard lock(mutex_);
        return committed_height_;
    }();
    if (!published().newest || block.height != height + 1) {
        return fail(ApplicationError::kWrongHeight);
    }
    const std::uint64_t start = steady_us();
    finalization_.reset();
    header_ahead_.reset();

    auto applied = std::make_shared<AppliedBlock>();
    applied->height = block.height;
    applied->time = block.time;
    applied->items = block.items;
    const auto view = row_cache_.over(committed_view());
    auto output = execution::apply_block(*view, {block.height, block.time, block.items}, registry_,
                                         options_.parallel_for, options_.signature_cache);
    if (!output) return fail(to_application(output.error()));
    CONSILIUM_ASSERT(output->items.size() == block.items.size());
    // The tree grows on what is written; execution did not have to wait for it.
    if (auto before = written(); !before) return fail(before.error());
    ahead_.reset();
    auto diff = std::make_shared<const state::StateDiff>(std::move(output->diff));
    auto pending = state_->plan(block.height, *diff, options_.parallel_for);
    if (!pending) return fail(to_application(pending.error()));

    applied->outputs = std::move(output->items);
    applied->state_root = pending->root();
    finalization_.reset(
        new Finalization{std::move(applied), std::move(diff), to_port(output->validator_updates),
                         std::move(*pending), output->transactions_applied,
                         output->transactions_rejected, output->invariants_broken, std::nullopt});
    if (options_.metrics != nullptr) options_.metrics->block_apply.observe_us(steady_us() - start);
    return consensus::Finalized{results_of(*finalization_->applied), finalization_->updates,
                                finalization_->applied->state_root};
}

void LedgerApplication::stage_block(const Finalization& finalization,
                                    state::WriteBatch& batch) const {
    const AppliedBlock& block = *finalization.applied;
    batch.put(Space::kBlocks, height_key(block.height),
              encode_block_row({block.time, block.state_root, block.items, results_of(block)}));
    std::vector<std::pair<BytesView, Place>> places;
    for (std::uint32_t i = 0; i < block.outputs.size(); ++i) {
        const execution::ItemOutput& output = block.outputs[i];
        if (output.code != execution::ItemCode::kAccepted) continue;
        CONSILIUM_ASSERT(output.outcomes.size() == output.transaction_ids.size());
        batch.put(Space::kOutcomes, outcomes_key(block.height, i),
                  encode_outcomes_row(output.bundle_id, output.member_id, output.outcomes));
        for (std::uint32_t t = 0; t < output.transaction_ids.size(); ++t)
            places.emplace_back(output.transaction_ids[t].view(), Place{block.height, i, t});
    }
    // In key order, which the disk takes in faster; of a transaction that a member managed to have
    // executed twice in one block, the first outcome stands.
    std::stable_sort(places.begin(), places.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t p = 0; p < places.size(); ++p) {
        if (p > 0 && places[p].first == places[p - 1].first) continue;
        batch.put(Space::kIndex, places[p].first, encode_place(places[p].second));
    }
    if (!finalization.updates.empty()) {
        batch.put(Space::kNode, validators_key(block.height),
                  encode_validator_updates(finalization.updates));
    }
    if (finalization.header) {
        batch.put(Space::kHeaders, height_key(finalization.header->first),
                  finalization.header->second);
    }
}

LedgerApplication::Written LedgerApplication::write(Finalization& finalization,
                                                    state::Durability durability) {
    const std::uint64_t start = steady_us();
    auto batch = disk_.new_batch();
    state_->stage(finalization.pending, *batch);
    stage_block(finalization, *batch);
    if (auto written = disk_.write(*batch, durability); !written) {
        return fail(to_application(written.error()));
    }
    state_->adopt(std::move(finalization.pending));
    finalization.applied->state = state_->newest();
    admission_.resolve(finalization.applied->outputs, finalization.applied->time);
    count(finalization, steady_us() - start);
    const std::lock_guard lock(mutex_);
    unpublished_.push_back(std::move(finalization.applied));
    return Done{};
}

Result<Height, ApplicationError> LedgerApplication::commit(bool sync) {
    CONSILIUM_ASSERT(finalization_ != nullptr);
    finalization_->header = std::exchange(header_ahead_, std::nullopt);
    const std::shared_ptr<Finalization> block = std::move(finalization_);
    const Height height = block->applied->height;
    const UnixMs time = block->applied->time;
    if (options_.writes_beside && !sync) {
        ahead_ = std::make_shared<const OverlayView>(state_->newest(), block->diff);
        auto writing = std::async(std::launch::async, [this, block] {
                           return write(*block, state::Durability::kBuffered);
                       }).share();
        const std::lock_guard lock(mutex_);
        writing_ = std::move(writing);
    } else {
        const auto durability = sync ? state::Durability::kSynced : state::Durability::kBuffered;
        if (auto done = write(*block, durability); !done) return fail(done.error());
    }
    // Only now: a block whose write failed here may be finalized again, on the state before it.
    row_cache_.advance(*block->diff);
    const std::lock_guard lock(mutex_);
    committed_height_ = height;
    committed_time_ = time;
    return Height{0};
}

void LedgerApplication::replayed() {
    // Each holds its items, its outputs and a snapshot of the disk, and a copy that was away for
    // long replays many. What is published next needs two: a block and the one before it.
    const std::lock_guard lock(mutex_);
    while (unpublished_.size() > 2)
        unpublished_.pop_front();
}

Status<ApplicationError> LedgerApplication::sync() {
    if (auto before = written(); !before) return before;
    const std::uint64_t start = steady_us();
    if (auto synced = disk_.sync(); !synced) return fail(to_application(synced.error()));
    if (options_.metrics != nullptr) options_.metrics->block_sync.observe_us(steady_us() - start);
    return Done{};
}

Status<ApplicationError> LedgerApplication::store_header(Height height, BytesView signed_header) {
    if (finalization_ != nullptr && finalization_->applied->height == height) {
        header_ahead_.emplace(height, Bytes(signed_header));
        return Done{};
    }
    // One write at a time; a block may still be on its way.
    if (auto before = written(); !before) return before;
    auto batch = disk_.new_batch();
    batch->put(Space::kHeaders, height_key(height), signed_header);
    if (auto written = disk_.write(*batch, state::Durability::kBuffered); !written) {
        return fail(to_application(written.error()));
    }
    return Done{};
}

void LedgerApplication::count(const Finalization& finalization, std::uint64_t write_us) {
    if (options_.metrics == nullptr) return;
    Metrics& metrics = *options_.metrics;
    metrics.block_write.observe_us(write_us);
    metrics.height.store(finalization.applied->height);
    metrics.block_time_unix_ms.store(finalization.applied->time.value);
    metrics.blocks_total.fetch_add(1);
    std::uint64_t executed = 0;
    for (const auto& output : finalization.applied->outputs) {
        if (output.code == execution::ItemCode::kAccepted) ++executed;
    }
    metrics.items_executed_total.fetch_add(executed);
    metrics.items_refused_total.fetch_add(finalization.applied->outputs.size() - executed);
    metrics.transactions_applied_total.fetch_add(finalization.transactions_applied);
    metrics.transactions_rejected_total.fetch_add(finalization.transactions_rejected);
    metrics.invariant_breaks_total.fetch_add(finalization.invariants_broken);
    if (options_.signature_cache != nullptr) {
        const auto counts = options_.signature_cache->counts();
        metrics.signature_cache_hits_total.store(counts.hits);
        metrics.signature_cache_misses_total.store(counts.misses);
    }
}

Result<std::optional<consensus::embedded::KeptBlock>, ApplicationError>
LedgerApplication::kept_block(Height height) const {
    using consensus::embedded::KeptBlock;
    if (auto before = written(); !before) return fail(before.error());
    const auto row = disk_.get(Space::kBlocks, height_key(height));
    if (!row) return fail(to_application(row.error()));
    auto header = disk_.get(Space::kHeaders, height_key(height));
    if (!header) return fail(to_application(header.error()));
    if (!*row || !*header) return std::optional<KeptBlock>{};
    auto block = decode_block_row(**row);
    if (!block) return fail(ApplicationError::kCorruption);
    return std::optional<KeptBlock>(
        KeptBlock{std::move(**header), std::move(block->items), std::move(block->results)});
}

Result<std::vector<std::pair<Height, std::vector<consensus::ValidatorUpdate>>>, ApplicationError>
LedgerApplication::validator_changes() const {
    std::vector<std::pair<Height, std::vector<consensus::ValidatorUpdate>>> changes;
    if (auto before = written(); !before) return fail(before.error());
    const auto cursor = disk_.cursor(Space::kNode);
    for (cursor->seek(kValidatorsPrefix); cursor->valid(); cursor->next()) {
        const auto height = validators_key_height(cursor->key());
        if (!height) break;
        auto updates = decode_validator_updates(cursor->value());
        if (!updates) return fail(ApplicationError::kCorruption);
        changes.emplace_back(*height, std::move(*updates));
    }
    if (cursor->error()) return fail(to_application(*cursor->error()));
    return changes;
}

std::vector<std::shared_ptr<const AppliedBlock>> LedgerApplication::publish(Height height) {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<const AppliedBlock>> out;
    while (!unpublished_.empty() && unpublished_.front()->height <= height) {
        published_.before = std::exchange(published_.newest, unpublished_.front());
        out.push_back(std::move(unpublished_.front()));
        unpublished_.pop_front();
    }
    return out;
}

LedgerApplication::Published LedgerApplication::published() const {
    const std::lock_guard lock(mutex_);
    return published_;
}

}  // namespace consilium::node
