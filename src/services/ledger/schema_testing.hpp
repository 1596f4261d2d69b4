// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <regex>
#include <set>
#include <string>

namespace consilium::services::ledger_api {

// Checks JSON against the part of JSON Schema 2020-12 that openapi.json uses. A keyword that it
// does not know is an error, so that no rule is passed over in silence.
class SchemaChecker {
 public:
    explicit SchemaChecker(const boost::json::value& document) : document_(document) {}

    // Empty when `value` fits, else where and why not.
    [[nodiscard]] std::string check(const boost::json::value& schema,
                                    const boost::json::value& value,
                                    const std::string& where = "$") const {
        for (const auto& member : schema.as_object()) {
            const std::string keyword(member.key());
            auto problem = check_keyword(keyword, member.value(), schema.as_object(), value, where);
            if (!problem.empty()) return problem;
        }
        return "";
    }

 private:
    using Json = boost::json::value;

    std::string check_keyword(const std::string& keyword, const Json& rule,
                              const boost::json::object& schema, const Json& value,
                              const std::string& where) const {
        static const std::set<std::string> kNotes{"description", "contentEncoding",
                                                  "contentMediaType", "default"};
        if (kNotes.contains(keyword)) return "";
        if (keyword == "$ref") return check(resolve(std::string(rule.as_string())), value, where);
        if (keyword == "type") return check_type(std::string(rule.as_string()), value, where);
        if (keyword == "oneOf") return check_one_of(rule.as_array(), value, where);
        if (keyword == "enum") {
            const auto& values = rule.as_array();
            const bool found = std::find(values.begin(), values.end(), value) != values.end();
            return found ? "" : where + ": not one of the enumerated values";
        }
        if (keyword == "pattern") {
            const bool fits = std::regex_search(std::string(value.as_string()),
                                                std::regex(std::string(rule.as_string())));
            return fits ? "" : where + ": does not match the pattern";
        }
        if (keyword == "minimum" || keyword == "maximum") {
            const auto number = value.to_number<std::int64_t>();
            const auto limit = rule.to_number<std::int64_t>();
            const bool fits = keyword == "minimum" ? number >= limit : number <= limit;
            return fits ? "" : where + ": out of range";
        }
        if (keyword == "items") {
            for (std::size_t i = 0; i < value.as_array().size(); ++i) {
                auto problem =
                    check(rule, value.as_array()[i], where + "[" + std::to_string(i) + "]");
                if (!problem.empty()) return problem;
            }
            return "";
        }
        if (keyword == "required") {
            for (const auto& name : rule.as_array()) {
                if (!value.as_object().contains(name.as_string())) {
                    return where + ": " + std::string(name.as_string()) + " is missing";
                }
            }
            return "";
        }
        if (keyword == "properties") {
            for (const auto& property : rule.as_object()) {
                const auto* found = value.as_object().if_contains(property.key());
                if (found == nullptr) continue;
                auto problem =
                    check(property.value(), *found, where + "." + std::string(property.key()));
                if (!problem.empty()) return problem;
            }
            return "";
        }
        if (keyword == "additionalProperties") {
            if (rule.as_bool()) return "";
            const auto& known = schema.at("properties").as_object();
            for (const auto& member : value.as_object()) {
                if (!known.contains(member.key())) {
                    return where + ": " + std::string(member.key()) + " is not in the schema";
                }
            }
            return "";
        }
        return where + ": the keyword " + keyword + " is not known to the checker";
    }

    static std::string check_type(const std::string& type, const Json& value,
                                  const std::string& where) {
        const bool fits =
            (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
            (type == "string" && value.is_string()) || (type == "boolean" && value.is_bool()) ||
            (type == "integer" && (value.is_int64() || value.is_uint64()));
        return fits ? "" : where + ": not of type " + type;
    }

    std::string check_one_of(const boost::json::array& choices, const Json& value,
                             const std::string& where) const {
        std::size_t fitting = 0;
        std::string problems;
        for (const auto& choice : choices) {
            const auto problem = check(choice, value, where);
            fitting += problem.empty() ? 1U : 0U;
            problems += " / " + problem;
        }
        return fitting == 1 ? ""
                            : where + ": fits " + std::to_string(fitting) + " of oneOf" + problems;
    }

    const Json& resolve(const std::string& reference) const {
        return document_.at_pointer(reference.substr(1));
    }

    const Json& document_;
};

}  // namespace consilium::services::ledger_api
