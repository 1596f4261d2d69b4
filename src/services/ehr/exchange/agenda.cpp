// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/agenda.hpp"

#include "base/assert.hpp"

namespace consilium::services::ehr::exchange {

Agenda::Agenda(unsigned threads, Step step) : step_(std::move(step)) {
    CONSILIUM_ASSERT(threads >= 1);
    for (unsigned i = 0; i < threads; ++i)
        threads_.emplace_back([this] { work(); });
}

Agenda::~Agenda() {
    stop();
}

void Agenda::stop() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
}

void Agenda::poke_locked(Items::iterator item) {
    if (item->second.running) {
        item->second.poked = true;
        return;
    }
    due_.erase({item->second.due, item->first});
    item->second.due = Clock::now();
    due_.emplace(item->second.due, item->first);
    changed_.notify_one();
}

void Agenda::poke(const Bytes& key) {
    const std::lock_guard lock(mutex_);
    poke_locked(items_.try_emplace(key).first);
}

void Agenda::poke_all(BytesView prefix) {
    const std::lock_guard lock(mutex_);
    for (auto it = items_.lower_bound(prefix); it != items_.end() && it->first.starts_with(prefix);
         ++it)
        poke_locked(it);
}

std::size_t Agenda::size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
}

void Agenda::work() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
        if (due_.empty()) {
            changed_.wait(lock);
            continue;
        }
        const auto [due, key] = *due_.begin();
        if (due > Clock::now()) {
            changed_.wait_until(lock, due);
            continue;
        }
        due_.erase(due_.begin());
        Item& item = items_.find(key)->second;
        item.running = true;
        item.poked = false;
        lock.unlock();
        const auto again = step_(key);
        lock.lock();
        const auto it = items_.find(key);
        CONSILIUM_ASSERT(it != items_.end() && it->second.running);
        if (!again && !it->second.poked) {
            items_.erase(it);
            continue;
        }
        it->second.running = false;
        it->second.due = it->second.poked ? Clock::now() : Clock::now() + *again;
        due_.emplace(it->second.due, key);
        changed_.notify_one();
    }
}

}  // namespace consilium::services::ehr::exchange
