// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace consilium::node {

// The files that a configuration names are small; one that never ends must not fill the memory.
inline constexpr std::size_t kTextFileBytesMax = 1U << 20U;

// What the system calls an errno.
[[nodiscard]] std::string reason_of(int error);

// A stream to its end; nothing when that is more than `bytes_max`, and then it is not read further.
[[nodiscard]] std::optional<std::string> read_stream(std::istream& in, std::size_t bytes_max);

// A whole file. One with more than `bytes_max` is not read further. The error goes after the file's
// name: "is a folder, not a file", "cannot be read: ...", "is too large: over ... bytes".
[[nodiscard]] Result<std::string, std::string> read_text_file(
    const std::filesystem::path& path, std::size_t bytes_max = kTextFileBytesMax);

// Whether nobody but its owner may read or write the file (mode 0600 or stricter). `what` it is
// called begins the error, a sentence that names the file and says how to mend it; a file that is
// not there is an error too.
[[nodiscard]] Status<std::string> check_private(const std::filesystem::path& path,
                                                std::string_view what);

}  // namespace consilium::node
