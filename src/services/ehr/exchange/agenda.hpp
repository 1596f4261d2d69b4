// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "base/bytes.hpp"

namespace consilium::services::ehr::exchange {

// What is not finished, by key, and the threads that go on with it: each key is worked on by one
// thread at a time, when it is poked and again after the time that its step asked for. It remembers
// nothing beyond the process: what is durable is in the vault, and poked again at the start.
// Thread-safe.
class Agenda {
 public:
    // Works on a key; when to look again at the latest, or nothing when it is finished.
    using Step = std::function<std::optional<std::chrono::milliseconds>(const Bytes& key)>;

    Agenda(unsigned threads, Step step);
    ~Agenda();
    Agenda(const Agenda&) = delete;
    Agenda& operator=(const Agenda&) = delete;

    // Returns when the steps under way have; no step runs afterwards. Once, by its owner.
    void stop();
    // Soon; once more if it is being worked on. Never calls the step itself.
    void poke(const Bytes& key);
    // Of the keys it knows, those that begin so.
    void poke_all(BytesView prefix);
    // How many are not finished.
    [[nodiscard]] std::size_t size() const;

 private:
    using Clock = std::chrono::steady_clock;
    struct Item {
        Clock::time_point due;
        bool running = false;
        bool poked = false;  // while running
    };
    using Items = std::map<Bytes, Item, std::less<>>;
    void work();
    void poke_locked(Items::iterator item);

    const Step step_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Items items_;
    std::set<std::pair<Clock::time_point, Bytes>> due_;  // of those that are not running
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace consilium::services::ehr::exchange
