// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/node_client.hpp"
#include "cli/output.hpp"
#include "consilium/v1/identity.pb.h"

namespace CLI {
class App;
}

// Consents and revocations as commands of contract identity, for the patient's key or for paper.
namespace consilium::cli {

struct ConsentTerms {
    std::vector<std::string> purposes;
    std::vector<std::string> actions = {"read"};
    std::uint64_t days = 365;
    bool object = false;  // an objection instead
};

void add_consent_terms(CLI::App& command, ConsentTerms& terms);

// Compares and sets: each reads first what the node shows, and names its version.
[[nodiscard]] Result<v1::IdentityCommand, Problem> grant_command(const ConsentTerms& terms,
                                                                 const Bytes& link,
                                                                 NodeClient& node);
[[nodiscard]] Result<v1::IdentityCommand, Problem> revoke_command(const Bytes& link,
                                                                  std::uint32_t number,
                                                                  NodeClient& node);

}  // namespace consilium::cli
