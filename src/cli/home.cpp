// SPDX-License-Identifier: Apache-2.0
#include "cli/home.hpp"

#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <fstream>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "cli/names.hpp"
#include "node/json_text.hpp"
#include "node/text_file.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;

std::optional<std::string> text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(json::string_view(name.data(), name.size()));
    const auto* text = value == nullptr ? nullptr : value->if_string();
    if (text == nullptr) return std::nullopt;
    return std::string(text->data(), text->size());
}

std::optional<UserEntry> user_of(const json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr || object->size() != 4) return std::nullopt;
    const auto user = text_of(*object, "user");
    const auto role = text_of(*object, "role");
    const auto from = text_of(*object, "valid_from");
    const auto until = text_of(*object, "valid_until");
    if (!user || !role || !from || !until) return std::nullopt;
    const auto id = fixed_from_hex<ledger::UserId>(*user);
    const auto role_value = value_of<v1::Role>(*role);
    const auto from_time = from_rfc3339(*from);
    const auto until_time = from_rfc3339(*until);
    if (!id || !role_value || !from_time || !until_time) return std::nullopt;
    return UserEntry{*id, *role_value, *from_time, *until_time};
}

}  // namespace

std::string format_users(const std::vector<UserEntry>& users) {
    json::array list;
    for (const auto& entry : users) {
        list.push_back(json::object{{"user", to_hex(entry.user.view())},
                                    {"role", name_of(entry.role)},
                                    {"valid_from", to_rfc3339(entry.valid_from)},
                                    {"valid_until", to_rfc3339(entry.valid_until)}});
    }
    return node::pretty_json(list) + '\n';
}

Result<std::vector<UserEntry>, std::string> parse_users(std::string_view text) {
    boost::system::error_code error;
    const json::value parsed = json::parse(json::string_view(text.data(), text.size()), error);
    const auto* list = parsed.if_array();
    if (error || list == nullptr) return fail(std::string("is not a JSON array"));
    std::vector<UserEntry> users;
    for (const auto& element : *list) {
        const auto user = user_of(element);
        if (!user) {
            return fail("has an entry (number " + std::to_string(users.size() + 1) +
                        ") that is not {user, role, valid_from, valid_until}");
        }
        users.push_back(*user);
    }
    return users;
}

Result<std::vector<UserEntry>, Problem> load_users(const std::filesystem::path& file) {
    auto text = read_file(file);
    if (!text) return fail(text.error());
    auto users = parse_users(*text);
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
