// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/call.hpp"

#include <array>
#include <charconv>

#include "base/rfc3339.hpp"
#include "services/ehr/names.hpp"

namespace consilium::services::ehr {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Thu", "Fri", "Sat", "Sun",
                                                   "Mon", "Tue", "Wed"};  // from 1970-01-01 on
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;

}  // namespace

std::string etag_of(std::uint32_t version) {
    return "W/\"" + std::to_string(version) + "\"";
}

std::optional<std::uint32_t> version_of_etag(std::string_view text) {
    if (text.substr(0, 2) == "W/") text.remove_prefix(2);
    if (text.size() < 3 || text.front() != '"' || text.back() != '"') return std::nullopt;
    return parse_version(text.substr(1, text.size() - 2));
}

std::string http_date(UnixMs time) {
    const std::string text = to_rfc3339(time);  // 1994-11-06T08:49:37.000Z
    std::size_t month = 0;
    std::from_chars(text.data() + 5, text.data() + 7, month);
    std::string out(kDays[time.value / kDayMs % 7]);
    out += ", " + text.substr(8, 2) + ' ' + std::string(kMonths[(month - 1) % 12]) + ' ';
    out += text.substr(0, 4) + ' ' + text.substr(11, 8) + " GMT";
    return out;
}

std::optional<UnixMs> parse_http_date(std::string_view text) {
    // Sun, 06 Nov 1994 08:49:37 GMT
    if (text.size() != 29 || text.substr(25) != " GMT") return std::nullopt;
    for (std::size_t month = 0; month < kMonths.size(); ++month) {
        if (text.substr(8, 3) != kMonths[month]) continue;
        std::string iso(text.substr(12, 4));
        iso += month < 9 ? "-0" : "-";
        iso += std::to_string(month + 1);
        iso += '-';
        iso += text.substr(5, 2);
        iso += 'T';
        iso += text.substr(17, 8);
        iso += 'Z';
        return from_rfc3339(iso);
    }
    return std::nullopt;
}

}  // namespace consilium::services::ehr
