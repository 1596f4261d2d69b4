// SPDX-License-Identifier: Apache-2.0
#include "consensus/embedded/clock.hpp"

#include <chrono>

namespace consilium::consensus {

namespace {

class SystemClock final : public Clock {
 public:
    [[nodiscard]] UnixMs wall() const override {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return {static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::milliseconds>(now).count())};
    }
    [[nodiscard]] std::uint64_t monotonic_us() const override {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(now).count());
    }
};

}  // namespace

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

}  // namespace consilium::consensus
