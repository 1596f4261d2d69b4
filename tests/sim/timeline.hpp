// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "base/bytes.hpp"
#include "base/time.hpp"

namespace consilium::sim {

// Fake time: a queue of events. Nothing happens but when it is due, in the order of the time and
// then of planning; the wall clock is the same time with an offset that faults move.
class Timeline {
 public:
    explicit Timeline(UnixMs start) : start_(start) {}

    [[nodiscard]] std::uint64_t now_us() const { return now_us_; }
    [[nodiscard]] UnixMs wall() const;
    void jump(std::int64_t ms) { wall_offset_ms_ += ms; }
    [[nodiscard]] std::int64_t wall_offset_ms() const { return wall_offset_ms_; }

    void after(std::uint64_t delay_us, std::function<void()> event);
    // Runs the next event; false when there is none.
    bool step();
    [[nodiscard]] bool empty() const { return events_.empty(); }

 private:
    UnixMs start_;
    std::uint64_t now_us_ = 1;
    std::int64_t wall_offset_ms_ = 0;
    std::uint64_t planned_ = 0;
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::function<void()>> events_;
};

// What happened, line by line: a running hash of all of it, the last lines as text.
class Trace {
 public:
    Trace(const Timeline& timeline, bool print) : timeline_(timeline), print_(print) {}

    void add(const std::string& text);
    [[nodiscard]] std::string hash() const;
    [[nodiscard]] std::uint64_t lines() const { return lines_; }
    [[nodiscard]] const std::deque<std::string>& tail() const { return tail_; }

 private:
    const Timeline& timeline_;
    const bool print_;
    Hash32 hash_;
    std::uint64_t lines_ = 0;
    std::deque<std::string> tail_;
};

// The first 8 hexadecimal digits: enough to follow an id through a trace.
[[nodiscard]] std::string brief(BytesView bytes);

}  // namespace consilium::sim
