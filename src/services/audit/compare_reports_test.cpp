// SPDX-License-Identifier: Apache-2.0
#include "services/audit/compare_reports.hpp"

#include <gtest/gtest.h>

namespace consilium::services::audit {
namespace {

const std::string kProven =
    R"({"report":"r","block":7,"rows":[{"row":"a/1","says":{"x":1,"list":["p","q"]},)"
    R"("transactions":[]},)"
    R"({"row":"a/2","says":{"x":2},"transactions":[]}]})";

std::string with(std::string_view from, std::string_view to) {
    std::string out = kProven;
    const auto at = out.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return out.replace(at, from.size(), to);
}

// The one fault's row and text.
std::pair<std::string, std::string> fault_of(const std::string& shown) {
    const auto faults = compare_reports("f", kProven, shown, {});
    EXPECT_EQ(faults.size(), 1U) << shown;
    if (faults.empty()) return {};
    EXPECT_EQ(faults.front().file, "f");
    return {faults.front().row, faults.front().what};
}

TEST(CompareReports, TheSameIsTheSame) {
    EXPECT_TRUE(compare_reports("f", kProven, kProven, {}).empty());
}

TEST(CompareReports, EveryDifferenceIsNamed) {
    EXPECT_EQ(fault_of(with(R"("x":1)", R"("x":3)")),
              std::pair(std::string("a/1"), std::string("the field says.x is 3, and proven is 1")));
    EXPECT_EQ(fault_of(with(R"("q")", R"("z")")).second,
              R"(the field says.list[1] is "z", and proven is "q")");
    EXPECT_EQ(
        fault_of(with(R"("x":2)", R"("y":2,"x":2)")),
        std::pair(std::string("a/2"), std::string("the field says.y is borne out by nothing")));
    EXPECT_EQ(fault_of(with(R"("x":1,)", "")).second, "the field says.x is left out");
    EXPECT_EQ(fault_of(with(R"("block":7)", R"("block":8)")).second,
              "the field block is 8, and proven is 7");
    EXPECT_EQ(fault_of(with("\"rows\":[", R"("rows":[{"row":"a/3"},)")),
              std::pair(std::string("a/3"),
                        std::string("the report has this row, and nothing that is proven bears "
                                    "it out")));
    EXPECT_EQ(fault_of(with(R"(,{"row":"a/2","says":{"x":2},"transactions":[]})", "")),
              std::pair(std::string("a/2"),
                        std::string("this row is proven and left out of the report")));
    const std::string twice =
        R"("transactions":[]},{"row":"a/2","says":{"x":2},"transactions":[]}]})";
    EXPECT_EQ(fault_of(with("\"transactions\":[]}]}", twice)).second,
              "the report has this row more than once");
    EXPECT_EQ(fault_of(kProven + " ").second,
              "the file says the same in other bytes: it was altered");
    EXPECT_NE(fault_of("{").second.find("not JSON"), std::string::npos);
    EXPECT_EQ(fault_of("[]").second, "the report is no object");
}

TEST(CompareReports, RowsKeepTheirOrder) {
    const std::string first = R"({"row":"a/1","says":{"x":1,"list":["p","q"]},"transactions":[]})";
    const std::string second = R"({"row":"a/2","says":{"x":2},"transactions":[]})";
    EXPECT_EQ(fault_of(with(first + "," + second, second + "," + first)).second,
              "the rows are not in the order in which they came to the ledger");
}

TEST(CompareReports, TransactionsOfUntracedRowsAreNotCompared) {
    const std::string shown = with(R"("q"]},"transactions":[])", R"("q"]},"transactions":[1])");
    EXPECT_EQ(compare_reports("f", kProven, shown, {}).size(), 1U);
    EXPECT_TRUE(compare_reports("f", kProven, shown, {"a/1"}).empty());
    EXPECT_EQ(compare_reports("f", kProven, shown, {"a/2"}).size(), 1U);
}

}  // namespace
}  // namespace consilium::services::audit
