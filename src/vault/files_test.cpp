// SPDX-License-Identifier: Apache-2.0
#include "vault/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "vault/crash_files_testing.hpp"

namespace consilium::vault {
namespace {

class SystemFilesTest : public ::testing::Test {
 protected:
    std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("consilium-" + to_hex(crypto::random_bytes(8)));
    Files& files = system_files();

    SystemFilesTest() { std::filesystem::create_directory(folder); }
    ~SystemFilesTest() override { std::filesystem::remove_all(folder); }
};

TEST_F(SystemFilesTest, CreatesReadsReplacesRemoves) {
    const auto path = folder / "a";
    EXPECT_EQ(files.open(path, Open::kRead).error(), FileError::kMissing);
    EXPECT_EQ(files.open(path, Open::kWrite).error(), FileError::kMissing);
    {
        auto file = files.open(path, Open::kCreate);
        ASSERT_TRUE(file.ok());
        ASSERT_TRUE((*file)->write(3, "text").ok());
        EXPECT_EQ((*file)->read(0, 100).value(), Bytes("\0\0\0text", 7));
        EXPECT_EQ((*file)->size().value(), 7U);
        EXPECT_TRUE((*file)->is_private());
        ASSERT_TRUE((*file)->sync().ok());
    }
    EXPECT_EQ(files.open(path, Open::kCreate).error(), FileError::kExists);
    ASSERT_TRUE(replace_file(files, path, "new").ok());
    EXPECT_EQ(read_file(files, path, 3).value(), "new");
    EXPECT_EQ(read_file(files, path, 2).error(), FileError::kIo);
    EXPECT_FALSE(std::filesystem::exists(folder / "a.new"));
    ::chmod(path.c_str(), 0640);
    EXPECT_FALSE(files.open(path, Open::kRead).value()->is_private());
    ASSERT_TRUE(files.remove(path).ok());
    EXPECT_EQ(files.remove(path).error(), FileError::kMissing);
    EXPECT_EQ(files.open(folder / "none" / "a", Open::kCreate).error(), FileError::kMissing);
}

TEST_F(SystemFilesTest, ReplacingOverwritesWhatThereWas) {
    const auto path = folder / "a";
    ASSERT_TRUE(replace_file(files, path, Bytes(200'000, 's')).ok());
    const auto held = files.open(path, Open::kRead);
    ASSERT_TRUE(replace_file(files, path, "new").ok());
    EXPECT_EQ((*held)->read(0, 300'000).value(), Bytes(200'000, '\0'));
}

// At every change of a replacement, whatever of it reached the disk: the old content or the new.
TEST(ReplaceFile, IsAllOrNothing) {
    using testing::CrashFiles;
    for (std::size_t at = 0;; ++at) {
        CrashFiles disk;
        ASSERT_TRUE(replace_file(disk, "a", "the old content").ok());
        disk.crash_after(at);
        const bool done = replace_file(disk, "a", "the new content, longer").ok();
        for (const CrashFiles::Data data : CrashFiles::kAllData) {
            for (const bool names : {false, true}) {
                CrashFiles after = disk.after_crash(data, names);
                const Bytes found = read_file(after, "a", 100).value();
                EXPECT_TRUE(found == "the new content, longer" ||
                            (!done && found == "the old content"));
            }
        }
        if (done) {
            EXPECT_GE(at, 6U);
            break;
        }
    }
}

}  // namespace
}  // namespace consilium::vault
