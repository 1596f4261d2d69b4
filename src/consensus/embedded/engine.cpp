// SPDX-License-Identifier: Apache-2.0
#include "consensus/embedded/engine.hpp"

#include <chrono>
#include <limits>

#include "base/assert.hpp"
#include "consensus/embedded/thread_name.hpp"

namespace consilium::consensus::embedded {

namespace {

// Blocks made and not yet durable: one being synced, one waiting for it.
constexpr Height kPipelineBlocks = 2;
// A copy that returns joins the engine when it is at most this far behind.
constexpr Height kJoinDistance = 4;

}  // namespace

class EmbeddedEngine::Port final : public Engine {
 public:
    Port(EmbeddedEngine& engine, std::size_t host) : engine_(engine), host_(host) {}

    [[nodiscard]] Status<EngineError> submit_item(const Bytes& item) override {
        auto taken = engine_.core_.submit(host_, item, engine_.clock_.monotonic_us());
        if (taken) engine_.item_came();
        return taken;
    }

 private:
    EmbeddedEngine& engine_;
    const std::size_t host_;
};

EmbeddedEngine::EmbeddedEngine(CoreOptions options, std::vector<Hosted> hosts, const Clock& clock,
                               EngineHooks hooks)
    : core_(std::move(options), std::move(hosts)), clock_(clock), hooks_(std::move(hooks)) {
    for (std::size_t i = 0; i < core_.hosts(); ++i)
        ports_.push_back(std::make_unique<Port>(*this, i));
}

EmbeddedEngine::~EmbeddedEngine() {
    stop();
}

Status<CoreFailure> EmbeddedEngine::open() {
    auto opened = core_.open();
    if (!opened) return opened;
    height_made_ = core_.height();
    height_published_ = height_made_;
    report_failures();
    return Done{};
}

void EmbeddedEngine::start() {
    CONSILIUM_ASSERT(!maker_.joinable());
    stopping_ = false;
    maker_ = std::thread([this] {
        name_thread("block-maker");
        make_blocks();
    });
    syncer_ = std::thread([this] {
        name_thread("block-syncer");
        sync_blocks();
    });
}

void EmbeddedEngine::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_.notify_all();
    if (maker_.joinable()) maker_.join();
    made_.notify_all();
    if (syncer_.joinable()) syncer_.join();
    quiet_.notify_all();
}

void EmbeddedEngine::item_came() {
    {
        const std::lock_guard lock(mutex_);
        ++news_;
    }
    work_.notify_one();
}

void EmbeddedEngine::report_failures() {
    for (const CoreFailure& failure : core_.take_failures()) {
        if (hooks_.failed) hooks_.failed(failure);
    }
}

void EmbeddedEngine::halt(const CoreFailure& failure) {
    {
        const std::lock_guard lock(mutex_);
        halted_ = true;
    }
    work_.notify_all();
    made_.notify_all();
    quiet_.notify_all();
    if (hooks_.failed) hooks_.failed(failure);
}

void EmbeddedEngine::make_blocks() {
    std::unique_lock lock(mutex_);
    while (!stopping_ && !halted_) {
        const std::uint64_t news = news_;
        const bool idle = height_made_ == height_published_;
        const bool room = height_made_ - height_published_ < kPipelineBlocks;
        std::optional<std::uint64_t> wake_us;
        const std::uint64_t now_us = clock_.monotonic_us();
        if (waiting_for_quiet_ > 0 || !room || !core_.due(idle, now_us, &wake_us)) {
            const auto changed = [&] { return stopping_ || halted_ || news_ != news; };
            if (wake_us && *wake_us > now_us) {
                work_.wait_for(lock, std::chrono::microseconds(*wake_us - now_us), changed);
            } else {
                work_.wait(lock, changed);
            }
            continue;
        }
        making_ = true;
        lock.unlock();
        const auto made = core_.make_block(clock_.wall());
        report_failures();
        if (!made) halt(made.error());
        lock.lock();
        making_ = false;
        if (made) height_made_ = *made;
        made_.notify_one();
        quiet_.notify_all();
    }
}

void EmbeddedEngine::sync_blocks() {
    std::unique_lock lock(mutex_);
    while (true) {
        made_.wait(lock, [&] {
            return height_made_ > height_published_ || halted_ || (stopping_ && !making_);
        });
        if (halted_) return;
        if (height_made_ == height_published_) {
            // Stopping: the maker may still be about to finish a block, so it is joined first.
            if (stopping_ && !making_) return;
            continue;
        }
        const Height height = height_made_;
        lock.unlock();
        const auto synced = core_.sync();
        report_failures();
        if (!synced) {
            halt(synced.error());
            return;
        }
        if (hooks_.durable) hooks_.durable(height);
        lock.lock();
        height_published_ = height;
        ++news_;
        work_.notify_one();
        quiet_.notify_all();
    }
}

void EmbeddedEngine::while_quiet(const std::function<void()>& step) {
    std::unique_lock lock(mutex_);
    ++waiting_for_quiet_;
    quiet_.wait(lock, [&] {
        return halted_ || !maker_.joinable() || (!making_ && height_made_ == height_published_);
    });
    step();
    --waiting_for_quiet_;
    ++news_;
    lock.unlock();
    work_.notify_all();
}

bool EmbeddedEngine::stop_host(std::size_t host) {
    bool stopped = false;
    while_quiet([&] { stopped = core_.stop_host(host); });
    return stopped;
}

Status<CoreFailure> EmbeddedEngine::start_host(std::size_t host,
                                               const std::function<void()>& joined) {
    // Each round leaves what was made meanwhile. When that no longer shrinks, the load is as fast
    // as the copy, and the rest is replayed while the engine waits.
    Height left_before = std::numeric_limits<Height>::max();
    while (true) {
        const Height height = core_.height();
        if (auto done = core_.catch_up(host, height); !done) return done;
        const Height left = core_.height() - height;
        if (left <= kJoinDistance || left > left_before / 2) break;
        left_before = left;
    }
    Status<CoreFailure> result = Done{};
    while_quiet([&] {
        result = core_.start_host(host);
        if (result) joined();
    });
    return result;
}

}  // namespace consilium::consensus::embedded
