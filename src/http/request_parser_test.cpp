// SPDX-License-Identifier: Apache-2.0
#include "http/request_parser.hpp"

#include <gtest/gtest.h>

namespace consilium::http {
namespace {

constexpr std::size_t kHeaderMax = 1024;
constexpr std::size_t kBodyMax = 100;

// Feeds `bytes` in pieces of `step` and writes down what the parser said: "POST /a [body];".
std::string run(std::string_view bytes, std::size_t step = std::string_view::npos) {
    RequestParser parser(kHeaderMax);
    std::string out;
    std::string waiting;
    std::size_t fed = 0;
    while (true) {
        std::size_t consumed = 0;
        const auto event = parser.next(waiting, consumed);
        if (event == RequestParser::Event::kHead) {
            out += std::string(to_string(parser.head().method)) + " " +
                   std::string(parser.head().target) + " ";
            parser.body_limit(kBodyMax, true);
        }
        waiting.erase(0, consumed);
        if (event == RequestParser::Event::kMessage) out += "[" + parser.body() + "];";
        if (event == RequestParser::Event::kError) return out + to_string(parser.error());
        if (event != RequestParser::Event::kNeedMore) continue;
        if (fed == bytes.size()) return out + (waiting.empty() && !parser.in_body() ? "" : "...");
        const auto piece = bytes.substr(fed, step);
        waiting += piece;
        fed += piece.size();
    }
}

const std::string kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string kPost = "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
const std::string kChunked =
    "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n";

TEST(RequestParser, splits_pipelined_requests_however_they_are_cut) {
    const auto all = kGet + kPost + kChunked + kGet;
    const std::string expected = "GET /a [];POST /b [abc];POST /c [abcde];GET /a [];";
    EXPECT_EQ(run(all), expected);
    for (std::size_t step = 1; step <= all.size(); ++step)
        ASSERT_EQ(run(all, step), expected) << step;
}

TEST(RequestParser, never_takes_a_truncated_request_for_a_whole_one) {
    for (const auto& whole : {kGet, kPost, kChunked}) {
        for (std::size_t size = 1; size < whole.size(); ++size) {
            const auto said = run(whole.substr(0, size));
            ASSERT_EQ(said.find(';'), std::string::npos) << said;
        }
    }
}

TEST(RequestParser, ignores_an_empty_line_before_a_request) {
    EXPECT_EQ(run("\r\n" + kGet), "GET /a [];");
    EXPECT_EQ(run("\r\n" + kGet, 1), "GET /a [];");
    EXPECT_EQ(run("\n" + kGet), "malformed");
    // One of them, between requests too, however they arrive.
    const auto between = kPost + "\r\n" + kGet;
    const auto three = kPost + "\r\n\r\n\r\n" + kGet;
    for (std::size_t step = 1; step <= three.size(); ++step) {
        ASSERT_EQ(run(between, step), "POST /b [abc];GET /a [];") << step;
        ASSERT_EQ(run(three, step), "POST /b [abc];malformed") << step;
    }
}

TEST(RequestParser, limits_the_header_of_a_chunk_and_the_trailer_however_they_are_cut) {
    const std::string head = "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    const auto chunk = [&head](std::size_t line) {
        return head + "3;" + std::string(line - 4, 'x') + "\r\nabc\r\n0\r\n\r\n";
    };
    const auto trailer = [&head](std::size_t bytes) {
        return head + "0\r\nT: " + std::string(bytes - 10, 'x') + "\r\n\r\n";
    };
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::string::npos}) {
        EXPECT_EQ(run(chunk(kHeaderMax), step), "POST /c [abc];") << step;
        EXPECT_EQ(run(chunk(kHeaderMax + 1), step), "POST /c header-too-large") << step;
        EXPECT_EQ(run(trailer(kHeaderMax), step), "POST /c [];") << step;
        EXPECT_EQ(run(trailer(kHeaderMax + 1), step), "POST /c header-too-large") << step;
    }
}

// Shapes by which two servers can be made to see different requests in the same bytes.
TEST(RequestParser, refuses_what_smuggles) {
    const auto with = [](const std::string& fields, const std::string& body = "") {
        return run("POST /a HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body);
    };
    const std::string chunks = "3\r\nabc\r\n0\r\n\r\n";
    for (const auto* fields : {
             "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
             "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
             "Content-Length: 3\r\nContent-Length: 3\r\n",
             "Content-Length: 3\r\nContent-Length: 4\r\n",
             "Content-Length: 3, 3\r\n",
             "Content-Length: +3\r\n",
             "Content-Length: -3\r\n",
             "Content-Length: 0x3\r\n",
             "Content-Length: 3 3\r\n",
             "Content-Length:\r\n",
             "Content-Length: 18446744073709551616\r\n",
             "Content-Length : 3\r\n",
             "Transfer-Encoding: chunked, chunked\r\n",
             "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
             "Transfer-Encoding: gzip, chunked\r\n",
             "Transfer-Encoding: identity\r\n",
             "Transfer-Encoding: xchunked\r\n",
             "Transfer-Encoding: \"chunked\"\r\n",
             "Transfer-Encoding : chunked\r\n",
             " Transfer-Encoding: chunked\r\n",
             "X: a\r\n folded\r\n",
             "X: a\r\n\tContent-Length: 3\r\n",
             "X: a\nContent-Length: 3\r\n",
             "X: a\rContent-Length: 3\r\n",
             "X\r\n",
             ": x\r\n",
             "X y: z\r\n",
             "Host: y\r\n",
             "Authorization: a\r\nAuthorization: b\r\n",
             "Content-Type: a\r\nContent-Type: b\r\n",
         }) {
        const auto said = with(fields, chunks);
        EXPECT_EQ(said.find(';'), std::string::npos) << fields << said;
        EXPECT_EQ(said.find("..."), std::string::npos) << fields << said;
    }
    std::string with_nul = "X: a";
    with_nul += '\0';
    EXPECT_EQ(with(with_nul + "\r\n").find(';'), std::string::npos);
}

TEST(RequestParser, refuses_bad_chunks) {
    const auto body = [](const std::string& chunks) {
        return run("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
    };
    EXPECT_EQ(body("0\r\n\r\n"), "POST /a [];");
    for (const auto* chunks :
         {"x\r\nabc\r\n0\r\n\r\n", "-1\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "3\nabc\r\n0\r\n\r\n",
          "3\r\nabc0\r\n\r\n\r\n", "\r\n\r\n", "ffffffffffffffff1\r\n", "3 \r\nabc\r\n0\r\n\r\n ",
          "0x3\r\nabc\r\n0\r\n\r\n"}) {
        const auto said = body(chunks);
        EXPECT_EQ(said.find(';'), std::string::npos) << chunks << said;
    }
    // A chunk's extension is limited as a header is.
    EXPECT_EQ(body("3;" + std::string(2 * kHeaderMax, 'x')), "POST /a header-too-large");
}

TEST(RequestParser, limits_bodies) {
    const auto chunked = [](std::size_t size) {
        std::array<char, 16> hex{};
        std::snprintf(hex.data(), hex.size(), "%zx", size);
        return run("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                   std::string(hex.data()) + "\r\n" + std::string(size, 'b') + "\r\n0\r\n\r\n");
    };
    EXPECT_EQ(chunked(kBodyMax), "POST /a [" + std::string(kBodyMax, 'b') + "];");
    EXPECT_EQ(chunked(kBodyMax + 1), "POST /a body-too-large");
}

TEST(RequestParser, limits_headers) {
    const auto of_size = [](std::size_t size) {
        const std::string start = "GET /a HTTP/1.1\r\nHost: x\r\nX: ";
        return start + std::string(size - start.size() - 4, 'x') + "\r\n\r\n";
    };
    EXPECT_EQ(run(of_size(kHeaderMax)), "GET /a [];");
    EXPECT_EQ(run(of_size(kHeaderMax), 1), "GET /a [];");
    EXPECT_EQ(run(of_size(kHeaderMax + 1)), "header-too-large");
    EXPECT_EQ(run(of_size(kHeaderMax + 1), 1), "header-too-large");
    EXPECT_EQ(run(std::string(kHeaderMax + 1, 'x')), "header-too-large");
}

TEST(RequestParser, refuses_other_versions_and_requests_without_a_host) {
    EXPECT_EQ(run("GET /a HTTP/1.0\r\nHost: x\r\n\r\n"), "version");
    EXPECT_EQ(run("GET /a HTTP/2.0\r\nHost: x\r\n\r\n"), "malformed");
    EXPECT_EQ(run("GET /a\r\n\r\n"), "malformed");
    EXPECT_EQ(run("GET /a HTTP/1.1\r\n\r\n"), "host");
    EXPECT_EQ(run("GET /a HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"), "host");
    EXPECT_EQ(run("GET  /a HTTP/1.1\r\nHost: x\r\n\r\n"), "malformed");
    EXPECT_EQ(run("G\x80T /a HTTP/1.1\r\nHost: x\r\n\r\n"), "malformed");
    EXPECT_EQ(run("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "malformed");
}

}  // namespace
}  // namespace consilium::http
