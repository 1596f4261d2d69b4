// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"

namespace consilium::state {

// A block clears bits all over the log. Writing every twig touched would be most of what a block
// writes, so a block writes the list of serials it ended, and twigs go to disk in turns: those
// touched while one epoch of blocks filled are written during the next one, after which the lists
// of the first are dropped. Reading the twigs and clearing what the remaining lists name gives the
// bits: clearing twice does no harm.
class TwigJournal {
 public:
    static constexpr std::uint64_t kEpochBlocks = 64;
    static constexpr std::uint64_t kEpochEnded = 256U * 1024U;
    static constexpr std::size_t kTwigsPerBlock = 64;

    // What the next block writes.
    struct Step {
        std::uint64_t number = 0;          // of its list
        std::vector<std::uint64_t> twigs;  // to be written whole
        std::uint64_t drop_from = 0;       // lists [drop_from, drop_to) are needed no more
        std::uint64_t drop_to = 0;
    };
    [[nodiscard]] Step next() const;
    // The block of that step, which ended entries of these twigs, is on disk.
    void taken(const Step& step, const std::vector<std::uint64_t>& ended);
    // A list that was found at start.
    void recovered(std::uint64_t number, const std::vector<std::uint64_t>& ended);

 private:
    void touch(const std::vector<std::uint64_t>& ended);

    std::uint64_t number_ = 0;  // of the next list
    std::uint64_t draining_first_ = 0;
    std::uint64_t filling_first_ = 0;
    std::uint64_t filling_ended_ = 0;
    std::size_t share_ = 0;  // twigs to write per block
    std::vector<std::uint64_t> draining_;
    std::vector<std::uint64_t> filling_;
};

// Ascending serials as varints of their differences.
[[nodiscard]] Bytes encode_ended(const std::vector<std::uint64_t>& serials);
[[nodiscard]] std::optional<std::vector<std::uint64_t>> decode_ended(BytesView stored);

}  // namespace consilium::state
