// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "http/server.hpp"
#include "node/config.hpp"
#include "node/process.hpp"
#include "services/port/port.hpp"
#include "vault/delivery/channel.hpp"

// One member's channel to other members' nodes, with the server at which they deliver.
namespace consilium::node {

class MemberChannel {
 public:
    struct Ports {
        const NodeConfig& node;  // with a vault and a peer port
        const ledger::NetworkId& network;
        vault::Vault& vault;
        const services::Reads& reads;
        http::Tokens& tokens;
        telemetry::Metrics& metrics;
        std::string certificate_pem;
        std::string private_key_pem;
    };
    // Reads what is queued. All but the configuration outlives it.
    [[nodiscard]] static Result<std::unique_ptr<MemberChannel>, ProcessError> open(
        Ports ports, const telemetry::Logger& log);
    // Stops.
    ~MemberChannel();

    [[nodiscard]] vault::delivery::Channel& channel() { return *channel_; }
    // Listens, and sends. Whoever receives has said so before.
    [[nodiscard]] Status<ProcessError> start();
    void stop();

 private:
    MemberChannel(Ports ports, telemetry::Logger log);
    const NodeConfig node_;
    http::Tokens& tokens_;
    telemetry::Metrics& metrics_;
    const std::string certificate_pem_;
    const std::string private_key_pem_;
    telemetry::Logger log_;
    vault::delivery::LedgerDirectory directory_;
    std::unique_ptr<vault::delivery::Channel> channel_;
    http::Router router_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace consilium::node
