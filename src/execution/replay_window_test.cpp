// SPDX-License-Identifier: Apache-2.0
#include "execution/replay_window.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

#include "base/hex.hpp"
#include "base/limits.hpp"

namespace consilium::execution {
namespace {

constexpr std::uint64_t kSize = limits::kReplayWindow;
constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();

// RFC 4303 section 3.4.3 in the plainest way: every number ever accepted.
struct Reference {
    std::set<std::uint64_t> accepted;
    [[nodiscard]] ItemCode judge(std::uint64_t sequence) const {
        const std::uint64_t top = accepted.empty() ? 0 : *accepted.rbegin();
        if (sequence == 0) return ItemCode::kSequenceTooOld;
        if (sequence > top)
            return sequence - top > kSize ? ItemCode::kSequenceTooFar : ItemCode::kAccepted;
        if (top - sequence >= kSize) return ItemCode::kSequenceTooOld;
        return accepted.contains(sequence) ? ItemCode::kSequenceUsed : ItemCode::kAccepted;
    }
};

TEST(ReplayWindow, AgreesWithTheReference) {
    std::mt19937_64 random(1);
    for (int run = 0; run < 4; ++run) {
        ReplayWindow window;
        Reference reference;
        for (int i = 0; i < 20000; ++i) {
            const std::uint64_t low = window.top > 1100 ? window.top - 1100 : 0;
            const std::uint64_t sequence =
                low + random() % (i % 50 == 0 ? 2300 : window.top - low + 3);
            const ItemCode code = judge_sequence(window, sequence);
            ASSERT_EQ(code, reference.judge(sequence)) << sequence << " top " << window.top;
            if (code == ItemCode::kAccepted) {
                accept_sequence(window, sequence);
                reference.accepted.insert(sequence);
            }
            if (i % 1000 == 0 && window.top > 0) {
                EXPECT_EQ(*decode_window(encode_window(window)), window);
            }
        }
    }
}

TEST(ReplayWindow, TheGreatestNumbersDoNotOverflow) {
    ReplayWindow window;
    window.top = kLast - 1;
    EXPECT_EQ(judge_sequence(window, kLast), ItemCode::kAccepted);
    accept_sequence(window, kLast);
    EXPECT_EQ(judge_sequence(window, kLast), ItemCode::kSequenceUsed);
    EXPECT_EQ(judge_sequence(window, 0), ItemCode::kSequenceTooOld);
    EXPECT_EQ(judge_sequence(window, kLast - kSize), ItemCode::kSequenceTooOld);
    EXPECT_EQ(judge_sequence(window, kLast - kSize + 1), ItemCode::kAccepted);
    EXPECT_EQ(judge_sequence(ReplayWindow{}, kLast), ItemCode::kSequenceTooFar);
}

TEST(ReplayWindow, TheRowIsOfOneForm) {
    ReplayWindow window;
    accept_sequence(window, 1);
    accept_sequence(window, 9);
    EXPECT_EQ(to_hex(encode_window(window)),
              "0809128001"
              "0202" +
                  std::string(252, '0'));
    EXPECT_FALSE(decode_window("").has_value());
    EXPECT_FALSE(decode_window(*from_hex("0809")).has_value());
}

}  // namespace
}  // namespace consilium::execution
