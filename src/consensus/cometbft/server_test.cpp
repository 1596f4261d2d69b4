// SPDX-License-Identifier: Apache-2.0
#include "consensus/cometbft/server.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <fstream>

#include "consensus/cometbft/frame.hpp"
#include "consensus/cometbft/list_application_testing.hpp"

namespace consilium::consensus::cometbft {
namespace {

// One connection, as the daemon makes it.
class Client {
 public:
    explicit Client(const std::filesystem::path& path)
        : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.string().size());
        connected =
            ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~Client() { ::close(fd_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void send(BytesView bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void send(const wire::Request& request) {
        Bytes frame;
        append_frame(frame, request.SerializeAsString());
        send(frame);
    }
    // The next answer; nothing when the server has ended the connection.
    std::optional<wire::Response> receive() {
        while (true) {
            const auto message = reader_.next();
            EXPECT_TRUE(message.ok());
            if (!message.ok()) return std::nullopt;
            if (*message) {
                wire::Response response;
                EXPECT_TRUE(response.ParseFromString(Bytes(**message)));
                return response;
            }
            const ssize_t read = ::recv(fd_, reader_.room(65536), 65536, 0);
            if (read <= 0) return std::nullopt;
            reader_.received(static_cast<std::size_t>(read));
        }
    }
    bool connected = false;

 private:
    int fd_;
    FrameReader reader_;
};

wire::Request echo(const std::string& text) {
    wire::Request request;
    request.mutable_echo()->set_message(text);
    return request;
}

class ServerTest : public ::testing::Test {
 protected:
    void SetUp() override {
        auto name = (std::filesystem::temp_directory_path() / "abci-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        directory_ = name;
        path_ = directory_ / "abci.sock";
        start();
    }
    void TearDown() override {
        server_.reset();
        std::filesystem::remove_all(directory_);
    }
    void start() {
        auto server = AbciServer::start(path_, abci_);
        ASSERT_TRUE(server.ok()) << to_string(server.error());
        server_ = std::move(server).value();
    }

    std::filesystem::path directory_;
    std::filesystem::path path_;
    ListApplication application_;
    Abci abci_{application_, {}};
    std::unique_ptr<AbciServer> server_;
};

TEST_F(ServerTest, FourConnectionsInterleaved) {
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 4; ++i) {
        clients.push_back(std::make_unique<Client>(path_));
        ASSERT_TRUE(clients.back()->connected);
    }
    for (int round = 0; round < 50; ++round) {
        for (std::size_t i = 0; i < clients.size(); ++i)
            clients[i]->send(echo(std::to_string(round) + "/" + std::to_string(i)));
        for (std::size_t i = clients.size(); i-- > 0;) {
            const auto answer = clients[i]->receive();
            ASSERT_TRUE(answer);
            EXPECT_EQ(answer->echo().message(), std::to_string(round) + "/" + std::to_string(i));
        }
    }
    EXPECT_EQ(server_->connections(), 4U);
}

TEST_F(ServerTest, AThousandPipelinedChecksWrittenInPieces) {
    Bytes stream;
    for (int i = 0; i < 1000; ++i) {
        wire::Request request;
        request.mutable_check_tx()->set_tx(i % 7 == 0 ? "m:bad" : "m:" + Bytes(300, 'x'));
        append_frame(stream, request.SerializeAsString());
    }
    wire::Request flush;
    flush.mutable_flush();
    append_frame(stream, flush.SerializeAsString());
    Client client(path_);
    std::thread writer([&] {
        for (std::size_t at = 0; at < stream.size(); at += 1013)
            client.send(BytesView(stream).substr(at, 1013));
    });
    for (int i = 0; i < 1000; ++i) {
        const auto answer = client.receive();
        ASSERT_TRUE(answer && answer->has_check_tx());
        EXPECT_EQ(answer->check_tx().code(), i % 7 == 0 ? 1U : 0U);
    }
    const auto last = client.receive();
    EXPECT_TRUE(last && last->has_flush());
    writer.join();
}

TEST_F(ServerTest, AnItemOfTenMegabytesAndAReaderThatIsSlow) {
    Client client(path_);
    const std::string large(10U << 20U, 'y');
    std::thread writer([&] {
        for (int i = 0; i < 5; ++i)
            client.send(echo(large));
    });
    for (int i = 0; i < 5; ++i) {
        const auto answer = client.receive();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->echo().message(), large);
    }
    writer.join();
}

TEST_F(ServerTest, NoiseEndsThatConnectionAlone) {
    Client other(path_);
    for (const Bytes& noise :
         {Bytes(11, '\xff'), Bytes("\x81\x80\x80\x40", 4), Bytes("\x01\xff")}) {
        Client client(path_);
        client.send(echo("first"));
        client.send(noise);
        const auto first = client.receive();
        ASSERT_TRUE(first);
        EXPECT_EQ(first->echo().message(), "first");
        auto next = client.receive();
        if (next) {
            EXPECT_TRUE(next->has_exception());
            next = client.receive();
        }
        EXPECT_FALSE(next);
    }
    other.send(echo("still here"));
    const auto answer = other.receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->echo().message(), "still here");
}

TEST_F(ServerTest, ConnectionsThatEndMakeRoom) {
    for (std::size_t i = 0; i < 3 * AbciServer::kConnectionsMax; ++i) {
        Client client(path_);
        client.send(echo("x"));
        ASSERT_TRUE(client.receive());
    }
}

TEST_F(ServerTest, TheSocketIsItsOwnersAlone) {
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(ServerTest, OneServerPerSocketAndAStaleFileIsReplaced) {
    const auto second = AbciServer::start(path_, abci_);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error(), SocketError::kInUse);
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(path_));
    {
        // As a process leaves it that was killed.
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path_.c_str(), path_.string().size());
        ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        ::close(fd);
    }
    ASSERT_TRUE(std::filesystem::exists(path_));
    start();
    EXPECT_TRUE(Client(path_).connected);
}

TEST_F(ServerTest, AFileThatIsNoSocketStays) {
    const auto file = directory_ / "other";
    std::ofstream(file) << "kept";
    const auto server = AbciServer::start(file, abci_);
    ASSERT_FALSE(server.ok());
    EXPECT_EQ(std::filesystem::file_size(file), 4U);
}

TEST_F(ServerTest, PathsAtTheLimitAndAbove) {
    const std::string directory = directory_.string();
    const auto of_length = [&](std::size_t length) {
        return directory + "/" + std::string(length - directory.size() - 1, 's');
    };
    EXPECT_TRUE(AbciServer::start(of_length(107), abci_).ok());
    const auto longer = AbciServer::start(of_length(108), abci_);
    ASSERT_FALSE(longer.ok());
    EXPECT_EQ(longer.error(), SocketError::kPathTooLong);
}

TEST_F(ServerTest, StopEndsWhoWaits) {
    Client client(path_);
    client.send(echo("x"));
    ASSERT_TRUE(client.receive());
    std::thread waiter([&] { EXPECT_FALSE(client.receive()); });
    server_->stop();
    waiter.join();
    server_->stop();
    EXPECT_EQ(server_->connections(), 0U);
    EXPECT_FALSE(Client(path_).connected);
}

}  // namespace
}  // namespace consilium::consensus::cometbft
