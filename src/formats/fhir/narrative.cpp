// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/narrative.hpp"

#include <algorithm>
#include <string>

namespace consilium::formats::fhir {

namespace {

constexpr bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// An image may be inside the text, but not one that is a document of its own.
bool is_image_in_text(std::string_view value) {
    if (!value.starts_with("data:")) return false;
    value.remove_prefix(5);
    while (value.starts_with(' '))
        value.remove_prefix(1);
    return value.starts_with("image/") && !value.starts_with("image/svg");
}

bool is_unsafe_link(std::string_view value) {
    while (!value.empty() && is_space(value.front()))
        value.remove_prefix(1);
    const std::string start = lower(value.substr(0, value.find_first_of("/?#")));
    if (start.find('&') != std::string::npos) return true;
    const std::size_t colon = start.find(':');
    if (colon == std::string::npos) return false;
    constexpr std::string_view kSchemes[] = {"http", "https", "ftp", "mailto", "tel", "cid", "urn"};
    const std::string_view scheme = std::string_view(start).substr(0, colon);
    if (std::find(std::begin(kSchemes), std::end(kSchemes), scheme) != std::end(kSchemes))
        return false;
    return !is_image_in_text(lower(value.substr(0, 32)));
}

bool is_unsafe_style(std::string_view value) {
    const std::string style = lower(value);
    constexpr std::string_view kActive[] = {
        "expression(", "@import", "javascript:", "behavior:", "-moz-binding", "\\", "/*", "&#"};
    if (std::any_of(std::begin(kActive), std::end(kActive),
                    [&](std::string_view word) { return style.find(word) != std::string::npos; }))
        return true;
    constexpr std::string_view kUrl = "url(";
    for (std::size_t at = style.find(kUrl); at != std::string::npos; at = style.find(kUrl, at)) {
        at += kUrl.size();
        std::string_view inner = std::string_view(style).substr(at);
        inner.remove_prefix(std::min(inner.find_first_not_of(" '\""), inner.size()));
        if (!is_image_in_text(inner)) return true;
    }
    return false;
}

bool is_unsafe(std::string_view name, std::string_view value) {
    if (name == "href" || name == "src" || name == "longdesc" || name == "cite")
        return is_unsafe_link(value);
    return name == "style" && is_unsafe_style(value);
}

// The attributes of one tag, from behind its name to its end.
bool has_unsafe_attribute(std::string_view tag) {
    while (true) {
        const std::size_t equals = tag.find('=');
        if (equals == std::string_view::npos) return false;
        std::string_view name = tag.substr(0, equals);
        while (!name.empty() && is_space(name.back()))
            name.remove_suffix(1);
        const std::size_t space = name.find_last_of(" \t\r\n");
        if (space != std::string_view::npos) name.remove_prefix(space + 1);
        tag.remove_prefix(equals + 1);
        const std::size_t open = tag.find_first_of("\"'");
        if (open == std::string_view::npos) return false;
        const char quote = tag[open];
        tag.remove_prefix(open + 1);
        const std::size_t close = tag.find(quote);
        if (is_unsafe(lower(name), tag.substr(0, close))) return true;
        if (close == std::string_view::npos) return false;
        tag.remove_prefix(close + 1);
    }
}

// Where a tag ends: at the first > outside of quotes.
std::size_t end_of_tag(std::string_view text, std::size_t at) {
    char quote = '\0';
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (quote != '\0') {
            if (c == quote) quote = '\0';
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '>') {
            break;
        }
    }
    return at;
}

}  // namespace

bool has_active_content(std::string_view div) {
    for (std::size_t at = div.find('<'); at != std::string_view::npos; at = div.find('<', at)) {
        if (div.substr(at).starts_with("<!--")) {
            at = div.find("-->", at);
            if (at == std::string_view::npos) return false;
            continue;
        }
        const std::size_t end = end_of_tag(div, at);
        if (has_unsafe_attribute(div.substr(at, end - at))) return true;
        at = end;
    }
    return false;
}

}  // namespace consilium::formats::fhir
