// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/tls.hpp"

namespace consilium::http {

struct TestReply {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
};

// A blocking HTTP/1.1 client over TLS for tests: it sends whatever bytes it is given.
class TestClient {
 public:
    enum class Tls { k13, k12 };
    // Trusts the server with exactly this certificate; an empty one trusts any.
    explicit TestClient(std::uint16_t port, const std::string& certificate_pem = "",
                        Tls version = Tls::k13);
    ~TestClient();

    [[nodiscard]] bool connected() const;  // the TLS handshake has succeeded
    // False when the peer has closed.
    bool send(std::string_view bytes);
    // The next answer; nothing when the connection ends or `timeout` passes first. With `head`, an
    // answer to HEAD: no body follows.
    [[nodiscard]] std::optional<TestReply> read(
        bool head = false, std::chrono::milliseconds timeout = std::chrono::seconds(10));
    // Bytes of an endless answer until `text` has been seen, or what came until then.
    [[nodiscard]] std::string read_until(
        std::string_view text, std::chrono::milliseconds timeout = std::chrono::seconds(10));
    // True when the peer closes, with nothing more to read, within the time.
    [[nodiscard]] bool closed(std::chrono::milliseconds timeout = std::chrono::seconds(10));
    // Says that no more is sent (TLS close_notify) but goes on reading.
    void finish_sending();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

// The same certificate and key, but for a time that is over (minutes < 0) or still to come.
[[nodiscard]] Certificate moved_in_time(const Certificate& certificate, int minutes);

}  // namespace consilium::http
