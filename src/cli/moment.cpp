// SPDX-License-Identifier: Apache-2.0
#include "cli/moment.hpp"

#include <charconv>

#include "base/rfc3339.hpp"
#include "cli/home.hpp"
#include "contracts/registry/registry.hpp"

namespace consilium::cli {

Result<std::optional<Height>, Problem> resolve_moment(NodeClient& node, const std::string& text) {
    if (text.empty()) return std::optional<Height>();
    Height height = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, height);
    if (read.ec == std::errc{} && read.ptr == end) {
        const auto status = node.status();
        if (!status) return fail(status.error());
        if (height > status->height) {
            return fail(Problem{Exit::kRefused,
                                "there is no block " + text + " yet; the newest is " +
                                    std::to_string(status->height),
                                {}});
        }
        return std::optional<Height>(height);
    }
    const auto time = from_rfc3339(text);
    if (!time) {
        return fail(Problem{Exit::kUsage, "'" + text + "' is neither a height nor a time",
                            "Give --at a height, or a time such as 2026-01-31T12:00:00Z."});
    }
    if (*time > now()) {
        return fail(Problem{Exit::kRefused, to_rfc3339(*time) + " has not come yet",
                            "Without --at it is as of now."});
    }
    const auto found = node.height_at(*time);
    if (!found && found.error().code == Exit::kRefused) {
        return fail(
            Problem{Exit::kRefused, "the ledger had no block yet at " + to_rfc3339(*time), {}});
    }
    if (!found) return fail(found.error());
    return std::optional<Height>(*found);
}

bool is_whole_key(BytesView key) {
    const auto* table = contracts::registry().table_of_key(key);
    return table != nullptr && contracts::sdk::show_key_fields(*table, key).has_value();
}

}  // namespace consilium::cli
