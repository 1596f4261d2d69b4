// SPDX-License-Identifier: Apache-2.0
#include "node/users.hpp"

#include <boost/json.hpp>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "node/json_text.hpp"
#include "proto/enum_names.hpp"

namespace consilium::node {
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
    const auto role_value = proto::value_of<v1::Role>(*role);
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
                                    {"role", proto::name_of(entry.role)},
                                    {"valid_from", to_rfc3339(entry.valid_from)},
                                    {"valid_until", to_rfc3339(entry.valid_until)}});
    }
    return pretty_json(list) + '\n';
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

const UserEntry* user_at(const std::vector<UserEntry>& users, v1::Role role, UnixMs now) {
    const auto found = std::find_if(users.begin(), users.end(), [&](const UserEntry& entry) {
        return entry.role == role && entry.valid_from <= now && now <= entry.valid_until;
    });
    return found == users.end() ? nullptr : &*found;
}

}  // namespace consilium::node
