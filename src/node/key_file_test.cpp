// SPDX-License-Identifier: Apache-2.0
#include "node/key_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/hex.hpp"

namespace consilium::node {
namespace {

class KeyFile : public ::testing::Test {
 protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "keyfileXXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path folder_;
};

TEST_F(KeyFile, KeepsBothKindsOfKey) {
    for (const auto algorithm : {crypto::Algorithm::kEd25519, crypto::Algorithm::kP256Sha256}) {
        const auto key = crypto::SigningKey::generate(algorithm);
        const auto path = folder_ / std::string(algorithm_name(algorithm));
        ASSERT_TRUE(save_key_file(path, key).ok());
        struct stat info {};
        ASSERT_EQ(::stat(path.c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 0777U, 0600U);
        const auto read = load_key_file(path);
        ASSERT_TRUE(read.ok()) << read.error();
        EXPECT_EQ(read->public_key(), key.public_key());
        EXPECT_TRUE(crypto::verify(algorithm, key.public_key(), "m", read->sign("m")));
    }
}

TEST_F(KeyFile, NeverReplacesAKey) {
    const auto key = crypto::SigningKey::generate();
    ASSERT_TRUE(save_key_file(folder_ / "k", key).ok());
    EXPECT_FALSE(save_key_file(folder_ / "k", crypto::SigningKey::generate()).ok());
    EXPECT_EQ(load_key_file(folder_ / "k")->public_key(), key.public_key());
}

TEST_F(KeyFile, RefusesWhatOthersCanRead) {
    ASSERT_TRUE(save_key_file(folder_ / "k", crypto::SigningKey::generate()).ok());
    for (const unsigned mode : {0640U, 0604U, 0620U, 0601U}) {
        ASSERT_EQ(::chmod((folder_ / "k").c_str(), mode), 0);
        const auto read = load_key_file(folder_ / "k");
        ASSERT_FALSE(read.ok());
        EXPECT_NE(read.error().find("chmod 600"), std::string::npos);
    }
    ASSERT_EQ(::chmod((folder_ / "k").c_str(), 0400), 0);
    EXPECT_TRUE(load_key_file(folder_ / "k").ok());
    EXPECT_FALSE(load_key_file(folder_ / "missing").ok());
    EXPECT_FALSE(load_key_file(folder_).ok());
}

TEST_F(KeyFile, RefusesEveryDamage) {
    const std::string good = format_key_file(crypto::SigningKey::generate());
    ASSERT_TRUE(parse_key_file(good).ok());
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 1);
        EXPECT_FALSE(parse_key_file(bad).ok()) << "byte " << i;
        EXPECT_FALSE(parse_key_file(good.substr(0, i)).ok()) << "cut at " << i;
    }
    EXPECT_FALSE(parse_key_file(good + "\n").ok());
    EXPECT_FALSE(parse_key_file(good + good).ok());
}

TEST_F(KeyFile, ErrorsShowNoSecret) {
    const auto key = crypto::SigningKey::generate();
    std::string text = format_key_file(key);
    text.replace(text.find("public ") + 7, 2, "zz");
    const auto read = parse_key_file(text);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().find(to_hex(key.seed()).substr(0, 6)), std::string::npos);
}

}  // namespace
}  // namespace consilium::node
