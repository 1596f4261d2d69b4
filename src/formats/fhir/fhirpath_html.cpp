// SPDX-License-Identifier: Apache-2.0
// One pass over a narrative; nothing is built. The rules are those of R4 2.4.0 (invariants txt-1
// and txt-2): well-formed XHTML in one <div>, only the elements and attributes named there, no
// processing instruction, document type or CDATA section, and some content.
#include <algorithm>
#include <array>
#include <vector>

#include "formats/fhir/fhirpath_evaluation.hpp"

namespace consilium::formats::fhir::fhirpath {

namespace {

constexpr std::array<std::string_view, 51> kElements = {
    "a",       "abbr",  "acronym", "address", "b",        "bdo",   "big",   "blockquote", "br",
    "caption", "cite",  "code",    "col",     "colgroup", "dd",    "dfn",   "div",        "dl",
    "dt",      "em",    "h1",      "h2",      "h3",       "h4",    "h5",    "h6",         "hr",
    "i",       "img",   "kbd",     "li",      "ol",       "p",     "pre",   "q",          "samp",
    "small",   "span",  "strong",  "sub",     "sup",      "table", "tbody", "td",         "tfoot",
    "th",      "thead", "tr",      "tt",      "ul",       "var"};

constexpr std::array<std::string_view, 20> kAttributes = {
    "abbr",    "accesskey", "align",    "axis",  "char",   "charoff", "class",
    "colspan", "dir",       "headers",  "id",    "lang",   "rowspan", "scope",
    "span",    "style",     "tabindex", "title", "valign", "xmlns"};

struct ElementAttribute {
    std::string_view element;
    std::string_view attribute;
};
constexpr std::array<ElementAttribute, 22> kElementAttributes = {{
    {"a", "href"},
    {"a", "name"},
    {"img", "src"},
    {"img", "border"},
    {"img", "alt"},
    {"img", "longdesc"},
    {"img", "height"},
    {"img", "width"},
    {"blockquote", "cite"},
    {"q", "cite"},
    {"table", "summary"},
    {"table", "width"},
    {"table", "border"},
    {"table", "frame"},
    {"table", "rules"},
    {"table", "cellspacing"},
    {"table", "cellpadding"},
    {"col", "width"},
    {"colgroup", "width"},
    {"th", "width"},
    {"td", "width"},
    {"td", "nowrap"},
}};

constexpr std::string_view kXhtml = "http://www.w3.org/1999/xhtml";
constexpr std::size_t kMaxDepth = 256;

bool space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool attribute_allowed(std::string_view element, std::string_view name) {
    if (std::binary_search(kAttributes.begin(), kAttributes.end(), name)) return true;
    return std::any_of(kElementAttributes.begin(), kElementAttributes.end(),
                       [&](const ElementAttribute& allowed) {
                           return allowed.element == element && allowed.attribute == name;
                       });
}

class Narrative {
 public:
    explicit Narrative(std::string_view text) : text_(text) {}

    bool check() {
        // XML has no other control characters; U+FFFE and U+FFFF never get past the JSON parser.
        if (std::any_of(text_.begin(), text_.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 && !space(c); }))
            return false;
        while (at_ < text_.size()) {
            const bool ok = text_[at_] == '<' ? markup() : characters();
            if (!ok) return false;
        }
        return root_seen_ && open_.empty() && content_;
    }

 private:
    bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }
    void skip_spaces() {
        while (at_ < text_.size() && space(text_[at_]))
            ++at_;
    }

    bool characters() {
        for (; at_ < text_.size() && text_[at_] != '<'; ++at_) {
            if (space(text_[at_])) continue;
            if (open_.empty() || starts("]]>")) return false;
            content_ = true;
            if (text_[at_] == '&' && !reference()) return false;
        }
        return true;
    }

    // One of XML's five entities or a numeric reference; leaves at_ at its semicolon.
    bool reference() {
        const std::size_t end = text_.find(';', at_);
        if (end == std::string_view::npos || end - at_ > 10) return false;
        std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end;
        if (!name.starts_with('#'))
            return name == "amp" || name == "lt" || name == "gt" || name == "quot" ||
                   name == "apos";
        name.remove_prefix(1);
        const bool hex = name.starts_with('x');
        if (hex) name.remove_prefix(1);
        std::uint32_t code = 0;
        for (const char c : name) {
            const bool digit = c >= '0' && c <= '9';
            const char lower = static_cast<char>(c | 0x20);
            if (!digit && !(hex && lower >= 'a' && lower <= 'f')) return false;
            code = code * (hex ? 16 : 10) +
                   static_cast<std::uint32_t>(digit ? c - '0' : lower - 'a' + 10);
            if (code > 0x10ffff) return false;
        }
        const bool control = code < 0x20 && code != '\t' && code != '\n' && code != '\r';
        return !name.empty() && !control && (code < 0xd800 || code > 0xdfff) && code != 0xfffe &&
               code != 0xffff;
    }

    bool markup() {
        if (starts("<!--")) return comment();
        if (starts("</")) return end_tag();
        return start_tag();
    }

    bool comment() {
        const std::size_t end = text_.find("--", at_ + 4);
        if (open_.empty() || end == std::string_view::npos || text_.substr(end, 3) != "-->")
            return false;
        at_ = end + 3;
        return true;
    }

    std::string_view name() {
        const std::size_t start = at_;
        while (at_ < text_.size() && !space(text_[at_]) && text_[at_] != '>' && text_[at_] != '/' &&
               text_[at_] != '=')
            ++at_;
        return text_.substr(start, at_ - start);
    }

    bool end_tag() {
        at_ += 2;
        if (open_.empty() || name() != open_.back()) return false;
        skip_spaces();
        if (at_ == text_.size() || text_[at_] != '>') return false;
        ++at_;
        open_.pop_back();
        return true;
    }

    bool start_tag() {
        ++at_;
        const std::string_view element = name();
        if (!std::binary_search(kElements.begin(), kElements.end(), element)) return false;
        if (open_.empty() && (root_seen_ || element != "div")) return false;
        root_seen_ = true;
        if (element == "img") content_ = true;
        std::vector<std::string_view> attributes;
        for (;;) {
            const std::size_t before = at_;
            skip_spaces();
            if (at_ == text_.size()) return false;
            if (starts("/>")) {
                at_ += 2;
                return true;
            }
            if (text_[at_] == '>') {
                ++at_;
                open_.push_back(element);
                return open_.size() <= kMaxDepth;
            }
            if (before == at_ || !attribute(element, attributes)) return false;
        }
    }

    bool attribute(std::string_view element, std::vector<std::string_view>& seen) {
        const std::string_view attribute_name = name();
        if (!attribute_allowed(element, attribute_name)) return false;
        if (std::find(seen.begin(), seen.end(), attribute_name) != seen.end()) return false;
        seen.push_back(attribute_name);
        skip_spaces();
        if (at_ == text_.size() || text_[at_] != '=') return false;
        ++at_;
        skip_spaces();
        if (at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\'')) return false;
        const char quote = text_[at_++];
        const std::size_t start = at_;
        for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
            if (text_[at_] == '<' || (text_[at_] == '&' && !reference())) return false;
        }
        if (at_ == text_.size()) return false;
        const std::string_view value = text_.substr(start, at_ - start);
        ++at_;
        return attribute_name != "xmlns" || value == kXhtml;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<std::string_view> open_;
    bool root_seen_ = false;
    bool content_ = false;
};

}  // namespace

bool html_checks(std::string_view div) {
    return Narrative(div).check();
}

}  // namespace consilium::formats::fhir::fhirpath
