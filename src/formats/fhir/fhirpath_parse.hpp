// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "formats/fhir/fhirpath_ast.hpp"

namespace consilium::formats::fhir::fhirpath {

inline constexpr std::size_t kMaxExpressionBytes = 8192;
inline constexpr std::size_t kMaxNesting = 64;

enum class SyntaxError : std::uint8_t {
    kTooLong,          // more than kMaxExpressionBytes
    kTooDeep,          // brackets or operators nested more than kMaxNesting deep
    kBadToken,         // a character or literal that the subset does not have
    kUnexpected,       // a token where the grammar has none such
    kUnknownFunction,  // a function outside the subset
    kUnknownVariable,  // a %variable outside the subset
    kArguments,        // a function with too few or too many arguments
    kBadPattern,       // a regular expression outside the subset (fhirpath_regex.hpp)
};

struct SyntaxIssue {
    SyntaxError error;
    std::size_t offset;  // byte of the expression
};

// Parses the subset of FHIRPath N1 that docs/fhir.md names. Pure.
[[nodiscard]] Result<Tree, SyntaxIssue> parse(std::string_view text);

}  // namespace consilium::formats::fhir::fhirpath
