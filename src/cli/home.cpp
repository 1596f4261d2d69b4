// SPDX-License-Identifier: Apache-2.0
#include "cli/home.hpp"

#include <cerrno>
#include <chrono>
#include <fstream>
#include <iostream>

#include "node/text_file.hpp"

namespace consilium::cli {

Result<std::vector<node::UserEntry>, Problem> load_users(const std::filesystem::path& file) {
    auto text = read_file(file);
    if (!text) return fail(text.error());
    auto users = node::parse_users(*text);
    if (!users) {
        return fail(Problem{Exit::kUsage, "the user list " + file.string() + " " + users.error(),
                            "Restore it from a backup."});
    }
    return std::move(users).value();
}

Result<std::string, Problem> read_file(const std::filesystem::path& file, std::size_t bytes_max) {
    errno = 0;
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) {
        return fail(Problem{Exit::kDisk, file.string() + " is a folder, not a file", {}});
    }
    std::ifstream in(file, std::ios::binary);
    const bool opened = in.is_open();
    auto content = opened ? node::read_stream(in, bytes_max) : std::optional<std::string>();
    if (!opened || in.bad()) {
        return fail(Problem{
            Exit::kDisk, "cannot read " + file.string() + ": " + node::reason_of(errno), {}});
    }
    if (!content) {
        return fail(Problem{
            Exit::kUsage, file.string() + " is too large: at most " + size_text(bytes_max), {}});
    }
    return std::move(*content);
}

Result<std::string, Problem> read_input(const std::string& file) {
    if (file != "-") return read_file(file);
    auto text = node::read_stream(std::cin, kFileBytesMax);
    if (!text) {
        return fail(Problem{
            Exit::kUsage, "standard input is too large: at most " + size_text(kFileBytesMax), {}});
    }
    return std::move(*text);
}

Status<Problem> write_file(const std::filesystem::path& file, std::string_view content) {
    errno = 0;
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.flush();
    if (!out) {
        return fail(Problem{
            Exit::kDisk, "cannot write " + file.string() + ": " + node::reason_of(errno), {}});
    }
    return Done{};
}

UnixMs now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return {static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(since).count())};
}

}  // namespace consilium::cli
