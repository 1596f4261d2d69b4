// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cli/home.hpp"
#include "cli/node_client.hpp"
#include "cli/output.hpp"
#include "http/token.hpp"
#include "node/config.hpp"
#include "node/genesis.hpp"

namespace CLI {
class App;
}

// Which member a command speaks for, and how it reaches that member's node.
namespace consilium::cli {

// All that the ledger's routes ask for.
inline constexpr std::string_view kFullScope = "system/Ledger.crs";

struct HomeOptions {
    std::string home;    // $CONSILIUM_HOME, else the current folder
    std::string member;  // may be left out when the configuration has one member
};

void add_home_options(CLI::App& command, HomeOptions& options);

struct OpenMember {
    ledger::MemberId id;
    NetworkHome network;
    node::Genesis genesis;
    node::NodeConfig config;  // paths resolved
};

// Reads configuration and genesis document of the folder.
[[nodiscard]] Result<OpenMember, Problem> open_member(const HomeOptions& options);

// Signed with the member's token key, which the node of the same configuration trusts.
[[nodiscard]] Result<std::string, Problem> issue_token(const OpenMember& member,
                                                       const http::TokenRequest& request);

// How a command reaches a node: by the folder of its network, on the same machine, or by address
// and token.
struct NodeOptions {
    HomeOptions home;
    std::string url;         // instead of the folder
    std::string token_file;  // with url
    std::string trust;       // with url: certificate file
};

void add_node_options(CLI::App& command, NodeOptions& options);

struct Connected {
    NodeClient node;
    Endpoint endpoint;
    std::string url;
    std::optional<OpenMember> member;  // with a folder
};

// Does not connect yet: the first request does. With a folder the token is made here, of `scope`.
[[nodiscard]] Result<Connected, Problem> connect(const NodeOptions& options,
                                                 std::string_view scope = kFullScope);
// With a token that says more than a scope; its subject is the member where it names none.
[[nodiscard]] Result<Connected, Problem> connect(const NodeOptions& options,
                                                 http::TokenRequest request);

}  // namespace consilium::cli
