// SPDX-License-Identifier: Apache-2.0
#include "services/audit/compare_reports.hpp"

#include <map>

#include "base/assert.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"

namespace consilium::services::audit {
namespace {

using formats::json::Value;

constexpr std::size_t kShownMax = 120;

std::string shown_text(const Value& value) {
    std::string out = formats::json::write(value);
    if (out.size() > kShownMax) out = out.substr(0, kShownMax) + "...";
    return out;
}

class Comparison {
 public:
    Comparison(std::string file, const std::set<std::string>& untraced, std::vector<Fault>& faults)
        : file_(std::move(file)), untraced_(untraced), faults_(faults) {}

    void compare(const Value& proven, const Value& shown) {
        if (!shown.is_object()) return fault({}, "the report is no object");
        compare_part(proven, shown, {"rows", "own_word"});
        const Value* own = proven.find("own_word");
        const Value* shown_own = shown.find("own_word");
        if (own == nullptr && shown_own == nullptr) return;
        if (own == nullptr || shown_own == nullptr || !shown_own->is_object())
            return fault({}, "the custodian's own word is left out, or borne out by nothing");
        compare_part(*own, *shown_own, {"rows"});
    }

 private:
    // A list of rows, and what stands beside it.
    void compare_part(const Value& proven, const Value& shown, const std::set<std::string>& skip) {
        compare_members(proven, shown, {}, {}, skip);
        const Value* rows = shown.find("rows");
        if (rows == nullptr || !rows->is_array()) return fault({}, "the report has no rows");
        compare_rows(proven.find("rows")->array(), rows->array());
    }

    void fault(const std::string& row, std::string what) {
        faults_.push_back({file_, row, std::move(what)});
    }

    static std::string name_of_row(const Value& row) {
        const Value* name = row.find("row");
        return name != nullptr && name->is_string() ? std::string(name->string()) : std::string();
    }

    void compare_rows(std::span<const Value> proven, std::span<const Value> shown) {
        std::map<std::string, const Value*> expected;
        for (const Value& row : proven)
            expected[name_of_row(row)] = &row;
        std::set<std::string> seen;
        std::vector<std::string> order;
        for (const Value& row : shown) {
            const std::string name = name_of_row(row);
            const auto found = expected.find(name);
            if (found == expected.end()) {
                fault(name, "the report has this row, and nothing that is proven bears it out");
            } else if (!seen.insert(name).second) {
                fault(name, "the report has this row more than once");
            } else {
                order.push_back(name);
                std::set<std::string> skip;
                if (untraced_.count(name) != 0) skip.insert("transactions");
                compare_members(*found->second, row, name, {}, skip);
            }
        }
        std::vector<std::string> expected_order;
        for (const Value& row : proven) {
            const std::string name = name_of_row(row);
            if (seen.count(name) == 0) {
                fault(name, "this row is proven and left out of the report");
            } else {
                expected_order.push_back(name);
            }
        }
        if (untraced_.empty() && order != expected_order)
            fault({}, "the rows are not in the order in which they came to the ledger");
    }

    void compare_members(const Value& proven, const Value& shown, const std::string& row,
                         const std::string& path, const std::set<std::string>& skip) {
        for (const auto& member : proven.object()) {
            const std::string name(member.name);
            if (skip.count(name) != 0) continue;
            const Value* other = shown.find(member.name);
            if (other == nullptr) {
                fault(row, "the field " + path + name + " is left out");
            } else {
                compare_values(member.value, *other, row, path + name);
            }
        }
        for (const auto& member : shown.object()) {
            if (proven.find(member.name) == nullptr && skip.count(std::string(member.name)) == 0)
                fault(row,
                      "the field " + path + std::string(member.name) + " is borne out by nothing");
        }
    }

    void compare_values(const Value& proven, const Value& shown, const std::string& row,
                        const std::string& path) {
        if (proven.is_object() && shown.is_object())
            return compare_members(proven, shown, row, path + ".", {});
        if (proven.is_array() && shown.is_array() &&
            proven.array().size() == shown.array().size()) {
            for (std::size_t i = 0; i < proven.array().size(); ++i)
                compare_values(proven.array()[i], shown.array()[i], row,
                               path + "[" + std::to_string(i) + "]");
            return;
        }
        if (!formats::json::equal(proven, shown))
            fault(row, "the field " + path + " is " + shown_text(shown) + ", and proven is " +
                           shown_text(proven));
    }

    const std::string file_;
    const std::set<std::string>& untraced_;
    std::vector<Fault>& faults_;
};

}  // namespace

std::vector<Fault> compare_reports(const std::string& file, const std::string& proven,
                                   const std::string& shown,
                                   const std::set<std::string>& untraced) {
    std::vector<Fault> faults;
    const auto expected = formats::json::parse(proven, formats::json::kBytesMax);
    CONSILIUM_ASSERT(expected.ok());
    if (shown.size() > formats::json::kBytesMax) return {{file, {}, "the file is too large"}};
    const auto parsed = formats::json::parse(shown, formats::json::kBytesMax);
    if (!parsed) {
        return {{file,
                 {},
                 "the file is not JSON: " + std::string(parsed.error().reason) + " at byte " +
                     std::to_string(parsed.error().offset)}};
    }
    Comparison(file, untraced, faults).compare(expected->root(), parsed->root());
    if (faults.empty() && untraced.empty() && proven != shown)
        faults.push_back({file, {}, "the file says the same in other bytes: it was altered"});
    return faults;
}

}  // namespace consilium::services::audit
