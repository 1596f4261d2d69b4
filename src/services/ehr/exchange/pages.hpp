// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "http/router.hpp"
#include "proto/enum_names.hpp"
#include "services/ehr/exchange/ports.hpp"
#include "services/ehr/exchange/rows.hpp"
#include "services/port/work_queue.hpp"

// Lists of rows over HTTP, page by page: ?after=NEXT of the former page, ?limit=1..1000, ?link=HEX
// where keys begin with a link, and ?state=NAME where rows have states.
namespace consilium::services::ehr::exchange {

inline constexpr std::size_t kPageMax = 1000;

// Appends a row as a JSON object; false when it is none of ours.
using WriteRow = std::function<bool(const vault::Row& row, std::string& out)>;

// A list whose rows have states, numbered as their enumerators are.
struct RowStates {
    std::function<std::optional<int>(std::string_view name)> by_name;
    std::function<std::optional<int>(const vault::Row& row)> of;  // nothing: it is none of ours
    // A state that has rows of its own, so that its list is as long as what is in it: this prefix,
    // and what the key of the row itself goes on with.
    std::optional<int> indexed = {};
    Bytes index = {};
};
template <typename Row, typename State>
[[nodiscard]] RowStates states_of_rows() {
    return {[](std::string_view name) -> std::optional<int> {
                const auto state = proto::value_of<State>(name);
                return state ? std::optional<int>(*state) : std::nullopt;
            },
            [](const vault::Row& row) -> std::optional<int> {
                const auto decoded = decode_row<Row>(*row.value);
                return decoded ? std::optional<int>(decoded->state()) : std::nullopt;
            },
            {},
            {}};
}

struct List {
    Bytes prefix;
    WriteRow write;
    bool by_link = false;  // keys go on with a link
    RowStates states = {};
};

// GET `pattern`, with scope `resource`.r: {"items":[...],"next":HEX}. All outlive the route's use.
void add_page_route(http::Router& router, WorkQueue& work, const Ports& ports, const char* pattern,
                    std::string_view resource, List list);

// What answers when the queue takes no more.
[[nodiscard]] http::Response overloaded();

}  // namespace consilium::services::ehr::exchange
