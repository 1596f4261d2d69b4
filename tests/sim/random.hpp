// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/assert.hpp"
#include "base/bytes.hpp"

namespace consilium::sim {

// The only source of chance in the simulation (SplitMix64): the same seed gives the same numbers
// with every compiler and library.
class Random {
 public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    [[nodiscard]] std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }
    // 0 <= result < bound; the bias of the remainder does not matter here.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) {
        CONSILIUM_ASSERT(bound > 0);
        return next() % bound;
    }
    [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) {
        return low + below(high - low + 1);
    }
    [[nodiscard]] bool chance(std::uint64_t in_thousand) { return below(1000) < in_thousand; }
    [[nodiscard]] Bytes bytes(std::size_t size) {
        Bytes out;
        while (out.size() < size)
            append_be64(out, next());
        out.resize(size);
        return out;
    }
    template <typename T>
    [[nodiscard]] const T& pick(const std::vector<T>& from) {
        return from[below(from.size())];
    }
    template <typename T>
    [[nodiscard]] T& pick(std::vector<T>& from) {
        return from[below(from.size())];
    }
    // A stream of its own, so that what one part draws does not move another's numbers.
    [[nodiscard]] Random fork() { return Random(next()); }

 private:
    std::uint64_t state_;
};

}  // namespace consilium::sim
