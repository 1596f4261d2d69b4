// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ledger/ids.hpp"
#include "node/config.hpp"
#include "node/genesis.hpp"
#include "node/node.hpp"
#include "telemetry/log.hpp"
#include "vault/vault.hpp"

// One configured process: the host of its members' nodes, and for each of them the HTTP API on an
// address of its own.
namespace consilium::node {

struct ProcessError {
    enum class Kind { kConfig, kDisk, kPort, kLedger };
    Kind kind = Kind::kConfig;
    std::string message;  // a sentence
    std::string hint;     // what to do, or empty
};

// The issuer and audience of a member's access tokens: a name, so that it outlives addresses.
[[nodiscard]] std::string token_realm(const ledger::NetworkId& network, std::string_view member);

// Start and stop are for one thread at a time; the rest is thread-safe.
class Process {
 public:
    // Reads genesis and keys, opens the vaults and the ledgers, starts consensus, then listens.
    [[nodiscard]] static Result<std::unique_ptr<Process>, ProcessError> start(
        const Config& config, const telemetry::Logger& log);
    // Stops.
    ~Process();

    // Takes no more requests, answers what is under way, makes everything durable. Idempotent.
    void stop();

    // One member's node and its HTTP API alone, as Host does it.
    [[nodiscard]] Status<ProcessError> stop_member(const ledger::MemberId& member);
    [[nodiscard]] Status<ProcessError> start_member(const ledger::MemberId& member);

    // "https://127.0.0.1:7443", with the port that was taken; empty while it does not listen.
    [[nodiscard]] std::string url(const ledger::MemberId& member) const;
    // Null when the member has none, and while its node is stopped.
    [[nodiscard]] vault::Vault* vault_of(const ledger::MemberId& member) const;
    // Whether a node of this process has stopped by itself since the start; the log says why.
    [[nodiscard]] bool failed() const;
    [[nodiscard]] const Genesis& genesis() const;
    [[nodiscard]] Host& host();

 private:
    struct Api;
    struct State;
    explicit Process(std::unique_ptr<State> state);
    // `vault` is null for a member without.
    [[nodiscard]] Status<ProcessError> listen(const NodeConfig& node,
                                              std::unique_ptr<vault::Vault> vault);
    void add_ehr(Api& api, const NodeConfig& node);
    void add_patients(Api& api, const NodeConfig& node);
    [[nodiscard]] Status<ProcessError> add_channel(Api& api, const NodeConfig& node,
                                                   const std::string& certificate,
                                                   const std::string& private_key);
    void add_exchange(Api& api, const NodeConfig& node);
    void add_accounting(Api& api, const NodeConfig& node);
    std::unique_ptr<State> state_;
};

}  // namespace consilium::node
