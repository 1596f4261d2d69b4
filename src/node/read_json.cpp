// SPDX-License-Identifier: Apache-2.0
#include "node/read_json.hpp"

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <limits>
#include <set>
#include <utility>
#include <vector>

namespace consilium::node {
namespace {

namespace json = boost::json;

// Follows the text and stops at the first name that its object has already. What it is called is
// Boost.JSON's choice.
class NameChecker {
 public:
    // NOLINTBEGIN(readability-identifier-naming)
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = max_object_size;
    static constexpr std::size_t max_key_size = max_object_size;
    static constexpr std::size_t max_string_size = max_object_size;
    // NOLINTEND(readability-identifier-naming)
    using Error = boost::system::error_code;

    // The place of the name that stands twice; empty when none does.
    [[nodiscard]] const std::string& twice() const { return twice_; }

    static bool on_document_begin(Error&) { return true; }
    static bool on_document_end(Error&) { return true; }
    bool on_object_begin(Error&) { return begin(false); }
    bool on_object_end(std::size_t, Error&) { return end(); }
    bool on_array_begin(Error&) { return begin(true); }
    bool on_array_end(std::size_t, Error&) { return end(); }
    bool on_key_part(json::string_view part, std::size_t, Error&) {
        name_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, Error& error) {
        name_.append(part.data(), part.size());
        Level& level = levels_.back();
        level.name = std::exchange(name_, {});
        if (level.names.insert(level.name).second) return true;
        const std::string where = place();
        twice_ = where.empty() ? "a member without a name" : where;
        error = make_error_code(boost::system::errc::invalid_argument);
        return false;
    }
    static bool on_string_part(json::string_view, std::size_t, Error&) { return true; }
    bool on_string(json::string_view, std::size_t, Error&) { return value(); }
    static bool on_number_part(json::string_view, Error&) { return true; }
    bool on_int64(std::int64_t, json::string_view, Error&) { return value(); }
    bool on_uint64(std::uint64_t, json::string_view, Error&) { return value(); }
    bool on_double(double, json::string_view, Error&) { return value(); }
    bool on_bool(bool, Error&) { return value(); }
    bool on_null(Error&) { return value(); }
    static bool on_comment_part(json::string_view, Error&) { return true; }
    static bool on_comment(json::string_view, Error&) { return true; }

 private:
    // An object or array that is not closed yet, and how far it was read.
    struct Level {
        bool array = false;
        std::size_t index = 0;
        std::string name;
        std::set<std::string> names;
    };

    bool begin(bool array) {
        levels_.emplace_back().array = array;
        return true;
    }
    bool end() {
        levels_.pop_back();
        return value();
    }
    bool value() {
        if (!levels_.empty()) ++levels_.back().index;
        return true;
    }
    [[nodiscard]] std::string place() const {
        std::string out;
        for (const Level& level : levels_) {
            if (level.array) {
                out += "[" + std::to_string(level.index) + "]";
            } else {
                out += (out.empty() ? "" : ".") + level.name;
            }
        }
        return out;
    }

    std::vector<Level> levels_;
    std::string name_;
    std::string twice_;
};

}  // namespace

std::optional<std::string> name_given_twice(std::string_view text) {
    boost::system::error_code error;
    json::basic_parser<NameChecker> checker{json::parse_options{}};
    (void)checker.write_some(false, text.data(), text.size(), error);
    const std::string& twice = checker.handler().twice();
    return twice.empty() ? std::nullopt : std::optional<std::string>(twice);
}

Result<json::value, std::string> read_json(std::string_view text) {
    if (const auto twice = name_given_twice(text)) return fail("gives " + *twice + " twice");
    boost::system::error_code error;
    json::value value = json::parse(json::string_view(text.data(), text.size()), error);
    if (error) return fail("is not JSON: " + error.message());
    return value;
}

}  // namespace consilium::node
