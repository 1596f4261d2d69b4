// SPDX-License-Identifier: Apache-2.0
#include "node/text_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "node/config.hpp"
#include "node/consortium_fixture.hpp"
#include "node/genesis.hpp"

namespace consilium::node {
namespace {

class TextFile : public ::testing::Test {
 protected:
    std::filesystem::path write(const std::string& content) {
        const auto path = folder_.path() / "file";
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    testing::TemporaryDirectory folder_;
};

TEST_F(TextFile, IsReadUpToTheLimit) {
    for (const std::size_t size : {0U, 1U, 65536U, 65537U, 200'000U}) {
        const std::string content(size, 'x');
        const auto path = write(content);
        const auto read = read_text_file(path, size);
        ASSERT_TRUE(read.ok()) << read.error();
        EXPECT_EQ(*read, content);
        if (size == 0) continue;
        EXPECT_EQ(read_text_file(path, size - 1).error(),
                  "is too large: over " + std::to_string(size - 1) + " bytes");
    }
}

TEST_F(TextFile, WhatIsNoFileOrNeverEndsIsRefused) {
    EXPECT_EQ(read_text_file(folder_.path()).error(), "is a folder, not a file");
    EXPECT_EQ(read_text_file(folder_.path() / "missing").error().rfind("cannot be read: ", 0), 0U);
    EXPECT_EQ(read_text_file("/dev/zero").error(), "is too large: over 1048576 bytes");
    // So are what is read with it.
    for (const std::filesystem::path& path :
         {std::filesystem::path("/dev/zero"), folder_.path(), folder_.path() / "missing"}) {
        const auto config = load_config(path);
        ASSERT_FALSE(config.ok());
        EXPECT_EQ(
            config.error().front().message.rfind(path == "/dev/zero" ? "is too large" : "", 0), 0U);
        EXPECT_FALSE(load_genesis(path).ok());
    }
    EXPECT_EQ(load_config(folder_.path()).error().front().message, "is a folder, not a file");
}

TEST_F(TextFile, ASecretIsForItsOwnerAlone) {
    const auto path = write("secret");
    for (const unsigned mode : {0600U, 0400U}) {
        ASSERT_EQ(::chmod(path.c_str(), mode), 0);
        EXPECT_TRUE(check_private(path, "token key").ok());
    }
    for (const unsigned mode : {0640U, 0604U, 0620U, 0601U, 0644U}) {
        ASSERT_EQ(::chmod(path.c_str(), mode), 0);
        EXPECT_EQ(check_private(path, "token key").error(),
                  "the token key " + path.string() +
                      " can be read or written by others than its owner; run: chmod 600 " +
                      path.string());
    }
    EXPECT_FALSE(check_private(folder_.path() / "missing", "token key").ok());
}

}  // namespace
}  // namespace consilium::node
