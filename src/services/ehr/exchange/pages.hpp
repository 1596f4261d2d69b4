// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "http/router.hpp"
#include "services/ehr/exchange/ports.hpp"
#include "services/port/work_queue.hpp"

// Lists of rows over HTTP, page by page: ?after=NEXT of the former page, ?limit=1..1000, and
// ?link=HEX where keys begin with a link.
namespace consilium::services::ehr::exchange {

inline constexpr std::size_t kPageMax = 1000;

// Appends a row as a JSON object; false when it is none of ours.
using WriteRow = std::function<bool(const vault::Row& row, std::string& out)>;

// GET `pattern`, with scope `resource`.r: {"items":[...],"next":HEX}. All outlive the route's use.
void add_page_route(http::Router& router, WorkQueue& work, const Ports& ports, const char* pattern,
                    std::string_view resource, const Bytes& prefix, WriteRow write);

// What answers when the queue takes no more.
[[nodiscard]] http::Response overloaded();

}  // namespace consilium::services::ehr::exchange
