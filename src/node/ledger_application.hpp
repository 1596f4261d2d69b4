// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/parallel.hpp"
#include "consensus/embedded/block_source.hpp"
#include "consensus/port/port.hpp"
#include "contracts/sdk/registry.hpp"
#include "execution/apply_block.hpp"
#include "execution/signature_cache.hpp"
#include "node/admission.hpp"
#include "node/metrics.hpp"
#include "node/row_cache.hpp"
#include "state/disk.hpp"
#include "state/ledger_state.hpp"

namespace consilium::node {

// A block as it was executed here. Immutable.
struct AppliedBlock {
    Height height = 0;
    UnixMs time;
    Hash32 state_root;  // after the block
    std::vector<Bytes> items;
    std::vector<execution::ItemOutput> outputs;         // one per item
    std::shared_ptr<const state::StateSnapshot> state;  // after the block
};

struct ApplicationOptions {
    ledger::NetworkId network_id;
    ParallelFor parallel_for = serial_for;
    AdmissionLimits admission;
    // Pure results that copies in one process may share; may be null.
    execution::SignatureCache* signature_cache = nullptr;
    Metrics* metrics = nullptr;  // may be null
    // commit(false) returns at once and writes on a thread of its own, while the next block already
    // executes; sync() waits for it and says when it failed. Nothing else that can be seen differs.
    bool writes_beside = false;
    // Of rows that execution read lately (row_cache.hpp). No result depends on it.
    std::size_t row_cache_bytes = 16U << 20U;
};

// One member's copy of the ledger: state, blocks, headers, outcomes and the index of transactions,
// on one disk; a block is one atomic write. What followers and readers may be shown is what was
// published: the engine publishes a height when it is durable everywhere it must be.
//
// Threads: as consensus::Application says: one thread drives, sync() may run beside it; check_item,
// kept_block, validator_changes, published and published_blocks from any thread.
class LedgerApplication final : public consensus::Application,
                                public consensus::embedded::BlockSource {
 public:
    enum class OpenError { kDisk, kCorruption, kOtherNetwork };

    // `disk` and `registry` outlive the application.
    [[nodiscard]] static Result<std::unique_ptr<LedgerApplication>, OpenError> open(
        state::Disk& disk, const contracts::sdk::Registry& registry, ApplicationOptions options);

    [[nodiscard]] consensus::ApplicationInfo info() const override;
    [[nodiscard]] Result<consensus::GenesisResult, consensus::ApplicationError> init_chain(
        UnixMs time, BytesView app_state) override;
    [[nodiscard]] consensus::ItemVerdict check_item(BytesView item) override;
    [[nodiscard]] std::vector<consensus::ItemVerdict> validate_items(
        const std::vector<BytesView>& items) override;
    // The member that signs the bundle.
    [[nodiscard]] Bytes lane(BytesView item) const override;
    [[nodiscard]] Result<consensus::Finalized, consensus::ApplicationError> finalize_block(
        const consensus::Block& block) override;
    [[nodiscard]] Result<Height, consensus::ApplicationError> commit(bool sync) override;
    void replayed() override;
    [[nodiscard]] Status<consensus::ApplicationError> sync() override;
    [[nodiscard]] Status<consensus::ApplicationError> store_header(
        Height height, BytesView signed_header) override;

    [[nodiscard]] Result<std::optional<consensus::embedded::KeptBlock>, consensus::ApplicationError>
    kept_block(Height height) const override;
    [[nodiscard]] Result<std::vector<std::pair<Height, std::vector<consensus::ValidatorUpdate>>>,
                         consensus::ApplicationError>
    validator_changes() const override;

    // Blocks up to `height` may be shown from now on; returns those that became visible by this
    // call, ascending. Everything stored is published with the height of info(). Of blocks that
    // were replayed only the last few are returned.
    std::vector<std::shared_ptr<const AppliedBlock>> publish(Height height);

    // What may be shown: the newest published block and the one before it (whose state the newest
    // block's header proves). Null before genesis; `outputs` and `items` are empty for blocks that
    // were executed before this process started.
    struct Published {
        std::shared_ptr<const AppliedBlock> newest;
        std::shared_ptr<const AppliedBlock> before;
    };
    [[nodiscard]] Published published() const;

    [[nodiscard]] const state::LedgerState& state() const { return *state_; }
    [[nodiscard]] const state::Disk& disk() const { return disk_; }
    [[nodiscard]] const contracts::sdk::Registry& registry() const { return registry_; }
    [[nodiscard]] UnixMs committed_time() const;

 private:
    struct Finalization;
    LedgerApplication(state::Disk& disk, const contracts::sdk::Registry& registry,
                      ApplicationOptions options, std::unique_ptr<state::LedgerState> state);
    [[nodiscard]] Status<OpenError> load();
    using Written = Status<consensus::ApplicationError>;
    void stage_block(const Finalization& finalization, state::WriteBatch& batch) const;
    // Writes a block and makes it the newest one.
    [[nodiscard]] Written write(Finalization& finalization, state::Durability durability);
    // Waits for the write that is under way, if any, and says how it, or an earlier one, ended.
    [[nodiscard]] Written written() const;
    [[nodiscard]] std::shared_ptr<const state::StateView> committed_view() const;
    void count(const Finalization& finalization, std::uint64_t write_us);

 public:
    ~LedgerApplication() override;

 private:
    state::Disk& disk_;
    const contracts::sdk::Registry& registry_;
    const ApplicationOptions options_;
    std::unique_ptr<state::LedgerState> state_;
    RowCache row_cache_;
    Admission admission_;
    std::unique_ptr<Finalization> finalization_;
    std::optional<std::pair<Height, Bytes>> header_ahead_;  // for the block about to be committed
    // The block that is being written: the state that it will make, for the one after it.
    std::shared_ptr<const state::StateView> ahead_;

    mutable std::mutex mutex_;  // guards what follows
    std::shared_future<Written> writing_;
    UnixMs committed_time_;
    Height committed_height_ = 0;
    std::deque<std::shared_ptr<const AppliedBlock>> unpublished_;
    Published published_;
};

[[nodiscard]] const char* to_string(LedgerApplication::OpenError error);

}  // namespace consilium::node
