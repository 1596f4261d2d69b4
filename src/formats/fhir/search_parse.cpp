// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/search_parse.hpp"

#include <array>

namespace consilium::formats::fhir {

namespace {

struct PrefixName {
    std::string_view text;
    Prefix prefix;
};
constexpr std::array<PrefixName, 9> kPrefixes = {{{"eq", Prefix::kEq},
                                                  {"ne", Prefix::kNe},
                                                  {"gt", Prefix::kGt},
                                                  {"ge", Prefix::kGe},
                                                  {"lt", Prefix::kLt},
                                                  {"le", Prefix::kLe},
                                                  {"sa", Prefix::kSa},
                                                  {"eb", Prefix::kEb},
                                                  {"ap", Prefix::kAp}}};

Prefix take_prefix(std::string_view& text) {
    for (const PrefixName& candidate : kPrefixes) {
        if (!text.starts_with(candidate.text)) continue;
        text.remove_prefix(2);
        return candidate.prefix;
    }
    return Prefix::kEq;
}

// [system|]code, |code and system|.
bool read_token(std::string_view text, SearchValue& out) {
    const auto parts = split_unescaped(text, '|');
    if (parts.size() > 2) return false;
    out.text = unescape(parts.back());
    out.any_system = parts.size() == 1;
    if (!out.any_system) out.system = unescape(parts.front());
    return !out.text.empty() || !out.system.empty();
}

// number, or number|system|code and number||code.
bool read_quantity(std::string_view text, SearchValue& out) {
    out.prefix = take_prefix(text);
    const auto parts = split_unescaped(text, '|');
    if (parts.size() != 1 && parts.size() != 3) return false;
    out.number = parse_decimal(parts.front());
    if (parts.size() == 3) {
        out.system = unescape(parts[1]);
        out.any_system = out.system.empty();
        out.text = unescape(parts[2]);
        if (out.text.empty()) return false;
    }
    return out.number.has_value();
}

}  // namespace

std::vector<std::string_view> split_unescaped(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == separator) {
            out.push_back(text.substr(start, i - start));
            start = i + 1;
        }
    }
    out.push_back(text.substr(start));
    return out;
}

std::string unescape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '\\' && i + 1 < text.size() &&
                            std::string_view(",|$\\").find(text[i + 1]) != std::string_view::npos;
        if (escape) ++i;
        out.push_back(text[i]);
    }
    return out;
}

std::optional<SearchValue> parse_search_value(SearchType type, Modifier modifier,
                                              std::string_view text,
                                              std::span<const SearchComponent> components) {
    SearchValue out;
    bool good = !text.empty();
    switch (type) {
        case SearchType::kString:
        case SearchType::kUri:
            out.text = unescape(text);
            break;
        case SearchType::kReference:
            if (modifier == Modifier::kIdentifier)
                good = good && read_token(text, out);
            else
                out.text = unescape(text);
            break;
        case SearchType::kToken:
            good = good && read_token(text, out);
            break;
        case SearchType::kDate:
            out.prefix = take_prefix(text);
            out.moment = parse_moment(text);
            good = out.moment.has_value();
            break;
        case SearchType::kNumber:
            out.prefix = take_prefix(text);
            out.number = parse_decimal(text);
            good = out.number.has_value();
            break;
        case SearchType::kQuantity:
            good = good && read_quantity(text, out);
            break;
        case SearchType::kComposite: {
            const auto parts = split_unescaped(text, '$');
            good = !components.empty() && parts.size() == components.size();
            for (std::size_t i = 0; good && i < parts.size(); ++i) {
                auto part = parse_search_value(components[i].type, Modifier::kNone, parts[i], {});
                good = part.has_value();
                if (good) out.parts.push_back(std::move(*part));
            }
            break;
        }
        case SearchType::kSpecial:
            good = false;
    }
    if (!good) return std::nullopt;
    return out;
}

}  // namespace consilium::formats::fhir
