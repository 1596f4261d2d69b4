// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.hpp"
#include "formats/json/value.hpp"

// JSON Patch (RFC 6902). Pure, thread-safe.
namespace consilium::formats::fhir {

enum class PatchError : std::uint8_t {
    kForm,  // RFC 6902 section 3 and 4: not an array of operations with the members that they want
    kPath,  // sections 4.1 to 4.6: what the operation changes or reads is not there
    kTest,  // section 4.6: the value is another
    kLimits,  // more than kMaxPatchOperations, too much work, or nested too deeply
};

struct PatchFailure {
    PatchError error;
    std::size_t operation = 0;  // from 0
};

inline constexpr std::size_t kMaxPatchOperations = 1000;
// Elements, members and 16 bytes of text that all operations together may make or copy.
inline constexpr std::size_t kMaxPatchWork = 4'000'000;

// The document after all operations, in their order; nothing of them when one fails. Numbers keep
// their text; `test` takes 1.0 for equal to 1.00. Removing the whole document is refused.
[[nodiscard]] Result<json::Document, PatchFailure> apply_patch(const json::Document& document,
                                                               const json::Document& patch);

}  // namespace consilium::formats::fhir
