// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/home.hpp"
#include "cli/output.hpp"
#include "consilium/v1/membership.pb.h"
#include "ledger/ids.hpp"

namespace consilium::cli {

struct MemberPlan {
    ledger::MemberId id;
    std::vector<v1::MemberKind> kinds;
    std::string name;
    std::string address;
};

struct NetworkPlan {
    std::vector<MemberPlan> members;
    std::string address = "127.0.0.1";
    std::uint16_t port = 7443;  // of the first member in order of id; the next ones follow
    // Instead: one per member, in order of id, then one per member for its peers.
    std::vector<std::uint16_t> ports;
    std::uint32_t user_days = 30;
    // Ids of role clinician that a provider or site gets for each day: each who breaks the glass
    // needs one of their own. Other members get one.
    std::uint32_t clinicians = 8;
    // How long the review of an emergency may take; without it the ledger's default, 72 hours.
    std::optional<std::uint64_t> review_ms;
};

// A hospital, a clinic, a payer and a regulator that audits.
[[nodiscard]] std::vector<MemberPlan> example_members();

// "ID=KIND[+KIND...]:NAME:ADDRESS".
[[nodiscard]] Result<MemberPlan, std::string> parse_member_plan(std::string_view text);

struct NetworkMade {
    ledger::NetworkId network_id;
    std::string chain_id;
    NetworkHome home;
    std::vector<std::pair<ledger::MemberId, std::string>> endpoints;
};

// Makes the folder: genesis document, configuration of one process that hosts all members, and for
// each member its keys, certificate and users. Never replaces anything: a folder with a network, or
// with what is left of one, is refused. A failure leaves nothing behind. Secrets are readable by
// their owner only.
[[nodiscard]] Result<NetworkMade, Problem> make_network(const NetworkHome& home, NetworkPlan plan,
                                                        const std::function<void()>& step);

// Ids for `days` days from the day of `from`, one of each role and day. Each is valid for its day
// in UTC.
[[nodiscard]] std::vector<node::UserEntry> make_users(UnixMs from, std::uint32_t days,
                                                      const std::vector<v1::Role>& roles);

}  // namespace consilium::cli
