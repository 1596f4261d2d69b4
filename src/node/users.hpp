// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "consilium/v1/ledger.pb.h"
#include "ledger/ids.hpp"

// The list of the ids that a member's users have on the ledger, a fresh one each day: a JSON file.
namespace consilium::node {

// A user's id of one day, in the member's own list. Which person it is stays out of this file.
struct UserEntry {
    ledger::UserId user;
    v1::Role role = v1::ROLE_UNSPECIFIED;
    UnixMs valid_from;
    UnixMs valid_until;
    friend bool operator==(const UserEntry&, const UserEntry&) = default;
};

[[nodiscard]] std::string format_users(const std::vector<UserEntry>& users);
[[nodiscard]] Result<std::vector<UserEntry>, std::string> parse_users(std::string_view text);

// The id in that role at `now`; nothing when the list has none.
[[nodiscard]] const UserEntry* user_at(const std::vector<UserEntry>& users, v1::Role role,
                                       UnixMs now);

}  // namespace consilium::node
