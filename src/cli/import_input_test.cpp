// SPDX-License-Identifier: Apache-2.0
#include "cli/import_input.hpp"

#include <gtest/gtest.h>

namespace consilium::cli {
namespace {

TEST(ImportInput, LinesBecomeBundlesOfAThousand) {
    std::string lines = "\r\n";
    for (int i = 0; i < 1001; ++i)
        lines += R"({"resourceType":"Patient","id":")" + std::to_string(i) + "\"}\r\n\n";
    const auto parts = parts_of_lines("p.ndjson", lines);
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts[0].name, "p.ndjson:2");
    EXPECT_EQ(parts[1].bundle, R"({"resourceType":"Bundle","type":"collection","entry":[)"
                               R"({"resource":{"resourceType":"Patient","id":"1000"}}]})");
    EXPECT_EQ(parts_of_lines("p", "\n\n").size(), 0U);
    const std::string joined = join_parts(parts);
    EXPECT_NE(joined.find(R"("id":"999"}},{"resource":{"resourceType":"Patient","id":"1000"}}]})"),
              std::string::npos);
}

}  // namespace
}  // namespace consilium::cli
