// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "consensus/embedded/core.hpp"
#include "execution/signature_cache.hpp"
#include "node/submitter.hpp"
#include "tests/sim/consortium.hpp"

// One life of the simulated process; shared by the files that implement Consortium.
namespace consilium::sim {

// A member's ledger copy as the core sees it: it stays, while the copy behind it may be closed and
// opened again.
class Consortium::Slot final : public consensus::Application,
                               public consensus::embedded::BlockSource {
 public:
    void show(node::LedgerApplication* copy, bool diverges) {
        copy_ = copy;
        diverges_ = diverges;
    }

    [[nodiscard]] consensus::ApplicationInfo info() const override { return copy_->info(); }
    [[nodiscard]] Result<consensus::GenesisResult, consensus::ApplicationError> init_chain(
        UnixMs time, BytesView app_state) override {
        return copy_->init_chain(time, app_state);
    }
    [[nodiscard]] consensus::ItemVerdict check_item(BytesView item) override {
        return copy_->check_item(item);
    }
    [[nodiscard]] Bytes lane(BytesView item) const override { return copy_->lane(item); }
    [[nodiscard]] std::vector<consensus::ItemVerdict> validate_items(
        const std::vector<BytesView>& items) override {
        return copy_->validate_items(items);
    }
    [[nodiscard]] Result<consensus::Finalized, consensus::ApplicationError> finalize_block(
        const consensus::Block& block) override {
        if (!diverges_ || block.items.empty()) return copy_->finalize_block(block);
        consensus::Block less = block;
        less.items.pop_back();
        auto out = copy_->finalize_block(less);
        if (out) out->results.emplace_back();
        return out;
    }
    [[nodiscard]] Result<Height, consensus::ApplicationError> commit(bool sync) override {
        return copy_->commit(sync);
    }
    void replayed() override { copy_->replayed(); }
    [[nodiscard]] Status<consensus::ApplicationError> sync() override { return copy_->sync(); }
    [[nodiscard]] Status<consensus::ApplicationError> store_header(
        Height height, BytesView signed_header) override {
        return copy_->store_header(height, signed_header);
    }
    [[nodiscard]] Result<std::optional<consensus::embedded::KeptBlock>, consensus::ApplicationError>
    kept_block(Height height) const override {
        return copy_->kept_block(height);
    }
    [[nodiscard]] Result<std::vector<std::pair<Height, std::vector<consensus::ValidatorUpdate>>>,
                         consensus::ApplicationError>
    validator_changes() const override {
        return copy_->validator_changes();
    }

 private:
    node::LedgerApplication* copy_ = nullptr;
    bool diverges_ = false;
};

// Where a member's submitter hands its items in: the way to the engine may lose, delay, repeat and
// reorder them, and outlives the process.
class Consortium::Port final : public consensus::Engine {
 public:
    Port(Consortium& consortium, std::size_t member) : consortium_(consortium), member_(member) {}
    [[nodiscard]] Status<consensus::EngineError> submit_item(const Bytes& item) override {
        return consortium_.send_item(member_, item);
    }

 private:
    Consortium& consortium_;
    const std::size_t member_;
};

struct Consortium::Process {
    // In the order in which they must outlive each other.
    Power power;
    execution::SignatureCache cache{4U << 20U};
    struct Copy {
        std::unique_ptr<CrashDisk> disk;
        std::unique_ptr<CrashDisk> outbox;
        std::unique_ptr<Slot> slot = std::make_unique<Slot>();
        std::unique_ptr<node::LedgerApplication> application;
        std::unique_ptr<Port> port;
        std::unique_ptr<node::Submitter> submitter;
        std::uint64_t step_us = 0;
        bool woken = false;
    };
    std::vector<Copy> copies;
    std::unique_ptr<consensus::embedded::Core> core;
    Height made = 0;
    Height durable = 0;
    bool syncing = false;
    bool halted = false;
};

}  // namespace consilium::sim
