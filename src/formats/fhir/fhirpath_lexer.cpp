// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/fhirpath_lexer.hpp"

#include <array>

#include "formats/fhir/search_text.hpp"

namespace consilium::formats::fhir::fhirpath {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool starts_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

Token Lexer::next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r')))
        ++at_;
    if (at_ == text_.size()) return {TokenKind::kEnd, {}, at_, false};
    const char c = text_[at_];
    if (starts_name(c)) return name();
    if (is_digit(c)) return number();
    if (c == '\'') return quoted('\'', TokenKind::kString);
    if (c == '`') {
        Token token = quoted('`', TokenKind::kName);
        token.delimited = true;
        return token;
    }
    const std::size_t start = at_;
    if (c == '%' || c == '$') {
        ++at_;
        if (at_ == text_.size()) return {TokenKind::kBad, {}, start, false};
        Token token;
        if (c == '%' && (text_[at_] == '\'' || text_[at_] == '`'))
            token = quoted(text_[at_], TokenKind::kVariable);
        else if (starts_name(text_[at_]))
            token = name();
        else
            return {TokenKind::kBad, {}, start, false};
        if (token.kind == TokenKind::kBad) return token;
        token.offset = start;
        if (c == '%')
            token.kind = TokenKind::kVariable;
        else
            token.kind = token.text == "this" ? TokenKind::kThis : TokenKind::kBad;
        return token;
    }
    return symbol();
}

Token Lexer::name() {
    const std::size_t start = at_;
    while (at_ < text_.size() && (starts_name(text_[at_]) || is_digit(text_[at_])))
        ++at_;
    return {TokenKind::kName, std::string(text_.substr(start, at_ - start)), start, false};
}

Token Lexer::number() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_digit(text_[at_]))
        ++at_;
    // A dot belongs to the number only when a digit follows: `1.toString()` is a call.
    if (at_ + 1 < text_.size() && text_[at_] == '.' && is_digit(text_[at_ + 1])) {
        ++at_;
        while (at_ < text_.size() && is_digit(text_[at_]))
            ++at_;
    }
    return {TokenKind::kNumber, std::string(text_.substr(start, at_ - start)), start, false};
}

Token Lexer::quoted(char quote, TokenKind kind) {
    Token token{kind, {}, at_, false};
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote) {
        if (text_[at_] == '\\') {
            if (!escape(token.text)) return {TokenKind::kBad, {}, at_, false};
        } else {
            token.text.push_back(text_[at_++]);
        }
    }
    if (at_ == text_.size()) return {TokenKind::kBad, {}, token.offset, false};
    ++at_;
    return token;
}

// Reads one escape sequence, its backslash included.
bool Lexer::escape(std::string& out) {
    ++at_;
    if (at_ == text_.size()) return false;
    const char c = text_[at_++];
    switch (c) {
        case 'f':
            out.push_back('\f');
            return true;
        case 'n':
            out.push_back('\n');
            return true;
        case 'r':
            out.push_back('\r');
            return true;
        case 't':
            out.push_back('\t');
            return true;
        case 'u': {
            if (text_.size() - at_ < 4) return false;
            char32_t code = 0;
            for (int i = 0; i < 4; ++i) {
                const int digit = hex_digit(text_[at_++]);
                if (digit < 0) return false;
                code = (code << 4U) | static_cast<char32_t>(digit);
            }
            if (code >= 0xd800 && code < 0xe000) return false;
            append_utf8(out, code);
            return true;
        }
        case '\'':
        case '"':
        case '`':
        case '\\':
        case '/':
            out.push_back(c);
            return true;
        default:
            // The published invariants escape some characters of regular expressions once only
            // ('^[A-Z]\.'): such a backslash stays, as a reader of theirs expects.
            out.push_back('\\');
            out.push_back(c);
            return true;
    }
}

Token Lexer::symbol() {
    static constexpr std::array<std::string_view, 17> kSymbols = {
        "<=", ">=", "!=", "{}", "=", "<", ">", "|", "&", "+", "-", ".", ",", "(", ")", "[", "]"};
    const std::size_t start = at_;
    for (const std::string_view candidate : kSymbols) {
        if (text_.substr(at_, candidate.size()) != candidate) continue;
        at_ += candidate.size();
        return {TokenKind::kSymbol, std::string(candidate), start, false};
    }
    // The empty collection may be written with blanks between its braces.
    if (text_[at_] == '{') {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] == ' ')
            ++end;
        if (end < text_.size() && text_[end] == '}') {
            at_ = end + 1;
            return {TokenKind::kSymbol, "{}", start, false};
        }
    }
    return {TokenKind::kBad, {}, start, false};
}

}  // namespace consilium::formats::fhir::fhirpath
