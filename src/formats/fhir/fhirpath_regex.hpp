// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace consilium::formats::fhir {

// The regular expressions that FHIR's invariants use: literals, classes [...] and [^...], escapes
// (\s \S \d \D \w \W, and any other character for itself), the dot, groups, alternatives, ? * +
// {n}, {n,} and {n,m}, ^ at the start and $ at the end. All states are followed side by side and
// nothing is tried twice, so no pattern and no text makes matching explode. Bytes are matched, so a
// class may name ASCII characters only. Immutable after compile().
class Regex {
 public:
    // Nothing for what the subset does not have, or a pattern that needs more than kMaxStates.
    [[nodiscard]] static std::optional<Regex> compile(std::string_view pattern);

    // Whether the pattern matches anywhere in the text. Time: text times states.
    [[nodiscard]] bool matches(std::string_view text) const;

    // The leftmost, then longest, match as (start, end) from `from` on. Time: up to the square of
    // the text times states.
    [[nodiscard]] std::optional<std::pair<std::size_t, std::size_t>> find(
        std::string_view text, std::size_t from = 0) const;

    static constexpr std::size_t kMaxStates = 4096;

 private:
    friend class RegexCompiler;
    enum class Kind : std::uint8_t { kBytes, kSplit, kEnd, kMatch };
    struct State {
        Kind kind = Kind::kMatch;
        std::uint16_t next = 0;
        std::uint16_t other = 0;  // of kSplit
        std::uint16_t bytes = 0;  // of kBytes: index into sets_
    };
    using ByteSet = std::vector<bool>;  // 256

    // Follows the states side by side. matches() starts anew at every position.
    class Run;

    std::vector<State> states_;
    std::vector<ByteSet> sets_;
    std::uint16_t start_ = 0;
    bool anchored_ = false;
};

}  // namespace consilium::formats::fhir
