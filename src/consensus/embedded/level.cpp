// SPDX-License-Identifier: Apache-2.0
// How the core opens: every copy to one height and one state; and how a copy that was away returns.
#include <algorithm>
#include <map>

#include "base/assert.hpp"
#include "consensus/embedded/core.hpp"

namespace consilium::consensus::embedded {

namespace {

// Blocks between two syncs of a copy that replays: what a crash may take back is replayed again.
constexpr Height kSyncEvery = 256;

CoreFailure failure(CoreError error, std::size_t host, const std::string& name, const char* what) {
    return {error, host, name + ": " + what};
}

CoreFailure failure(std::size_t host, const std::string& name, ApplicationError error) {
    CoreError core = CoreError::kCorruption;
    if (error == ApplicationError::kDisk) core = CoreError::kDisk;
    if (error == ApplicationError::kBadGenesis) core = CoreError::kBadGenesis;
    return failure(core, host, name, to_string(error));
}

}  // namespace

Result<Tip, CoreFailure> Core::read_tip(std::size_t host) const {
    const Hosted& hosted = hosts_[host];
    ApplicationInfo info = hosted.application->info();
    if (info.height == 0) {
        auto genesis =
            hosted.application->init_chain(options_.chain.genesis_time, options_.app_state);
        if (!genesis) return fail(failure(host, name(host), genesis.error()));
        auto tip = genesis_tip(options_.chain, genesis->validators, genesis->app_hash);
        if (!tip)
            return fail(failure(CoreError::kBadGenesis, host, name(host), to_string(tip.error())));
        return std::move(*tip);
    }
    auto kept = hosted.blocks->kept_block(info.height);
    if (!kept) return fail(failure(host, name(host), kept.error()));
    auto changes = hosted.blocks->validator_changes();
    if (!changes) return fail(failure(host, name(host), changes.error()));
    if (!*kept) {
        return fail(failure(CoreError::kCorruption, host, name(host), "its last block is missing"));
    }
    auto tip = stored_tip(**kept, *changes, info.app_hash);
    if (!tip || tip->height != info.height) {
        return fail(failure(CoreError::kCorruption, host, name(host),
                            "its last block's header cannot be read"));
    }
    return std::move(*tip);
}

Result<Tip, CoreFailure> Core::replay(std::size_t host, std::size_t source, Tip tip, Height up_to) {
    Application& application = *hosts_[host].application;
    while (tip.height < up_to) {
        auto kept = hosts_[source].blocks->kept_block(tip.height + 1);
        if (!kept) return fail(failure(source, name(source), kept.error()));
        if (!*kept) {
            return fail(failure(CoreError::kCorruption, host, name(host),
                                "the blocks that it lacks are pruned at the others; start it from "
                                "a snapshot"));
        }
        auto decided = check_next(options_.chain, tip, std::move(**kept));
        if (!decided) {
            const CoreError error = decided.error() == ChainError::kWrongState
                                        ? CoreError::kDisagrees
                                        : CoreError::kCorruption;
            return fail(failure(error, host, name(host), to_string(decided.error())));
        }
        const auto finalized = application.finalize_block(decided->block);
        if (!finalized) return fail(failure(host, name(host), finalized.error()));
        auto next = advance(tip, *decided, *finalized);
        if (!next) {
            return fail(failure(CoreError::kCorruption, host, name(host), to_string(next.error())));
        }
        const auto stored = application.store_header(
            decided->block.height, ledger::encode_signed_header(decided->signed_header));
        if (!stored) return fail(failure(host, name(host), stored.error()));
        const bool sync = next->height == up_to || next->height % kSyncEvery == 0;
        const auto committed = application.commit(sync);
        if (!committed) return fail(failure(host, name(host), committed.error()));
        application.replayed();
        tip = std::move(*next);
    }
    return tip;
}

Status<CoreFailure> Core::open() {
    CONSILIUM_ASSERT(tip_ == nullptr);
    std::vector<std::optional<Tip>> tips(hosts_.size());
    std::size_t highest = hosts_.size();
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
        auto tip = read_tip(i);
        if (!tip) {
            stop_failed(i, tip.error().error, tip.error().message);
            continue;
        }
        tips[i].emplace(std::move(*tip));
        if (highest == hosts_.size() || tips[i]->height > tips[highest]->height) highest = i;
    }
    if (highest == hosts_.size()) return fail(take_failures().front());

    // A block that only some copies hold was signed by more than two thirds and answered to nobody,
    // or to somebody: either way the others take it over.
    const Height height = tips[highest]->height;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
        if (!tips[i] || i == highest) continue;
        auto levelled = replay(i, highest, std::move(*tips[i]), height);
        tips[i].reset();
        if (!levelled) {
            stop_failed(i, levelled.error().error, levelled.error().message);
        } else {
            tips[i].emplace(std::move(*levelled));
        }
    }

    // Copies that ended with different states: the one that more than two thirds share is the
    // ledger.
    std::map<std::pair<Bytes, Bytes>, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
        if (!tips[i]) continue;
        const Bytes state = tips[i]->app_hash.bytes() + tips[i]->results_hash.bytes();
        groups[{tips[i]->block_id.hash, state}].push_back(i);
    }
    const std::vector<std::size_t>* agreed = nullptr;
    for (const auto& [state, of] : groups) {
        if (power_is_quorum(of, tips[of.front()]->validators)) agreed = &of;
    }
    if (agreed == nullptr) {
        auto failures = take_failures();
        if (!failures.empty()) return fail(failures.front());
        const CoreError error = groups.size() > 1 ? CoreError::kDiverged : CoreError::kQuorum;
        return fail(CoreFailure{error, std::nullopt, to_string(error)});
    }
    for (const auto& [state, of] : groups) {
        if (&of == agreed) continue;
        for (const std::size_t i : of) {
            stop_failed(i, CoreError::kDisagrees,
                        "its last block or state is not that of the others; restore its ledger "
                        "from another member's");
        }
    }
    for (const std::size_t i : *agreed)
        running_[i].store(true);
    set_tip(std::move(*tips[agreed->front()]));
    // What a killed process wrote may still be in the machine's memory only, and is shown from now
    // on: it must not be lost with the power later.
    return sync();
}

Status<CoreFailure> Core::catch_up(std::size_t host, Height up_to) {
    CONSILIUM_ASSERT(host < hosts_.size() && !running_[host].load());
    const std::vector<std::size_t> sources = running_hosts();
    if (sources.empty()) {
        return fail(CoreFailure{CoreError::kQuorum, host, to_string(CoreError::kQuorum)});
    }
    auto tip = read_tip(host);
    if (!tip) return fail(tip.error());
    const auto levelled = replay(host, sources.front(), std::move(*tip), up_to);
    if (!levelled) return fail(levelled.error());
    return Done{};
}

Status<CoreFailure> Core::start_host(std::size_t host) {
    CONSILIUM_ASSERT(host < hosts_.size() && !running_[host].load() && tip_ != nullptr);
    if (auto levelled = catch_up(host, tip_->height); !levelled) return levelled;
    const auto tip = read_tip(host);
    if (!tip) return fail(tip.error());
    if (tip->height != tip_->height || tip->commit != tip_->commit ||
        tip->app_hash != tip_->app_hash || tip->results_hash != tip_->results_hash) {
        return fail(failure(CoreError::kDisagrees, host, name(host),
                            "its last block or state is not that of the others; restore its ledger "
                            "from another member's"));
    }
    if (const auto synced = hosts_[host].application->sync(); !synced) {
        return fail(failure(host, name(host), synced.error()));
    }
    running_[host].store(true);
    return Done{};
}

}  // namespace consilium::consensus::embedded
