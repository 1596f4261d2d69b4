// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

// Private to this room: how calls of several threads wait for each other.
namespace consilium::vault {

// Calls that come while others are worked on are worked on together. The first in the queue does it
// for those behind it, which find it done when they are woken.
template <typename T>
class Turns {
 public:
    // Returns when `work` was called with a group that has `item`, here or by a call before. Groups
    // come one after the other, in the order of the calls. `fits` is asked about each item in turn,
    // and the first that does not fit waits for the next group; a group has at least one.
    template <typename Fits, typename Work>
    void take(T& item, Fits fits, const Work& work) {
        Place own;
        own.item = &item;
        std::unique_lock lock(mutex_);
        waiting_.push_back(&own);
        own.turn.wait(lock, [&] { return own.done || waiting_.front() == &own; });
        if (own.done) return;
        std::vector<T*> group;
        for (const Place* place : waiting_) {
            const bool fitting = fits(*place->item);
            if (!group.empty() && !fitting) break;
            group.push_back(place->item);
        }
        lock.unlock();
        work(group);
        lock.lock();
        for (std::size_t i = 0; i < group.size(); ++i) {
            Place* done = waiting_.front();
            waiting_.pop_front();
            done->done = true;
            if (done != &own) done->turn.notify_one();
        }
        if (!waiting_.empty()) waiting_.front()->turn.notify_one();
    }

 private:
    struct Place {
        T* item = nullptr;
        bool done = false;
        std::condition_variable turn;
    };
    std::mutex mutex_;
    std::deque<Place*> waiting_;
};

// Many may be inside at once, or one alone. Who wants to be alone keeps newcomers out, and so does
// not wait for ever.
class Gate {
 public:
    [[nodiscard]] std::shared_lock<std::shared_mutex> enter() {
        const std::lock_guard lock(door_);
        return std::shared_lock(inside_);
    }
    struct Alone {
        std::unique_lock<std::mutex> door;
        std::unique_lock<std::shared_mutex> inside;
    };
    [[nodiscard]] Alone alone() {
        std::unique_lock door(door_);
        std::unique_lock inside(inside_);
        return {std::move(door), std::move(inside)};
    }

 private:
    std::mutex door_;
    std::shared_mutex inside_;
};

}  // namespace consilium::vault
