// SPDX-License-Identifier: Apache-2.0
#include "state/journal.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "state/entry.hpp"

namespace consilium::state {

TwigJournal::Step TwigJournal::next() const {
    Step step;
    step.number = number_;
    const std::size_t n = std::min(share_, draining_.size());
    step.twigs.assign(draining_.end() - static_cast<std::ptrdiff_t>(n), draining_.end());
    if (n == draining_.size()) {
        step.drop_from = draining_first_;
        step.drop_to = filling_first_;
    }
    return step;
}

void TwigJournal::touch(const std::vector<std::uint64_t>& ended) {
    for (const std::uint64_t serial : ended) {
        const std::uint64_t twig = (serial - 1) / verify::kTwigEntries;
        if (filling_.empty() || filling_.back() != twig) filling_.push_back(twig);
    }
    filling_ended_ += ended.size();
}

void TwigJournal::taken(const Step& step, const std::vector<std::uint64_t>& ended) {
    CONSILIUM_ASSERT(step.number == number_);
    draining_.resize(draining_.size() - step.twigs.size());
    touch(ended);
    ++number_;
    if (!draining_.empty()) return;
    draining_first_ = filling_first_;
    if (number_ - filling_first_ < kEpochBlocks && filling_ended_ < kEpochEnded) return;
    std::sort(filling_.begin(), filling_.end());
    filling_.erase(std::unique(filling_.begin(), filling_.end()), filling_.end());
    draining_.swap(filling_);
    filling_.clear();
    filling_ended_ = 0;
    filling_first_ = number_;
    share_ = std::max(kTwigsPerBlock, draining_.size() / (kEpochBlocks / 2) + 1);
}

void TwigJournal::recovered(std::uint64_t number, const std::vector<std::uint64_t>& ended) {
    if (number_ == 0) draining_first_ = filling_first_ = number;
    CONSILIUM_ASSERT(number >= number_);
    touch(ended);
    number_ = number + 1;
}

Bytes encode_ended(const std::vector<std::uint64_t>& serials) {
    Bytes out;
    out.reserve(serials.size() * 2);
    std::uint64_t before = 0;
    for (const std::uint64_t serial : serials) {
        CONSILIUM_ASSERT(serial > before);
        append_varint(out, serial - before);
        before = serial;
    }
    return out;
}

std::optional<std::vector<std::uint64_t>> decode_ended(BytesView stored) {
    std::vector<std::uint64_t> out;
    std::uint64_t before = 0;
    while (!stored.empty()) {
        std::uint64_t step = 0;
        if (!take_varint(stored, step) || step == 0 || step > verify::kEntriesMax)
            return std::nullopt;
        before += step;
        if (before > verify::kEntriesMax) return std::nullopt;
        out.push_back(before);
    }
    return out;
}

}  // namespace consilium::state
