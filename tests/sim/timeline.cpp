// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/timeline.hpp"

#include <cstdio>

#include "base/assert.hpp"
#include "base/hex.hpp"
#include "crypto/hash.hpp"

namespace consilium::sim {

namespace {

constexpr std::size_t kTailLines = 60;

}  // namespace

UnixMs Timeline::wall() const {
    const auto now = static_cast<std::int64_t>(start_.value + now_us_ / 1000) + wall_offset_ms_;
    CONSILIUM_ASSERT(now > 0);
    return {static_cast<std::uint64_t>(now)};
}

void Timeline::after(std::uint64_t delay_us, std::function<void()> event) {
    events_.emplace(std::pair{now_us_ + delay_us, ++planned_}, std::move(event));
}

bool Timeline::step() {
    if (events_.empty()) return false;
    auto first = events_.extract(events_.begin());
    now_us_ = first.key().first;
    first.mapped()();
    return true;
}

void Trace::add(const std::string& text) {
    std::string line = std::to_string(timeline_.now_us()) + " " + text;
    hash_ = crypto::sha256({hash_.view(), line});
    ++lines_;
    if (print_) std::printf("%s\n", line.c_str());
    tail_.push_back(std::move(line));
    if (tail_.size() > kTailLines) tail_.pop_front();
}

std::string Trace::hash() const {
    return to_hex(hash_.view());
}

std::string brief(BytesView bytes) {
    return to_hex(bytes.substr(0, 4));
}

}  // namespace consilium::sim
