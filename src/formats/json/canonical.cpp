// SPDX-License-Identifier: Apache-2.0
#include "formats/json/canonical.hpp"

#include <algorithm>
#include <vector>

#include "formats/json/write.hpp"

namespace consilium::formats::json {

namespace {

void write_canonical(Writer& writer, const Value& value) {
    if (value.is_array()) {
        writer.begin_array();
        for (const Value& item : value.array())
            write_canonical(writer, item);
        writer.end_array();
    } else if (value.is_object()) {
        std::vector<const Member*> members;
        members.reserve(value.object().size());
        for (const Member& member : value.object())
            members.push_back(&member);
        std::sort(members.begin(), members.end(),
                  [](const Member* a, const Member* b) { return utf16_less(a->name, b->name); });
        writer.begin_object();
        for (const Member* member : members) {
            writer.name(member->name);
            write_canonical(writer, member->value);
        }
        writer.end_object();
    } else {
        writer.value(value);
    }
}

}  // namespace

bool utf16_less(std::string_view a, std::string_view b) {
    const auto differ = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (differ.second == b.end()) return false;
    if (differ.first == a.end()) return true;
    const auto left = static_cast<unsigned char>(*differ.first);
    const auto right = static_cast<unsigned char>(*differ.second);
    // UTF-8 bytes sort as code points do. UTF-16 differs in one thing: characters above U+FFFF
    // (lead bytes 0xF0 and up) are surrogates, which sort before U+E000..U+FFFF (lead bytes 0xEE,
    // 0xEF).
    if (left >= 0xEE && right >= 0xEE && (left >= 0xF0) != (right >= 0xF0)) return left >= 0xF0;
    return left < right;
}

std::string canonical(const Value& value) {
    std::string out;
    Writer writer(out);
    write_canonical(writer, value);
    return out;
}

}  // namespace consilium::formats::json
