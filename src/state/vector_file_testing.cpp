// SPDX-License-Identifier: Apache-2.0
#include "state/vector_file_testing.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace consilium::state {

void compare_vectors(const std::string& file, const std::string& made) {
    const std::string path = CONSILIUM_SOURCE_DIR "/tests/vectors/state/" + file;
    if (std::getenv("CONSILIUM_WRITE_VECTORS") != nullptr) {
        std::ofstream(path, std::ios::binary) << made;
        return;
    }
    std::ifstream in(path, std::ios::binary);
    std::ostringstream stored;
    stored << in.rdbuf();
    ASSERT_FALSE(stored.str().empty()) << path << " is missing";
    EXPECT_TRUE(stored.str() == made) << path << " differs from what the code makes";
}

}  // namespace consilium::state
