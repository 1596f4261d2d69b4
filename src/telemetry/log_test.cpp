// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>

namespace consilium::telemetry {
namespace {

TEST(Log, writes_one_json_object_per_line) {
    std::vector<std::string> lines;
    const auto log = Logger::to_function(
        [&lines](std::string_view line) { lines.emplace_back(line); }, Level::kInfo);
    Hash32 id;
    id.value[0] = 0xab;
    log.info("test", "a \"quoted\" message\n",
             {{"height", 7U},
              {"delta", -3},
              {"good", true},
              {"id", id},
              Field::name("error", "kOverloaded")});
    ASSERT_EQ(lines.size(), 1U);
    const auto parsed = boost::json::parse(lines[0]).as_object();
    EXPECT_EQ(parsed.at("level").as_string(), "info");
    EXPECT_EQ(parsed.at("component").as_string(), "test");
    EXPECT_EQ(parsed.at("message").as_string(), "a \"quoted\" message ");
    EXPECT_EQ(parsed.at("height").as_int64(), 7);
    EXPECT_EQ(parsed.at("delta").as_int64(), -3);
    EXPECT_TRUE(parsed.at("good").as_bool());
    EXPECT_EQ(parsed.at("id").as_string(), "ab" + std::string(62, '0'));
    EXPECT_EQ(parsed.at("error").as_string(), "kOverloaded");
    const auto time = std::string(parsed.at("time").as_string());
    ASSERT_EQ(time.size(), 24U);
    EXPECT_EQ(time[10], 'T');
    EXPECT_EQ(time[23], 'Z');
}

TEST(Log, drops_what_is_below_its_level) {
    int count = 0;
    const auto log = Logger::to_function([&count](std::string_view) { ++count; }, Level::kWarning);
    log.debug("test", "x");
    log.info("test", "x");
    EXPECT_EQ(count, 0);
    log.warning("test", "x");
    log.error("test", "x");
    EXPECT_EQ(count, 2);
    EXPECT_FALSE(Logger().enabled(Level::kError));
    Logger().error("test", "goes nowhere");
}

TEST(Log, names_carry_no_free_text) {
    EXPECT_EQ(Field::name("k", "a b\"}\n<").json(), "\"a?b????\"");
    EXPECT_EQ(Field::name("k", std::string(64, 'a')).json().size(), 66U);
    EXPECT_EQ(Field::name("k", std::string(65, 'a')).json().size(), 66U);
}

TEST(Log, rotates_files_and_refuses_a_path_that_cannot_be_written) {
    const auto dir = std::filesystem::temp_directory_path() /
                     ("consilium_log_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(dir);
    {
        const auto log = Logger::to_file((dir / "node.log").string(), 1024, 2, Level::kInfo);
        ASSERT_TRUE(log.ok());
        for (int i = 0; i < 100; ++i)
            log->info("test", "a line that is repeated until the file rotates", {{"i", i}});
    }
    std::size_t files = 0;
    for (const auto& file : std::filesystem::directory_iterator(dir)) {
        EXPECT_LE(file.file_size(), 1024U);
        ++files;
    }
    EXPECT_EQ(files, 3U);
    std::filesystem::remove_all(dir);
    EXPECT_FALSE(Logger::to_file("/proc/none/node.log", 1024, 1, Level::kInfo).ok());
}

}  // namespace
}  // namespace consilium::telemetry
