// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace consilium::formats::fhir::fhirpath {

enum class TokenKind : std::uint8_t {
    kEnd,
    kName,      // identifier, or `delimited identifier`: text is the name
    kString,    // 'string': text with its escapes decoded
    kNumber,    // digits, perhaps with a fraction
    kVariable,  // %name
    kThis,      // $this
    kSymbol,    // an operator or bracket
    kBad,       // not a token of the subset
};

struct Token {
    TokenKind kind = TokenKind::kEnd;
    std::string text;
    std::size_t offset = 0;
    bool delimited = false;  // a delimited identifier is never a keyword
};

// Splits an expression into tokens, one at a time. `text` must outlive the lexer.
class Lexer {
 public:
    explicit Lexer(std::string_view text) : text_(text) {}
    [[nodiscard]] Token next();

 private:
    Token name();
    Token number();
    Token quoted(char quote, TokenKind kind);
    Token symbol();
    bool escape(std::string& out);

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace consilium::formats::fhir::fhirpath
