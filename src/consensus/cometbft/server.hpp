// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.hpp"
#include "consensus/cometbft/abci.hpp"
#include "consensus/cometbft/unix_socket.hpp"

namespace consilium::consensus::cometbft {

// Listens on a unix socket for the daemon's four connections (abci-cli opens one) and answers each
// on a thread of its own, reading ahead: all requests that have arrived are answered before their
// answers are written, so that CheckTx come in groups. The socket file belongs to its owner alone.
class AbciServer {
 public:
    // More connections than that wait.
    static constexpr std::size_t kConnectionsMax = 16;

    // `abci` outlives the server. A socket file that nobody listens on any more is replaced.
    [[nodiscard]] static Result<std::unique_ptr<AbciServer>, SocketError> start(
        const std::filesystem::path& socket_path, Abci& abci);
    // Stops.
    ~AbciServer();

    // Ends the connections and joins their threads, each after the request at work. Idempotent.
    void stop();

    [[nodiscard]] std::size_t connections() const;

 private:
    struct Impl;
    explicit AbciServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace consilium::consensus::cometbft
