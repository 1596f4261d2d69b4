// SPDX-License-Identifier: Apache-2.0
#include "node/text_file.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

namespace consilium::node {

std::string reason_of(int error) {
    return std::generic_category().message(error);
}

std::optional<std::string> read_stream(std::istream& in, std::size_t bytes_max) {
    std::string content;
    std::string part(64U << 10U, '\0');
    while (in.read(part.data(), static_cast<std::streamsize>(part.size())) || in.gcount() > 0) {
        const auto got = static_cast<std::size_t>(in.gcount());
        if (got > bytes_max - content.size()) return std::nullopt;
        content.append(part, 0, got);
    }
    return content;
}

Result<std::string, std::string> read_text_file(const std::filesystem::path& path,
                                                std::size_t bytes_max) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        return fail(std::string("is a folder, not a file"));
    }
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    if (!in.is_open()) return fail("cannot be read: " + reason_of(errno));
    auto content = read_stream(in, bytes_max);
    if (!content) return fail("is too large: over " + std::to_string(bytes_max) + " bytes");
    if (in.bad()) return fail("cannot be read: " + reason_of(errno));
    return std::move(*content);
}

Status<std::string> check_private(const std::filesystem::path& path, std::string_view what) {
    const std::string name = path.string();
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return fail("cannot read the " + std::string(what) + " " + name + ": " + reason_of(errno));
    }
    if ((info.st_mode & 077U) != 0) {
        return fail("the " + std::string(what) + " " + name +
                    " can be read or written by others than its owner; run: chmod 600 " + name);
    }
    return Done{};
}

}  // namespace consilium::node
