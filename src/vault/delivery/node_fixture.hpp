// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/server.hpp"
#include "http/tls.hpp"
#include "vault/delivery/channel.hpp"
#include "vault/delivery/delivery_fixture.hpp"

namespace consilium::vault::delivery {

// One member's node, as far as delivery goes.
class TestNode {
 public:
    TestNode(ledger::MemberId id, TestDirectory& directory)
        : id_(std::move(id)), directory_(directory) {
        certificate_ = *http::make_self_signed({id_, {}, {}, 1});
    }
    ~TestNode() { stop(); }

    // The channel sends at once; `listens` says whether others can reach it.
    void start(bool listens = true) {
        metrics_ = std::make_unique<telemetry::Metrics>();
        ChannelOptions options;
        options.self = id_;
        options.certificate_pem = certificate_.certificate_pem;
        options.private_key_pem = certificate_.private_key_pem;
        options.back_off = {std::chrono::milliseconds(1), std::chrono::milliseconds(20)};
        options.client.answer_timeout = std::chrono::seconds(20);
        auto opened = Channel::open(options, *vault, directory_, {}, *metrics_);
        ASSERT_TRUE(opened.ok());
        channel = std::move(*opened);
        channel->on_receive([this](const Received& message) { return receive(message); });
        if (listens) listen();
        channel->start();
    }
    void listen() {
        router_ = std::make_unique<http::Router>();
        channel->add_routes(*router_);
        http::ServerOptions server;
        server.certificate_pem = certificate_.certificate_pem;
        server.private_key_pem = certificate_.private_key_pem;
        server.name_of_client = channel->name_of_client();
        server.port = port_;
        server.limits.stop_timeout = std::chrono::milliseconds(500);
        auto started = http::Server::start(server, *router_, *tokens_, {}, *metrics_);
        ASSERT_TRUE(started.ok());
        server_ = std::move(*started);
        port_ = server_->port();
        publish();
    }
    void publish() { directory_.set(id_, peer()); }
    Peer peer() const {
        return {"https://127.0.0.1:" + std::to_string(port_),
                *http::tls_key_sha256(certificate_.certificate_pem)};
    }
    void stop() {
        if (server_) server_->stop();
        server_.reset();
        if (channel) channel->stop();
        channel.reset();
    }
    // Waits until so many messages were handed over, at most ten seconds.
    bool wait(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10),
                                 [&] { return seen_.size() >= count; });
    }
    // Every message handed over, in order: sender and bytes.
    std::vector<std::pair<ledger::MemberId, Bytes>> seen() {
        const std::lock_guard lock(mutex_);
        return seen_;
    }
    // Waits until nothing is left to send, at most ten seconds.
    bool drained() {
        for (int i = 0; i < 5000; ++i) {
            if (channel->waiting().empty()) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        return false;
    }
    const http::Certificate& certificate() const { return certificate_; }
    void take_certificate(const TestNode& other) { certificate_ = other.certificate_; }
    std::uint16_t port() const { return port_; }

    TestVault vault;
    std::unique_ptr<Channel> channel;
    // What it says to the next messages; afterwards kDone.
    std::vector<Handled> says;

 private:
    Handled receive(const Received& message) {
        const auto bytes = message.bytes();
        const std::lock_guard lock(mutex_);
        seen_.emplace_back(message.sender(), bytes ? *bytes : "unreadable");
        changed_.notify_all();
        if (says.empty()) return Handled::kDone;
        const auto said = says.front();
        says.erase(says.begin());
        return said;
    }
    ledger::MemberId id_;
    TestDirectory& directory_;
    http::Certificate certificate_;
    std::uint16_t port_ = 0;
    std::unique_ptr<http::Tokens> tokens_ =
        *http::Tokens::create("i", "a", {*http::make_token_key()});
    std::unique_ptr<telemetry::Metrics> metrics_;
    std::unique_ptr<http::Router> router_;
    std::unique_ptr<http::Server> server_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::pair<ledger::MemberId, Bytes>> seen_;
};

}  // namespace consilium::vault::delivery
