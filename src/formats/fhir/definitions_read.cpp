// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "base/assert.hpp"
#include "formats/fhir/definitions_table.hpp"

namespace consilium::formats::fhir {

namespace {

using Cells = std::vector<std::string_view>;

std::string_view cell(const Cells& cells, std::size_t at) {
    return at < cells.size() ? cells[at] : std::string_view();
}

std::uint32_t number(std::string_view text) {
    if (text == "*") return Element::kUnbounded;
    std::uint32_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    CONSILIUM_ASSERT(error == std::errc() && end == text.data() + text.size());
    return out;
}

SearchType search_type(std::string_view text) {
    constexpr std::string_view kNames[] = {"number",    "date",     "string", "token",  "reference",
                                           "composite", "quantity", "uri",    "special"};
    const auto* const at = std::find(std::begin(kNames), std::end(kNames), text);
    CONSILIUM_ASSERT(at != std::end(kNames));
    return static_cast<SearchType>(at - std::begin(kNames));
}

TableText::Element element(const Cells& cells) {
    CONSILIUM_ASSERT(cells.size() >= 4);
    TableText::Element out;
    out.path = cells[1];
    out.min = number(cells[2]);
    out.max = number(cells[3]);
    out.flags = cell(cells, 4);
    out.types = cell(cells, 5);
    out.binding = cell(cells, 6);
    out.content = cell(cells, 7);
    return out;
}

TableText::Parameter parameter(const Cells& cells) {
    CONSILIUM_ASSERT(cells.size() >= 4);
    TableText::Parameter out;
    out.parameter.base = cells[1];
    out.parameter.code = cells[2];
    out.parameter.type = search_type(cells[3]);
    out.parameter.expression = cell(cells, 4);
    out.targets = split(cell(cells, 5), ',');
    return out;
}

// Lines that say more of the line before: I of E or T, R of T, C of V, P of S, M of K.
void line(TableText& out, std::string_view& compartment, const Cells& cells) {
    CONSILIUM_ASSERT(cells.size() >= 2 && cells[0].size() == 1);
    switch (cells[0][0]) {
        case 'T':
            out.types.push_back(
                {cells[1], cell(cells, 2), cell(cells, 3), cell(cells, 4), {}, {}, {}});
            return;
        case 'E':
            out.types.back().elements.push_back(element(cells));
            return;
        case 'I': {
            CONSILIUM_ASSERT(cells.size() == 4);
            TableText::Type& type = out.types.back();
            auto& list = type.elements.empty() ? type.invariants : type.elements.back().invariants;
            list.push_back({cells[1], cells[2] == "error", cells[3]});
            return;
        }
        case 'R':
            out.types.back().regex = cells[1];
            return;
        case 'V':
            out.sets.push_back({cells[1], cell(cells, 2), {}});
            return;
        case 'C':
            out.sets.back().systems.push_back({cells[1], {cells.begin() + 2, cells.end()}});
            return;
        case 'S':
            out.parameters.push_back(parameter(cells));
            return;
        case 'P':
            CONSILIUM_ASSERT(cells.size() == 4);
            out.parameters.back().components.push_back({cells[1], search_type(cells[2]), cells[3]});
            return;
        case 'K':
            compartment = cells[1];
            return;
        case 'M':
            out.members.push_back({compartment, cells[1], {cells.begin() + 2, cells.end()}});
            return;
        default:
            CONSILIUM_ASSERT(false);
    }
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    if (text.empty()) return out;
    while (true) {
        const std::size_t at = text.find(separator);
        out.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return out;
        text.remove_prefix(at + 1);
    }
}

TableText read_table(std::string_view text) {
    TableText out;
    std::string_view compartment;
    bool is_first = true;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        CONSILIUM_ASSERT(end != std::string_view::npos);
        const Cells cells = split(text.substr(0, end), '\t');
        text.remove_prefix(end + 1);
        if (is_first) {
            CONSILIUM_ASSERT(cells.size() == 4 && cells[0] == "consilium-fhir-definitions");
            CONSILIUM_ASSERT(cells[1] == "1" && cells[2] == "4.0.1");
            out.source = cells[3];
            is_first = false;
        } else {
            line(out, compartment, cells);
        }
    }
    CONSILIUM_ASSERT(!is_first);
    return out;
}

}  // namespace consilium::formats::fhir
