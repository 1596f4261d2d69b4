// SPDX-License-Identifier: Apache-2.0
#include "consensus/embedded/core.hpp"

#include <algorithm>
#include <map>

#include "base/assert.hpp"

namespace consilium::consensus::embedded {

namespace {

// What copies must agree on after a block.
struct Verdict {
    Hash32 app_hash;
    Hash32 results_hash;
    Bytes updates;
    friend auto operator<=>(const Verdict&, const Verdict&) = default;
};

Verdict verdict_of(const Tip& tip, const DecidedBlock& decided, const Finalized& finalized) {
    Verdict verdict;
    verdict.app_hash = finalized.app_hash;
    for (const ValidatorUpdate& update : finalized.validator_updates) {
        verdict.updates += update.public_key;
        append_be64(verdict.updates, update.power);
    }
    if (const auto next = advance(tip, decided, finalized))
        verdict.results_hash = next->results_hash;
    return verdict;
}

CoreError to_core(ApplicationError error) {
    switch (error) {
        case ApplicationError::kDisk:
            return CoreError::kDisk;
        case ApplicationError::kBadGenesis:
            return CoreError::kBadGenesis;
        case ApplicationError::kCorruption:
        case ApplicationError::kWrongHeight:
            return CoreError::kCorruption;
    }
    return CoreError::kCorruption;
}

}  // namespace

const char* to_string(CoreError error) {
    switch (error) {
        case CoreError::kBadGenesis:
            return "the genesis was refused";
        case CoreError::kQuorum:
            return "no more than two thirds of the voting power is running";
        case CoreError::kDiverged:
            return "no state is shared by more than two thirds of the power";
        case CoreError::kDisk:
            return "a ledger's disk failed";
        case CoreError::kCorruption:
            return "a stored ledger contradicts itself";
        case CoreError::kDisagrees:
            return "a ledger copy disagrees with the others";
    }
    return "unknown engine failure";
}

Core::Core(CoreOptions options, std::vector<Hosted> hosts)
    : options_(std::move(options)),
      hosts_(std::move(hosts)),
      running_(hosts_.size()),
      queue_(std::max<std::size_t>(hosts_.size(), 1), options_.queue) {
    CONSILIUM_ASSERT(!hosts_.empty());
    for (const Hosted& host : hosts_)
        CONSILIUM_ASSERT(host.application != nullptr && host.blocks != nullptr);
}

std::vector<std::size_t> Core::running_hosts() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
        if (running_[i].load()) out.push_back(i);
    }
    return out;
}

bool Core::power_is_quorum(const std::vector<std::size_t>& of,
                           const ledger::ValidatorSet& validators) const {
    std::uint64_t power = 0;
    for (const ledger::Validator& validator : validators.validators()) {
        const bool hosted = std::any_of(of.begin(), of.end(), [&](std::size_t i) {
            const crypto::SigningKey* key = hosts_[i].validator_key;
            return key != nullptr && key->public_key() == validator.public_key;
        });
        if (hosted) power += validator.power;
    }
    return ledger::more_than_two_thirds(power, validators.total_power());
}

void Core::stop_failed(std::size_t host, CoreError error, const std::string& what) {
    running_[host].store(false);
    const std::lock_guard lock(mutex_);
    failures_.push_back({error, host, name(host) + ": " + what});
}

std::vector<CoreFailure> Core::take_failures() {
    const std::lock_guard lock(mutex_);
    return std::exchange(failures_, {});
}

Status<EngineError> Core::submit(std::size_t host, const Bytes& item, std::uint64_t now_us) {
    CONSILIUM_ASSERT(host < hosts_.size());
    if (!running_[host].load()) return fail(EngineError::kStopped);
    switch (hosts_[host].application->check_item(item)) {
        case ItemVerdict::kAccept:
            return queue_.push(host, item, now_us);
        case ItemVerdict::kRefuse:
            return fail(EngineError::kRefused);
        case ItemVerdict::kStale:
            return fail(EngineError::kStale);
    }
    return fail(EngineError::kRefused);
}

bool Core::due(bool idle, std::uint64_t now_us, std::optional<std::uint64_t>* wake_us) const {
    const auto oldest = queue_.oldest_us();
    if (!oldest) return idle && proof_due_.load();
    if (idle || queue_.bytes() >= options_.batch_bytes) return true;
    const std::uint64_t at = *oldest + options_.batch_delay_us;
    if (now_us >= at) return true;
    if (wake_us != nullptr) *wake_us = at;
    return false;
}

std::vector<Bytes> Core::prepare(const std::vector<std::size_t>& hosts) {
    std::vector<Bytes> items = queue_.take(options_.block_bytes_max);
    if (items.empty()) return items;
    const std::vector<BytesView> views(items.begin(), items.end());
    std::vector<std::vector<ItemVerdict>> verdicts(hosts.size());
    options_.parallel_for(hosts.size(), [&](std::size_t i) {
        verdicts[i] = hosts_[hosts[i]].application->validate_items(views);
    });
    std::vector<Bytes> kept;
    kept.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        const bool refused = std::any_of(verdicts.begin(), verdicts.end(), [&](const auto& v) {
            CONSILIUM_ASSERT(v.size() == items.size());
            return v[i] == ItemVerdict::kRefuse;
        });
        if (!refused) kept.push_back(std::move(items[i]));
    }
    return kept;
}

Result<Finalized, CoreFailure> Core::execute(const std::vector<std::size_t>& hosts,
                                             const DecidedBlock& decided) {
    std::vector<std::optional<Result<Finalized, ApplicationError>>> results(hosts.size());
    options_.parallel_for(hosts.size(), [&](std::size_t i) {
        results[i].emplace(hosts_[hosts[i]].application->finalize_block(decided.block));
    });
    std::map<Verdict, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        const auto& result = *results[i];
        if (!result) {
            stop_failed(hosts[i], to_core(result.error()), to_string(result.error()));
            continue;
        }
        CONSILIUM_ASSERT(result->results.size() == decided.block.items.size());
        groups[verdict_of(*tip_, decided, *result)].push_back(i);
    }
    for (const auto& [verdict, members] : groups) {
        std::vector<std::size_t> of;
        for (const std::size_t i : members)
            of.push_back(hosts[i]);
        if (!power_is_quorum(of, tip_->validators)) continue;
        for (const auto& [other, others] : groups) {
            if (other == verdict) continue;
            for (const std::size_t i : others) {
                stop_failed(hosts[i], CoreError::kDisagrees,
                            "its state after block " + std::to_string(decided.block.height) +
                                " is not that of the others; its ledger copy or its software is "
                                "damaged, restore it from another member's");
            }
        }
        return std::move(**results[members.front()]);
    }
    return fail(CoreFailure{CoreError::kDiverged, std::nullopt,
                            "block " + std::to_string(decided.block.height) +
                                ": no result is shared by more than two thirds of the power"});
}

std::vector<std::size_t> Core::write(const std::vector<std::size_t>& hosts,
                                     const DecidedBlock& decided) {
    const Bytes signed_header = ledger::encode_signed_header(decided.signed_header);
    std::vector<std::optional<ApplicationError>> errors(hosts.size());
    options_.parallel_for(hosts.size(), [&](std::size_t i) {
        Application& application = *hosts_[hosts[i]].application;
        const auto stored = application.store_header(decided.block.height, signed_header);
        if (!stored) {
            errors[i] = stored.error();
            return;
        }
        const auto committed = application.commit(false);
        if (!committed) errors[i] = committed.error();
    });
    std::vector<std::size_t> good;
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        if (errors[i]) {
            stop_failed(hosts[i], to_core(*errors[i]), to_string(*errors[i]));
        } else {
            good.push_back(hosts[i]);
        }
    }
    return good;
}

Result<Height, CoreFailure> Core::make_block(UnixMs now) {
    CONSILIUM_ASSERT(tip_ != nullptr);
    const std::vector<std::size_t> hosts = running_hosts();
    const CoreFailure no_quorum{CoreError::kQuorum, std::nullopt, to_string(CoreError::kQuorum)};
    if (!power_is_quorum(hosts, tip_->validators)) return fail(no_quorum);

    std::vector<Signer> signers;
    for (const std::size_t i : hosts)
        signers.push_back({hosts_[i].validator_key});
    const DecidedBlock decided = decide(options_.chain, *tip_, prepare(hosts), now, signers);
    CONSILIUM_ASSERT(
        ledger::more_than_two_thirds(signed_power(decided.signed_header.commit, tip_->validators),
                                     tip_->validators.total_power()));

    auto finalized = execute(hosts, decided);
    if (!finalized) return fail(finalized.error());
    auto next = advance(*tip_, decided, *finalized);
    if (!next) {
        return fail(CoreFailure{CoreError::kCorruption, std::nullopt, to_string(next.error())});
    }
    std::vector<std::size_t> agreeing;
    for (const std::size_t i : hosts) {
        if (running_[i].load()) agreeing.push_back(i);
    }
    const std::vector<std::size_t> written = write(agreeing, decided);
    if (!power_is_quorum(written, tip_->validators)) return fail(no_quorum);
    set_tip(std::move(*next));
    return tip_->height;
}

Status<CoreFailure> Core::sync() {
    const std::vector<std::size_t> hosts = running_hosts();
    std::vector<std::optional<ApplicationError>> errors(hosts.size());
    options_.parallel_for(hosts.size(), [&](std::size_t i) {
        const auto synced = hosts_[hosts[i]].application->sync();
        if (!synced) errors[i] = synced.error();
    });
    std::vector<std::size_t> synced;
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        if (errors[i]) {
            stop_failed(hosts[i], to_core(*errors[i]), to_string(*errors[i]));
        } else {
            synced.push_back(hosts[i]);
        }
    }
    std::shared_ptr<const ledger::ValidatorSet> validators;
    {
        const std::lock_guard lock(mutex_);
        validators = validators_;
    }
    CONSILIUM_ASSERT(validators != nullptr);
    if (power_is_quorum(synced, *validators)) return Done{};
    return fail(CoreFailure{CoreError::kQuorum, std::nullopt, to_string(CoreError::kQuorum)});
}

void Core::set_tip(Tip tip) {
    const std::lock_guard lock(mutex_);
    if (validators_ == nullptr || !(*validators_ == tip.validators)) {
        validators_ = std::make_shared<const ledger::ValidatorSet>(tip.validators);
    }
    proof_due_.store(tip.proof_due());
    height_.store(tip.height);
    tip_ = std::make_unique<Tip>(std::move(tip));
}

bool Core::stop_host(std::size_t host) {
    CONSILIUM_ASSERT(host < hosts_.size());
    std::vector<std::size_t> rest = running_hosts();
    std::erase(rest, host);
    if (running_[host].load() && !power_is_quorum(rest, tip_->validators)) return false;
    running_[host].store(false);
    queue_.clear(host);
    return true;
}

}  // namespace consilium::consensus::embedded
