// SPDX-License-Identifier: Apache-2.0
#include "formats/json/value.hpp"

#include <algorithm>
#include <vector>

namespace consilium::formats::json {

const Value* Value::find(std::string_view name) const {
    if (!is_object()) return nullptr;
    for (const Member& member : object())
        if (member.name == name) return &member.value;
    return nullptr;
}

namespace {

// Names are unique, so sorting both sides finds the pairs without a quadratic search.
std::vector<const Member*> by_name(std::span<const Member> members) {
    std::vector<const Member*> out;
    out.reserve(members.size());
    for (const Member& member : members)
        out.push_back(&member);
    std::sort(out.begin(), out.end(),
              [](const Member* a, const Member* b) { return a->name < b->name; });
    return out;
}

bool equal_objects(std::span<const Member> a, std::span<const Member> b) {
    if (a.size() != b.size()) return false;
    const auto left = by_name(a);
    const auto right = by_name(b);
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (left[i]->name != right[i]->name) return false;
        if (!equal(left[i]->value, right[i]->value)) return false;
    }
    return true;
}

}  // namespace

bool equal(const Value& a, const Value& b) {
    if (a.kind() != b.kind()) return false;
    switch (a.kind()) {
        case Kind::kNull:
            return true;
        case Kind::kBoolean:
            return a.boolean() == b.boolean();
        case Kind::kNumber:
            return a.number() == b.number();
        case Kind::kString:
            return a.string() == b.string();
        case Kind::kArray: {
            const auto left = a.array();
            const auto right = b.array();
            return std::equal(left.begin(), left.end(), right.begin(), right.end(), equal);
        }
        case Kind::kObject:
            return equal_objects(a.object(), b.object());
    }
    return false;
}

}  // namespace consilium::formats::json
