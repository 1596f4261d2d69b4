// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

#include "http/client_testing.hpp"
#include "http/server.hpp"
#include "http/tls.hpp"

namespace consilium::http {

// A server with routes that answer at once, later from another thread, or when the test says so.
class ServerTest : public ::testing::Test {
 protected:
    ServerTest() {
        RouteOptions open;
        open.produces = {Media::kJson, Media::kProtobuf};
        router_.add(Method::kGet, "/open", open,
                    [](Request&, Responder responder) { responder.send(json("{}")); });
        router_.add(Method::kGet, "/echo/{text}", open, [](Request& request, Responder responder) {
            responder.send(json('"' + std::string(request.parameters[0]) + "|" +
                                std::string(request.query) + '"'));
        });
        router_.add(Method::kGet, "/held", open, [this](Request&, Responder responder) {
            const std::lock_guard lock(mutex_);
            held_.push_back(std::move(responder));
        });
        router_.add(Method::kGet, "/dropped", open, [](Request&, Responder) {});
        auto heavy = open;
        heavy.heavy = true;
        router_.add(Method::kGet, "/heavy", heavy, [this](Request&, Responder responder) {
            ++heavy_running_;
            most_heavy_ = std::max(most_heavy_.load(), heavy_running_.load());
            const std::lock_guard lock(mutex_);
            threads_.emplace_back([this, r = std::move(responder)]() mutable {
                --heavy_running_;
                Bytes body = "{}";
                body.resize(1'000'002, ' ');
                r.send(json(std::move(body)));
            });
        });
        RouteOptions closed = open;
        closed.scope = Scope{"Ledger", 'r'};
        router_.add(Method::kGet, "/closed", closed, [](Request& request, Responder responder) {
            responder.send(json('"' + request.principal->subject + '"'));
        });
        RouteOptions takes = closed;
        takes.scope = Scope{"Ledger", 'c'};
        takes.consumes = {Media::kProtobuf};
        takes.body_bytes_max = 200'000;
        router_.add(Method::kPost, "/post", takes, [](Request& request, Responder responder) {
            responder.send(json(std::to_string(request.body.size())));
        });
        router_.add_batched(Method::kPost, "/batch", takes, [this](std::vector<Exchange> batch) {
            ++batches_;
            // From another thread and in the wrong order: the server puts it right.
            const std::lock_guard lock(mutex_);
            threads_.emplace_back([b = std::move(batch)]() mutable {
                for (auto one = b.rbegin(); one != b.rend(); ++one)
                    one->responder.send(json(one->body));
            });
        });
    }

    void start(ServerLimits limits = {}, unsigned threads = 2) { start({}, limits, threads); }
    void start(NameOfClientKey name_of_client, ServerLimits limits = {}, unsigned threads = 2) {
        ServerOptions options;
        options.name_of_client = std::move(name_of_client);
        options.certificate_pem = certificate_.certificate_pem;
        options.private_key_pem = certificate_.private_key_pem;
        options.threads = threads;
        options.limits = limits;
        auto started = Server::start(options, router_, *tokens_, {}, metrics_);
        ASSERT_TRUE(started.ok());
        server_ = std::move(*started);
    }
    void TearDown() override {
        if (server_) server_->stop();
        held_.clear();
        for (auto& thread : threads_)
            thread.join();
    }

    TestClient client() { return TestClient(server_->port(), certificate_.certificate_pem); }
    std::string token(const std::string& scope = "system/Ledger.cr") {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
        return *tokens_->issue({"user-1", "test", scope, 3600'000},
                               {static_cast<std::uint64_t>(ms)});
    }
    static std::string get(const std::string& target, const std::string& fields = "") {
        return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
    }
    std::string post(const std::string& target, const std::string& body,
                     const std::string& fields = "") {
        return "POST " + target +
               " HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
               "Authorization: Bearer " +
               token_ + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields +
               "\r\n" + body;
    }
    // Waits until so many requests are held.
    void wait_held(std::size_t count) {
        while (true) {
            {
                const std::lock_guard lock(mutex_);
                if (held_.size() >= count) return;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    std::size_t held() {
        const std::lock_guard lock(mutex_);
        return held_.size();
    }
    void release_all(const std::string& body = "{}") {
        std::vector<Responder> all;
        {
            const std::lock_guard lock(mutex_);
            all.swap(held_);
        }
        for (auto& responder : all)
            responder.send(json(body));
    }

    Certificate certificate_ = *make_self_signed({"test", {"localhost"}, {"127.0.0.1"}, 1});
    std::unique_ptr<Tokens> tokens_ =
        *Tokens::create("https://a", "https://a", {*make_token_key()});
    std::string token_ = token();
    telemetry::Metrics metrics_;
    Router router_;
    std::unique_ptr<Server> server_;
    std::mutex mutex_;
    std::vector<Responder> held_;
    std::vector<std::thread> threads_;  // under mutex_ while the server runs
    std::atomic<int> heavy_running_{0};
    std::atomic<int> most_heavy_{0};
    std::atomic<int> batches_{0};
};

}  // namespace consilium::http
