// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/home.hpp"
#include "cli/output.hpp"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "consilium/v1/ehr.pb.h"
#include "consilium/v1/identity.pb.h"
#include "consilium/v1/ledger.pb.h"
#include "consilium/v1/membership.pb.h"
#include "ledger/ids.hpp"

namespace consilium::cli {

// Who speaks: a member, with the ids of its users.
struct Speaker {
    ledger::NetworkId network_id;
    ledger::MemberId member_id;
    std::vector<node::UserEntry> users;
};

// The id that a user in this role has today.
[[nodiscard]] Result<ledger::UserId, Problem> user_of_today(const Speaker& speaker, v1::Role role);

[[nodiscard]] v1::Command command_of(const v1::MembershipCommand& command);
[[nodiscard]] v1::Command command_of(const v1::ChartsCommand& command);
[[nodiscard]] v1::Command command_of(const v1::DocumentsCommand& command);
[[nodiscard]] v1::Command command_of(const v1::IdentityCommand& command);
[[nodiscard]] v1::Command command_of(const v1::EhrCommand& command);

// A transaction that may still apply for five minutes, with a fresh nonce.
[[nodiscard]] Result<Bytes, Problem> compose(const Speaker& speaker, v1::Role role,
                                             const std::vector<v1::Command>& commands);

}  // namespace consilium::cli
