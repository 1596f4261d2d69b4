// SPDX-License-Identifier: Apache-2.0
#include "node/member_channel.hpp"

#include "base/assert.hpp"

namespace consilium::node {
namespace {

using Kind = ProcessError::Kind;

ProcessError problem_of(http::ServerError error, const NodeConfig& node) {
    const std::string where = node.peer.address + ":" + std::to_string(node.peer.port);
    const std::string change = "change it under [node.peer] of " + node.member + ".";
    switch (error) {
        case http::ServerError::kPortInUse:
            return {Kind::kPort, "another program listens at " + where, "Stop it, or " + change};
        case http::ServerError::kAddress:
            return {Kind::kPort, where + " is not an address of this machine", "Please " + change};
        case http::ServerError::kCertificate:
            return {Kind::kConfig,
                    node.http.certificate + " and " + node.http.private_key +
                        " are not a certificate and its key",
                    {}};
        case http::ServerError::kSystem:
            break;
    }
    return {Kind::kPort, "cannot listen at " + where, {}};
}

}  // namespace

MemberChannel::MemberChannel(Ports ports, telemetry::Logger log)
    : node_(ports.node),
      tokens_(ports.tokens),
      metrics_(ports.metrics),
      certificate_pem_(std::move(ports.certificate_pem)),
      private_key_pem_(std::move(ports.private_key_pem)),
      log_(std::move(log)),
      directory_(ports.reads) {}

MemberChannel::~MemberChannel() {
    stop();
}

Result<std::unique_ptr<MemberChannel>, ProcessError> MemberChannel::open(
    Ports ports, const telemetry::Logger& log) {
    CONSILIUM_ASSERT(ports.node.peer.port != 0);
    auto& vault = ports.vault;
    vault::delivery::ChannelOptions options;
    options.self = ports.node.member;
    options.network = ports.network;
    options.certificate_pem = ports.certificate_pem;
    options.private_key_pem = ports.private_key_pem;
    std::unique_ptr<MemberChannel> out(new MemberChannel(std::move(ports), log));
    auto channel = vault::delivery::Channel::open(std::move(options), vault, out->directory_, log,
                                                  out->metrics_);
    if (!channel) {
        return fail(ProcessError{
            Kind::kDisk,
            "the messages that " + out->node_.member + "'s vault has queued cannot be read",
            "'consilium vault verify' says whether the vault is whole."});
    }
    out->channel_ = std::move(*channel);
    return out;
}

Status<ProcessError> MemberChannel::start() {
    channel_->add_routes(router_);
    http::ServerOptions options;
    options.address = node_.peer.address;
    options.port = static_cast<std::uint16_t>(node_.peer.port);
    options.certificate_pem = certificate_pem_;
    options.private_key_pem = private_key_pem_;
    options.name_of_client = channel_->name_of_client();
    options.name = "peer";
    auto server = http::Server::start(std::move(options), router_, tokens_, log_, metrics_);
    if (!server) return fail(problem_of(server.error(), node_));
    server_ = std::move(*server);
    channel_->start();
    return Done{};
}

void MemberChannel::stop() {
    // The server first: it hands what comes to the channel.
    if (server_) server_->stop();
    if (channel_) channel_->stop();
}

}  // namespace consilium::node
