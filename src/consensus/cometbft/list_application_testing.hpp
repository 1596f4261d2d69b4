// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>

#include "consensus/port/port.hpp"
#include "crypto/hash.hpp"

namespace consilium::consensus::cometbft {

// An application whose state is the hash of every item that it executed. Items are "lane:rest";
// "bad" anywhere in one is what no node takes, "late" what CheckTx alone refuses.
class ListApplication final : public Application {
 public:
    std::vector<ValidatorUpdate> genesis{{Bytes(32, 'v'), 10}};
    bool disk_fails = false;
    Height committed = 0;
    Hash32 app_hash;
    std::atomic<int> checks{0};
    int genesis_calls = 0;
    std::map<Height, Bytes> headers;

    [[nodiscard]] ApplicationInfo info() const override {
        return {committed, app_hash, genesis_calls == 0 ? 0U : 1U};
    }
    [[nodiscard]] Result<GenesisResult, ApplicationError> init_chain(UnixMs,
                                                                     BytesView state) override {
        ++genesis_calls;
        if (disk_fails) return fail(ApplicationError::kDisk);
        app_hash = crypto::sha256(state);
        return GenesisResult{genesis, app_hash};
    }
    [[nodiscard]] ItemVerdict check_item(BytesView item) override {
        ++checks;
        if (item.find("bad") != BytesView::npos) return ItemVerdict::kRefuse;
        return item.find("late") == BytesView::npos ? ItemVerdict::kAccept : ItemVerdict::kStale;
    }
    [[nodiscard]] std::vector<ItemVerdict> validate_items(
        const std::vector<BytesView>& items) override {
        std::vector<ItemVerdict> out;
        for (const BytesView item : items) {
            out.push_back(item.find("bad") == BytesView::npos ? ItemVerdict::kAccept
                                                              : ItemVerdict::kRefuse);
        }
        return out;
    }
    [[nodiscard]] Bytes lane(BytesView item) const override {
        return Bytes(item.substr(0, item.find(':')));
    }
    [[nodiscard]] Result<Finalized, ApplicationError> finalize_block(const Block& block) override {
        if (disk_fails) return fail(ApplicationError::kDisk);
        if (block.height != committed + 1) return fail(ApplicationError::kWrongHeight);
        Finalized out;
        out.app_hash = app_hash;
        for (const Bytes& item : block.items) {
            out.app_hash = crypto::sha256({out.app_hash.view(), item});
            out.results.push_back({item == "void" ? 7U : 0U, "of " + item});
        }
        pending_ = {block.height, out.app_hash};
        return out;
    }
    [[nodiscard]] Result<Height, ApplicationError> commit(bool) override {
        if (disk_fails) return fail(ApplicationError::kDisk);
        committed = pending_.first;
        app_hash = pending_.second;
        return Height{committed > 3 ? committed - 3 : 0};
    }
    [[nodiscard]] Status<ApplicationError> sync() override { return Done{}; }
    [[nodiscard]] Status<ApplicationError> store_header(Height height, BytesView bytes) override {
        if (disk_fails) return fail(ApplicationError::kDisk);
        headers[height] = Bytes(bytes);
        return Done{};
    }

 private:
    std::pair<Height, Hash32> pending_;
};

}  // namespace consilium::consensus::cometbft
