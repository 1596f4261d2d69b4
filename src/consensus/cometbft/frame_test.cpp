// SPDX-License-Identifier: Apache-2.0
#include "consensus/cometbft/frame.hpp"

#include <gtest/gtest.h>

namespace consilium::consensus::cometbft {
namespace {

void feed(FrameReader& reader, BytesView bytes) {
    std::memcpy(reader.room(bytes.size()), bytes.data(), bytes.size());
    reader.received(bytes.size());
}

std::vector<Bytes> all(FrameReader& reader) {
    std::vector<Bytes> out;
    while (true) {
        const auto message = reader.next();
        EXPECT_TRUE(message.ok());
        if (!message.ok() || !*message) return out;
        out.emplace_back(**message);
    }
}

TEST(FrameTest, MessagesCutAnywhereComeOutWhole) {
    const std::vector<Bytes> messages{"", "a", Bytes(127, 'b'), Bytes(128, 'c'), Bytes(70'000, 'd'),
                                      "", "e"};
    Bytes stream;
    for (const Bytes& message : messages)
        append_frame(stream, message);
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{4099}}) {
        FrameReader reader;
        std::vector<Bytes> read;
        for (std::size_t at = 0; at < stream.size(); at += step) {
            feed(reader, BytesView(stream).substr(at, step));
            for (Bytes& message : all(reader))
                read.push_back(std::move(message));
        }
        EXPECT_EQ(read, messages) << "in steps of " << step;
    }
}

TEST(FrameTest, SaysHowMuchIsMissing) {
    FrameReader reader;
    EXPECT_TRUE(all(reader).empty());
    EXPECT_EQ(reader.missing(), 1U);
    feed(reader,
         "\x05"
         "ab");
    EXPECT_TRUE(all(reader).empty());
    EXPECT_EQ(reader.missing(), 3U);
    feed(reader, "cde");
    EXPECT_EQ(all(reader), std::vector<Bytes>{"abcde"});
}

TEST(FrameTest, LengthsAtTheLimitAndAbove) {
    const auto error_of = [](BytesView bytes) -> std::optional<FrameError> {
        FrameReader reader;
        feed(reader, bytes);
        const auto message = reader.next();
        if (message.ok()) return std::nullopt;
        return message.error();
    };
    // 128 MiB = 2^27, and one more.
    EXPECT_EQ(error_of(Bytes("\x80\x80\x80\x40", 4)), std::nullopt);
    EXPECT_EQ(error_of(Bytes("\x81\x80\x80\x40", 4)), FrameError::kTooLong);
    EXPECT_EQ(error_of(Bytes(9, '\xff') + "\x01"), FrameError::kTooLong);
    EXPECT_EQ(error_of(Bytes(9, '\xff') + "\x02"), FrameError::kLength);
    EXPECT_EQ(error_of(Bytes(10, '\x80') + Bytes(1, '\0')), FrameError::kLength);
}

TEST(FrameTest, ALengthOfMoreBytesThanNeededIsRead) {
    // Go's reader takes it; CometBFT never writes it.
    FrameReader reader;
    feed(reader, Bytes("\x81\x00"
                       "x",
                       3));
    EXPECT_EQ(all(reader), std::vector<Bytes>{"x"});
}

}  // namespace
}  // namespace consilium::consensus::cometbft
