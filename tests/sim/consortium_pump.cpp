// SPDX-License-Identifier: Apache-2.0
// What the process does between faults: bundles, blocks, syncs, answers; and the way of items.
#include <algorithm>

#include "base/assert.hpp"
#include "ledger/bundle.hpp"
#include "tests/sim/process.hpp"

namespace consilium::sim {

using consensus::EngineError;

namespace {

constexpr Height kPipelineBlocks = 2;
constexpr std::size_t kOldItemsMax = 64;

}  // namespace

void Consortium::pump_at(std::uint64_t us) {
    us = std::max(us, timeline_.now_us());
    if (pump_planned_us_ > timeline_.now_us() && pump_planned_us_ <= us) return;
    pump_planned_us_ = us;
    const std::uint64_t life = life_;
    timeline_.after(us - timeline_.now_us(), [this, life, us] {
        if (pump_planned_us_ == us) pump_planned_us_ = 0;
        if (life == life_) pump();
    });
}

void Consortium::pump() {
    if (process_ == nullptr || pumping_ || process_->core == nullptr) return;
    pumping_ = true;
    std::uint64_t wake_us = timeline_.now_us() + 1'000'000;
    bool alive = true;
    bool again = true;
    while (alive && again) {
        alive = step_submitters(wake_us);
        again = false;
        if (!alive || process_->halted) break;
        const bool idle = process_->made == process_->durable;
        std::optional<std::uint64_t> due_us;
        if (process_->made - process_->durable >= kPipelineBlocks) break;
        if (process_->core->due(idle, timeline_.now_us(), &due_us)) {
            alive = make_block();
            again = alive && !process_->halted;
        } else if (due_us) {
            wake_us = std::min(wake_us, *due_us);
        }
    }
    pumping_ = false;
    if (process_ != nullptr) pump_at(std::max(wake_us, timeline_.now_us() + 50));
}

bool Consortium::step_submitters(std::uint64_t& wake_us) {
    for (auto& copy : process_->copies) {
        if (copy.submitter == nullptr) continue;
        if (copy.woken || copy.step_us <= timeline_.now_us()) {
            copy.woken = false;
            copy.step_us = copy.submitter->step(timeline_.wall(), timeline_.now_us());
            if (process_->power.off) {
                (void)look_after();
                return false;
            }
        }
        wake_us = std::min(wake_us, copy.step_us);
    }
    return true;
}

bool Consortium::make_block() {
    const auto made = process_->core->make_block(timeline_.wall());
    if (look_after()) return false;
    if (!made) {
        halt(made.error());
        return true;
    }
    process_->made = *made;
    if (faults_.planted == Planted::kAnsweredEarly) publish(*made);
    if (!process_->syncing) start_sync();
    return true;
}

void Consortium::start_sync() {
    process_->syncing = true;
    const bool slow = timeline_.now_us() < slow_until_us_;
    const std::uint64_t delay_us =
        slow ? random_.between(50'000, 800'000) : random_.between(100, 3'000);
    const std::uint64_t life = life_;
    timeline_.after(delay_us, [this, life, height = process_->made] {
        if (process_ != nullptr && life == life_) finish_sync(height);
    });
}

void Consortium::finish_sync(Height height) {
    const auto synced = process_->core->sync();
    if (look_after()) return;
    process_->syncing = false;
    if (!synced) {
        halt(synced.error());
        return;
    }
    process_->durable = height;
    publish(height);
    if (look_after()) return;
    if (process_->made > process_->durable) start_sync();
    pump_at(timeline_.now_us());
}

void Consortium::publish(Height height) {
    for (std::size_t i = 0; i < process_->copies.size(); ++i) {
        Process::Copy& copy = process_->copies[i];
        if (copy.submitter == nullptr || !process_->core->running(i)) continue;
        const auto blocks = copy.application->publish(height);
        checker_.shown(i, *copy.disk, copy.application->published().newest->height);
        for (const auto& block : blocks)
            copy.submitter->block(block, timeline_.now_us());
    }
    if (random_.chance(20)) {
        const std::size_t i = random_.below(process_->copies.size());
        const Process::Copy& copy = process_->copies[i];
        if (copy.submitter != nullptr && process_->core->running(i))
            checker_.compare_state(i, *copy.application);
    }
}

// Whatever is submitted must be found again after a crash, byte for byte.
bool Consortium::is_in_outbox(std::size_t member, const ledger::BundleView& bundle,
                              const Bytes& item) const {
    Bytes key = "o/";
    append_be32(key, bundle.key_id);
    append_be64(key, bundle.sequence);
    const auto row = process_->copies[member].outbox->get(state::Space::kNode, key);
    return row && *row && **row == item;
}

Status<EngineError> Consortium::send_item(std::size_t member, const Bytes& item) {
    const auto bundle = ledger::decode_item(item);
    if (!bundle || !is_in_outbox(member, *bundle, item))
        checker_.fail("outbox: an item went out that the outbox does not hold");
    const auto sent = route_item(member, item);
    std::string text = "item of ";
    text += world_.members[member].id;
    if (bundle)
        text += " " + std::to_string(bundle->key_id) + "/" + std::to_string(bundle->sequence);
    text += sent ? " sent" : std::string(": ") + to_string(sent.error());
    trace_.add(text);
    return sent;
}

Status<EngineError> Consortium::route_item(std::size_t member, const Bytes& item) {
    if (old_items_.size() < kOldItemsMax) {
        old_items_.push_back(item);
    } else {
        random_.pick(old_items_) = item;
    }
    if (faults_.planted == Planted::kBundledTwice && random_.chance(300)) {
        const auto bundle = ledger::decode_item(item);
        const std::vector<Bytes> same(bundle->transactions.begin(), bundle->transactions.end());
        deliver(member, ledger::make_item(ledger::make_bundle(
                            world_.genesis.network_id,
                            {Bytes(bundle->member_id), bundle->key_id, bundle->sequence + 500,
                             bundle->not_after},
                            same, world_.members[member].keys.at(bundle->key_id))));
    }
    if (!healing_) {
        const auto later = [&] {
            timeline_.after(random_.between(1, faults_.item_delay_us_max),
                            [this, item] { deliver(random_.below(machines_.size()), item); });
        };
        if (random_.chance(faults_.item_twice)) later();
        if (random_.chance(faults_.item_lost)) return Done{};
        if (random_.chance(faults_.item_delayed)) {
            later();
            return Done{};
        }
    }
    return process_->core->submit(member, item, timeline_.now_us());
}

// An item reaches the engine through any member's node, as gossip would bring it.
void Consortium::deliver(std::size_t member, const Bytes& item) {
    if (process_ == nullptr || process_->core == nullptr || process_->power.off) return;
    if (!process_->core->running(member)) return;
    (void)process_->core->submit(member, item, timeline_.now_us());
    if (!pumping_) pump_at(timeline_.now_us());
}

void Consortium::repeat_old_item() {
    if (old_items_.empty()) return;
    Bytes item = random_.pick(old_items_);
    if (random_.chance(300)) {
        const std::size_t at = random_.below(item.size());
        item[at] = static_cast<char>(item[at] ^ (1 << random_.below(8)));
    }
    deliver(random_.below(machines_.size()), item);
}

}  // namespace consilium::sim
