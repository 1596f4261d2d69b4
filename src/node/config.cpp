// SPDX-License-Identifier: Apache-2.0
#include "node/config.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <set>
#include <variant>

#include "base/edit_distance.hpp"
#include "node/config_fields.hpp"
#include "node/text_file.hpp"

namespace consilium::node {
namespace {

using fields::Field;
using Errors = std::vector<ConfigError>;

std::uint32_t line_of(const toml::node& node) {
    return node.source().begin.line;
}

std::string unknown_key(std::string_view key, const std::vector<std::string_view>& known) {
    std::string message = "unknown key";
    for (const auto candidate : known) {
        if (edit_distance(key, candidate) <= 2) {
            return message + "; did you mean '" + std::string(candidate) + "'?";
        }
    }
    message += "; known here:";
    for (const auto candidate : known)
        message += (candidate == known.front() ? " " : ", ") + std::string(candidate);
    return message;
}

std::string resolved(const std::string& path, const std::filesystem::path& folder) {
    if (path.empty() || folder.empty()) return path;
    return (folder / path).lexically_normal().string();
}

// Puts one value into its place; the message says why it cannot go there, empty when it went.
template <typename T>
std::string assign_value(T& to, const Field<T>& field, const toml::node& value,
                         const std::filesystem::path& folder) {
    if (const auto* text = std::get_if<fields::Text<T>>(&field.as)) {
        const auto* given = value.as_string();
        if (given == nullptr) return "must be a string";
        if (text->required && given->get().empty()) return "must not be empty";
        if (!text->choices.empty() && std::find(text->choices.begin(), text->choices.end(),
                                                given->get()) == text->choices.end()) {
            return "'" + given->get() + "' is not one of " + fields::joined(text->choices);
        }
        to.*(text->place) = text->path ? resolved(given->get(), folder) : given->get();
    } else if (const auto* number = std::get_if<fields::Number<T>>(&field.as)) {
        const auto* given = value.as_integer();
        if (given == nullptr) return "must be a whole number";
        if (given->get() < 0 || static_cast<std::uint64_t>(given->get()) < number->min ||
            static_cast<std::uint64_t>(given->get()) > number->max) {
            return std::to_string(given->get()) + " is not between " + std::to_string(number->min) +
                   " and " + std::to_string(number->max);
        }
        to.*(number->place) = static_cast<std::uint64_t>(given->get());
    } else if (const auto* flag = std::get_if<fields::Flag<T>>(&field.as)) {
        const auto* given = value.as_boolean();
        if (given == nullptr) return "must be true or false";
        to.*(flag->place) = given->get();
    }
    return {};
}

class Reader {
 public:
    Reader(const std::filesystem::path& folder, Errors& errors)
        : folder_(folder), errors_(errors) {}

    // Reads the keys of one table. `tables` are its sub-tables, which the caller reads.
    template <typename T>
    void read(T& to, const toml::table& table, const std::string& prefix,
              const std::vector<std::string_view>& tables) {
        const auto& known = fields::of<T>();
        std::vector<std::string_view> names(tables);
        for (const auto& field : known)
            names.push_back(field.name);
        for (auto&& [key, value] : table) {
            const std::string_view name = key.str();
            if (std::find(tables.begin(), tables.end(), name) != tables.end()) continue;
            std::string message = unknown_key(name, names);
            for (const auto& field : known) {
                if (field.name == name) message = assign_value(to, field, value, folder_);
            }
            if (!message.empty()) add(line_of(value), prefix + std::string(name), message);
        }
        for (const auto& field : known) {
            const auto* text = std::get_if<fields::Text<T>>(&field.as);
            if (text != nullptr && text->required && (to.*(text->place)).empty() &&
                !table.contains(field.name)) {
                add(line_of(table), prefix + std::string(field.name), "must be given");
            }
        }
    }

    // A sub-table, or an empty one where it is not given or is something else.
    const toml::table& table(const toml::table& from, std::string_view name,
                             const std::string& prefix) {
        static const toml::table kNone;
        const auto* node = from.get(name);
        if (node == nullptr) return kNone;
        if (const auto* found = node->as_table()) return *found;
        add(line_of(*node), prefix + std::string(name), "must be a table");
        return kNone;
    }

    void add(std::uint32_t line, std::string key, std::string message) {
        errors_.push_back({line, std::move(key), std::move(message)});
    }

 private:
    const std::filesystem::path& folder_;
    Errors& errors_;
};

void read_nodes(Reader& reader, const toml::table& root, Config& config) {
    const auto* node = root.get("node");
    const auto* list = node == nullptr ? nullptr : node->as_array();
    if (list == nullptr || list->empty()) {
        reader.add(node == nullptr ? 0 : line_of(*node), "node",
                   "at least one [[node]] table must be given");
        return;
    }
    std::set<std::string> members;
    std::set<std::filesystem::path> folders;
    for (const auto& element : *list) {
        const auto* table = element.as_table();
        if (table == nullptr) {
            reader.add(line_of(element), "node", "must be a [[node]] table");
            continue;
        }
        NodeConfig& read = config.nodes.emplace_back();
        reader.read(read, *table, "node.", {"vault", "http", "peer"});
        const auto& vault = reader.table(*table, "vault", "node.");
        reader.read(read.vault, vault, "node.vault.", {});
        if (!read.vault.passphrase_file.empty() && !read.vault.passphrase_variable.empty()) {
            reader.add(line_of(vault), "node.vault",
                       "give passphrase_file or passphrase_variable, not both");
        }
        const auto& http = reader.table(*table, "http", "node.");
        reader.read(read.http, http, "node.http.", {});
        reader.read(read.peer, reader.table(*table, "peer", "node."), "node.peer.", {});
        if (!read.member.empty() && !members.insert(read.member).second) {
            reader.add(line_of(*table), "node.member", "'" + read.member + "' is given twice");
        }
        // With a name at the end "data" and "data/" are one path.
        const auto folder = (std::filesystem::path(read.data) / ".").lexically_normal();
        if (!read.data.empty() && !folders.insert(folder).second) {
            reader.add(line_of(*table), "node.data",
                       "'" + read.data + "' is the folder of another node");
        }
    }
}

}  // namespace

std::string to_string(const ConfigError& error, std::string_view file) {
    std::string out(file);
    if (error.line != 0) out += ":" + std::to_string(error.line);
    out += ": ";
    if (!error.key.empty()) out += error.key + ": ";
    return out + error.message;
}

Result<Config, Errors> parse_config(std::string_view text, const std::filesystem::path& folder) {
    Errors errors;
    Config config;
    try {
        const toml::table root = toml::parse(text);
        Reader reader(folder, errors);
        reader.read(config, root, "", {"log", "ledger", "storage", "node"});
        reader.read(config.log, reader.table(root, "log", ""), "log.", {});
        reader.read(config.ledger, reader.table(root, "ledger", ""), "ledger.", {});
        reader.read(config.storage, reader.table(root, "storage", ""), "storage.", {});
        read_nodes(reader, root, config);
    } catch (const toml::parse_error& error) {
        errors.push_back({error.source().begin.line, "", std::string(error.description())});
    }
    std::stable_sort(errors.begin(), errors.end(),
                     [](const auto& a, const auto& b) { return a.line < b.line; });
    if (!errors.empty()) return fail(std::move(errors));
    return config;
}

Result<Config, Errors> load_config(const std::filesystem::path& file) {
    const auto text = read_text_file(file);
    if (!text) return fail(Errors{{0, "", text.error()}});
    return parse_config(*text, file.parent_path());
}

}  // namespace consilium::node
