// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace consilium::cli {
namespace {

TEST(Output, TablesAlign) {
    std::ostringstream out;
    std::ostringstream err;
    const Context context{out, err};
    Table table({{"Member"}, {"Height", true}, {"Note"}});
    table.add({"clinic", "9", ""});
    table.add({"häuser", "12345", "x"});
    table.print(context);
    EXPECT_EQ(out.str(),
              "Member  Height  Note\n"
              "clinic       9\n"
              "häuser   12345  x\n");
    EXPECT_EQ(err.str(), "");
}

TEST(Output, NothingThatIsShownMovesTheCursor) {
    EXPECT_EQ(printable("a h\u00e4user.receipt\u00a0~"), "a h\u00e4user.receipt\u00a0~");
    EXPECT_EQ(printable("x\r\x1b[1Agood\n\t\x7f\u009b2J"),
              "x\\x0d\\x1b[1Agood\\x0a\\x09\\x7f\\x9b2J");
    EXPECT_EQ(printable("\xc2"), "\xc2");
    EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
    std::ostringstream out;
    std::ostringstream err;
    Context context{out, err};
    Table table({{"File"}});
    table.add({"\x1b[2K"});
    table.print(context);
    Facts facts;
    facts.add("file", "\rgood");
    facts.print(context);
    context.fail(Exit::kDisk, "cannot read \x1b[2K", "\b");
    EXPECT_EQ(out.str(), "File\n\\x1b[2K\nfile  \\x0dgood\n");
    EXPECT_EQ(err.str(), "consilium: cannot read \\x1b[2K\n  \\x08\n");
}

TEST(Output, NumbersAsPeopleReadThem) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1000), "1,000");
    EXPECT_EQ(grouped(1234567), "1,234,567");
    EXPECT_EQ(duration_text(0), "0.00 ms");
    EXPECT_EQ(duration_text(840), "0.84 ms");
    EXPECT_EQ(duration_text(12'345), "12.3 ms");
    EXPECT_EQ(duration_text(999'999), "1000 ms");
    EXPECT_EQ(duration_text(4'210'000), "4.21 s");
    EXPECT_EQ(duration_text(185'000'000), "3 min 05 s");
    EXPECT_EQ(size_text(1023), "1023 B");
    EXPECT_EQ(size_text(1536), "1.50 KiB");
    EXPECT_EQ(size_text(5ULL << 20U), "5.00 MiB");
}

TEST(Output, ProgressIsForTerminalsOnly) {
    std::ostringstream out;
    std::ostringstream err;
    Context context{out, err};
    {
        Progress progress(context, "Working", 3);
        progress.advance(3);
    }
    EXPECT_EQ(err.str(), "");
    context.err_is_terminal = true;
    {
        Progress progress(context, "Working", 3);
        progress.advance(5);
    }
    EXPECT_NE(err.str().find("100 %"), std::string::npos);
    EXPECT_EQ(out.str(), "");
}

TEST(Output, ExitCodesAreDistinct) {
    std::set<int> codes;
    for (const auto& code : exit_codes())
        codes.insert(static_cast<int>(code.code));
    EXPECT_EQ(codes.size(), exit_codes().size());
    EXPECT_TRUE(codes.count(0) == 1);
}

}  // namespace
}  // namespace consilium::cli
