// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>

#include "http/server_fixture.hpp"

// Bodies that are handed over as they come, and answers of a known length that come in pieces.
namespace consilium::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr std::size_t kUploadMax = 8'000'000;

// Takes an upload whole, counts it, and answers with its length.
struct Taker : std::enable_shared_from_this<Taker> {
    std::shared_ptr<Upload> upload;
    Responder responder;
    std::mutex mutex;
    std::condition_variable changed;
    std::uint64_t bytes = 0;
    std::size_t most = 0;
    Upload::State state = Upload::State::kComing;

    void start() {
        upload->start([self = shared_from_this()] { self->take(); });
    }
    // On an IO thread, which a test may.
    void take() {
        for (;;) {
            const auto part = upload->take();
            const std::lock_guard lock(mutex);
            bytes += part.bytes.size();
            most = std::max(most, part.bytes.size());
            state = part.state;
            changed.notify_all();
            if (part.state == Upload::State::kWhole) responder.send(json(std::to_string(bytes)));
            if (part.state != Upload::State::kComing || part.bytes.empty()) return;
        }
    }
    bool wait_for(Upload::State wanted) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, std::chrono::seconds(10), [&] { return state == wanted; });
    }
};

class UploadTest : public ServerTest {
 protected:
    UploadTest() {
        RouteOptions options;
        options.scope = Scope{"Ledger", 'c'};
        options.produces = {Media::kJson};
        options.consumes_any = true;
        options.body_bytes_max = 1000;
        Uploads uploads;
        uploads.takes = [](const RequestFields& fields) {
            return fields.content_type == "application/dicom";
        };
        uploads.bytes_max = kUploadMax;
        uploads.begin = [this](Request& request, std::shared_ptr<Upload> upload,
                               Responder responder) {
            EXPECT_TRUE(request.body.empty());
            EXPECT_EQ(request.principal->subject, "user-1");
            auto taker = std::make_shared<Taker>();
            taker->upload = std::move(upload);
            taker->responder = std::move(responder);
            if (starts_) taker->start();
            const std::lock_guard lock(mutex_);
            takers_.push_back(taker);
            begun_.notify_all();
        };
        router_.add_uploads(
            Method::kPost, "/files", options,
            [](Request& request, Responder responder) {
                responder.send(json("\"held " + std::to_string(request.body.size()) + '"'));
            },
            std::move(uploads));
        router_.add(Method::kGet, "/pieces/{n}", open_route(),
                    [this](Request& request, Responder responder) {
                        send_pieces(std::stoul(std::string(request.parameters[0])),
                                    std::move(responder));
                    });
    }
    static RouteOptions open_route() {
        RouteOptions out;
        out.produces = {Media::kJson};
        return out;
    }
    // A stream that goes on when there is room, and says that it is one byte longer when it is odd.
    void send_pieces(std::size_t size, Responder responder) {
        Response head;
        head.media = Media::kOther;
        head.content_type = "application/dicom";
        head.headers = "ETag: W/\"1\"\r\n";
        struct Pump {
            std::shared_ptr<Stream> stream;
            std::size_t left;
            void run() {
                while (left > 0) {
                    const std::size_t piece = std::min<std::size_t>(left, 100'000);
                    if (!stream->write(Bytes(piece, 'p'))) return;
                    left -= piece;
                }
                stream->close();
            }
        };
        auto pump = std::make_shared<Pump>();
        pump->left = size;
        pump->stream = responder.stream(std::move(head), size + size % 2);
        pump->stream->on_room([pump] { pump->run(); });
        pump->run();
        const std::lock_guard lock(mutex_);
        pumps_.push_back(pump);
    }
    std::string header(const std::string& fields, const std::string& token) const {
        return "POST /files HTTP/1.1\r\nHost: x\r\nContent-Type: application/dicom\r\n"
               "Authorization: Bearer " +
               token + "\r\n" + fields + "\r\n";
    }
    std::string header(const std::string& fields) const { return header(fields, token_); }
    static std::string length(std::size_t n) {
        return "Content-Length: " + std::to_string(n) + "\r\n";
    }
    std::shared_ptr<Taker> taker(std::size_t n = 0) {
        std::unique_lock lock(mutex_);
        begun_.wait_for(lock, std::chrono::seconds(10), [&] { return takers_.size() > n; });
        return takers_.at(n);
    }

    std::atomic<bool> starts_{true};
    std::condition_variable begun_;
    std::vector<std::shared_ptr<Taker>> takers_;
    std::vector<std::shared_ptr<void>> pumps_;
};

TEST_F(UploadTest, hands_a_body_over_as_it_comes) {
    start();
    auto c = client();
    c.send(header(length(kUploadMax)) + std::string(kUploadMax, 'x'));
    EXPECT_EQ(c.read()->body, std::to_string(kUploadMax));
    EXPECT_LE(taker()->most, 2 * ServerLimits().upload_buffer_bytes_max);
    // The connection lives, and takes other kinds of bodies as ever.
    c.send(post("/files", "abc"));
    EXPECT_EQ(c.read()->body, "\"held 3\"");
    c.send(header("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n" + "4\r\ndefg\r\n0\r\n\r\n");
    EXPECT_EQ(c.read()->body, "7");
    c.send(get("/open"));
    EXPECT_EQ(c.read()->status, 200);
}

TEST_F(UploadTest, refuses_by_the_header_before_the_body) {
    start();
    auto c = client();
    c.send(header(length(kUploadMax + 1)));
    EXPECT_EQ(c.read()->status, 413);
    EXPECT_TRUE(c.closed());
    auto d = client();
    d.send(header(length(kUploadMax), "no-token"));
    EXPECT_EQ(d.read()->status, 401);
    auto e = client();
    e.send(header(length(kUploadMax), token("system/Ledger.r")));
    EXPECT_EQ(e.read()->status, 403);
    EXPECT_TRUE(takers_.empty());
    // What is not for uploads keeps its own limit.
    auto f = client();
    f.send(post("/files", std::string(1001, 'x')));
    EXPECT_EQ(f.read()->status, 413);
}

TEST_F(UploadTest, breaks_off_a_chunked_body_above_the_limit) {
    start();
    auto c = client();
    c.send(header("Transfer-Encoding: chunked\r\n"));
    const std::string chunk = "F4240\r\n" + std::string(1'000'000, 'x') + "\r\n";
    for (int i = 0; i < 8; ++i)
        c.send(chunk);
    c.send("1\r\nx\r\n0\r\n\r\n");
    EXPECT_EQ(c.read()->status, 413);
    EXPECT_TRUE(taker()->wait_for(Upload::State::kBroken));
}

TEST_F(UploadTest, reads_nothing_before_it_is_started) {
    starts_ = false;
    start();
    auto c = client();
    c.send(header(length(5) + "Expect: 100-continue\r\n"));
    const auto held = taker();
    EXPECT_EQ(c.read_until("100", milliseconds(30)), "");
    held->start();
    EXPECT_THAT(c.read_until("\r\n\r\n"), HasSubstr("100 Continue"));
    c.send("abcde");
    EXPECT_EQ(c.read()->body, "5");
    // Refused without having been started: "Continue" is never said.
    auto d = client();
    d.send(header(length(5) + "Expect: 100-continue\r\n"));
    taker(1)->responder.send(problem(403, "x", "no"));
    EXPECT_EQ(d.read()->status, 403);
    EXPECT_TRUE(d.closed());
    EXPECT_EQ(taker(1)->upload->take().state, Upload::State::kBroken);
}

TEST_F(UploadTest, does_not_read_what_nobody_takes) {
    starts_ = false;
    ServerLimits limits;
    limits.upload_buffer_bytes_max = 100'000;
    limits.body_timeout = milliseconds(60);  // for slow clients, not for us
    start(limits, 1);
    auto c = client();
    std::thread sender([&] { c.send(header(length(4'000'000)) + std::string(4'000'000, 'x')); });
    const auto held = taker();
    std::atomic<int> told{0};
    held->upload->start([&told] { ++told; });
    for (int i = 0; i < 5000 && told == 0; ++i)
        std::this_thread::sleep_for(milliseconds(1));
    std::this_thread::sleep_for(milliseconds(200));
    std::uint64_t sum = 0;
    for (;;) {
        const auto part = held->upload->take();
        EXPECT_LE(part.bytes.size(), 100'000U + 2 * 64U * 1024U);
        sum += part.bytes.size();
        EXPECT_NE(part.state, Upload::State::kBroken);
        if (part.state != Upload::State::kComing) break;
    }
    EXPECT_EQ(sum, 4'000'000U);
    held->responder.send(json("{}"));
    sender.join();
    EXPECT_EQ(c.read()->status, 200);
}

TEST_F(UploadTest, tells_when_the_client_goes_or_dawdles) {
    ServerLimits limits;
    limits.body_timeout = milliseconds(60);
    start(limits);
    {
        auto c = client();
        c.send(header(length(1000)) + "abc");
        (void)taker();
    }
    EXPECT_TRUE(taker()->wait_for(Upload::State::kBroken));
    auto d = client();
    d.send(header(length(1000)) + "abc");
    EXPECT_EQ(d.read()->status, 408);
    EXPECT_TRUE(taker(1)->wait_for(Upload::State::kBroken));
}

TEST_F(UploadTest, an_early_answer_ends_it) {
    start();
    auto c = client();
    c.send(header(length(1'000'000)) + std::string(1000, 'x'));
    taker()->responder.send(problem(507, "full", "The disk is full"));
    EXPECT_EQ(c.read()->status, 507);
    EXPECT_TRUE(c.closed());
    EXPECT_TRUE(taker()->wait_for(Upload::State::kBroken));
}

TEST_F(UploadTest, limits_how_many_come_at_once) {
    ServerLimits limits;
    limits.uploads_max = 1;
    start(limits);
    auto one = client();
    one.send(header(length(10)) + "abc");
    (void)taker();
    auto two = client();
    two.send(header(length(10)) + "0123456789");
    EXPECT_EQ(two.read()->status, 503);
    one.send("defghij");
    EXPECT_EQ(one.read()->body, "10");
    two.send(header(length(10)) + "0123456789");
    EXPECT_EQ(two.read()->body, "10");
}

TEST_F(UploadTest, stopping_breaks_it_off) {
    start();
    auto c = client();
    c.send(header(length(10)) + "abc");
    const auto held = taker();
    server_->stop();
    EXPECT_TRUE(held->wait_for(Upload::State::kBroken));
}

TEST_F(UploadTest, answers_of_a_known_length_come_in_pieces) {
    start();
    auto c = client();
    c.send(get("/pieces/5000000"));
    const auto reply = c.read();
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->headers.at("content-length"), "5000000");
    EXPECT_EQ(reply->headers.at("content-type"), "application/dicom");
    EXPECT_EQ(reply->headers.at("etag"), "W/\"1\"");
    EXPECT_EQ(reply->body.size(), 5'000'000U);
    EXPECT_TRUE(c.closed());
    // One that ends early is no answer.
    auto d = client();
    d.send(get("/pieces/4999"));
    EXPECT_FALSE(d.read());
    auto e = client();
    e.send("HEAD /pieces/5000 HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto head = e.read(true);
    EXPECT_EQ(head->headers.at("content-length"), "5000");
    EXPECT_EQ(head->body, "");
}

}  // namespace
}  // namespace consilium::http
