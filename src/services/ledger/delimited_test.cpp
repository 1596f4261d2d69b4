// SPDX-License-Identifier: Apache-2.0
#include "services/ledger/delimited.hpp"

#include <gtest/gtest.h>

namespace consilium::services::ledger_api {
namespace {

TEST(Delimited, splits_what_it_joined) {
    const std::vector<Bytes> messages{"", "a", Bytes(127, 'b'), Bytes(128, 'c'),
                                      Bytes(20'000, 'd')};
    Bytes bytes;
    for (const auto& message : messages)
        append_delimited(bytes, message);
    EXPECT_EQ(split_delimited(bytes, 5), messages);
    EXPECT_EQ(split_delimited(bytes, 4), std::nullopt);
    EXPECT_EQ(split_delimited("", 0), std::vector<Bytes>());
    for (const std::size_t cut : {bytes.size() - 1, bytes.size() - 20'000, std::size_t{2}})
        EXPECT_EQ(split_delimited(BytesView(bytes).substr(0, cut), 5), std::nullopt) << cut;
}

TEST(Delimited, refuses_lengths_that_are_not_minimal_or_too_long) {
    EXPECT_EQ(split_delimited(BytesView("\x81\x00a", 3), 1), std::nullopt);
    EXPECT_EQ(split_delimited(BytesView("\x80\x00", 2), 1), std::nullopt);
    EXPECT_EQ(split_delimited("\xff\xff\xff\xff\xff\x01", 1), std::nullopt);
    EXPECT_EQ(split_delimited("\xff\xff\xff\xff\x0f", 1), std::nullopt);
    EXPECT_EQ(split_delimited("\x80", 1), std::nullopt);
    EXPECT_EQ(split_delimited("\x02"
                              "a",
                              1),
              std::nullopt);
}

}  // namespace
}  // namespace consilium::services::ledger_api
