// SPDX-License-Identifier: Apache-2.0
// State proofs, raw and as edits of good ones: whatever a checker accepts against the root is true
// of the state, for the question that the proof itself names.
#include <cstdint>

#include "edits.hpp"
#include "small_state.hpp"
#include "verify/state_proof.hpp"

namespace {

using namespace consilium;

struct World {
    fuzz::SmallState small;
    std::vector<Bytes> proofs;

    World() {
        using Kind = verify::StateQuestion::Kind;
        const std::vector<verify::StateQuestion> questions = {
            {Kind::kKey, fuzz::SmallState::key_of(3), std::nullopt},
            {Kind::kKey, fuzz::SmallState::key_of(17), 3},
            {Kind::kKey, "\x04\x01zz", std::nullopt},
            {Kind::kKey, fuzz::SmallState::key_of(8), 1},
            {Kind::kPrefix, Bytes("\x04\x01", 2), std::nullopt},
            {Kind::kPrefix,
             Bytes("\x04\x01"
                   "b",
                   3),
             4},
            {Kind::kPrefix, "\x05", std::nullopt},
            {Kind::kPrefix, "", 0},
        };
        for (const auto& question : questions) {
            auto proof = small.state().prove(question);
            CONSILIUM_ASSERT(proof.ok());
            proofs.push_back(std::move(*proof));
        }
    }
};

const World& world() {
    static const World instance;
    return instance;
}

void check(BytesView proof) {
    const auto proven =
        verify::check_state_proof(proof, world().small.state().root(), fuzz::SmallState::kHeight);
    if (!proven) return;
    const auto& question = proven->question;
    const Height height = question.as_of.value_or(fuzz::SmallState::kHeight);
    CONSILIUM_ASSERT(height <= fuzz::SmallState::kHeight);
    std::vector<std::pair<Bytes, Bytes>> truth;
    for (const auto& [key, value] : world().small.rows(height)) {
        const bool asked = question.kind == verify::StateQuestion::Kind::kKey
                               ? key == question.subject
                               : key.starts_with(question.subject);
        if (asked) truth.emplace_back(key, value);
    }
    CONSILIUM_ASSERT(proven->rows == truth);
}

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const BytesView rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto& proofs = world().proofs;
    check(data[0] < 128 ? Bytes(rest) : fuzz::edited(proofs[data[0] % proofs.size()], rest));
    return 0;
}
