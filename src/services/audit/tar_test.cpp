// SPDX-License-Identifier: Apache-2.0
#include "services/audit/tar.hpp"

#include <gtest/gtest.h>

namespace consilium::services::audit {
namespace {

const PackageFiles kFiles{{"a/empty", Bytes()},
                          {"a/full", Bytes(512, 'x')},
                          {"b.json", Bytes("one byte more") + Bytes(1, '\0')}};

TEST(Tar, WhatIsWrittenIsRead) {
    const Bytes archive = write_tar(kFiles);
    EXPECT_EQ(archive.size() % 512, 0U);
    EXPECT_EQ(read_tar(archive), kFiles);
    EXPECT_EQ(read_tar(write_tar({})), PackageFiles());
}

TEST(Tar, AnArchiveThatIsCutOffOrAlteredIsNone) {
    const Bytes archive = write_tar(kFiles);
    for (std::size_t size = 0; size + 1024 < archive.size(); size += 256)
        EXPECT_FALSE(read_tar(BytesView(archive).substr(0, size)).has_value()) << size;
    // Any byte that the checksum covers; after its six digits come a zero and a space.
    for (std::size_t at = 0; at < 512; ++at) {
        Bytes altered = archive;
        altered[at] = static_cast<char>(altered[at] ^ 0x40);
        EXPECT_EQ(read_tar(altered).has_value(), at == 154 || at == 155) << at;
    }
    EXPECT_FALSE(read_tar(archive.substr(0, 512) + archive).has_value()) << "a name twice";
}

TEST(Tar, NamesStayInTheFolder) {
    for (const char* good : {"a", "a/b-c_d.e", "proofs/0f/link.receipt"})
        EXPECT_TRUE(is_package_name(good)) << good;
    for (const char* bad :
         {"", "/a", "a/", "a//b", "..", "a/../b", ".a", "a/.", "a\\b", "a b", "a:b", "\xc3\xa4"})
        EXPECT_FALSE(is_package_name(bad)) << bad;
    EXPECT_TRUE(is_package_name(std::string(100, 'a')));
    EXPECT_FALSE(is_package_name(std::string(101, 'a')));
}

}  // namespace
}  // namespace consilium::services::audit
