// SPDX-License-Identifier: Apache-2.0
#include "formats/json/builder.hpp"

#include <algorithm>
#include <vector>

#include "formats/json/text.hpp"

namespace consilium::formats::json {

namespace {

// Saturates, so that a value cannot get shallow by growing too deep.
std::uint8_t one_deeper(std::size_t inner) {
    return static_cast<std::uint8_t>(std::min<std::size_t>(inner + 1, 255));
}

bool names_are_unique(std::span<const Member> members) {
    std::vector<std::string_view> names;
    names.reserve(members.size());
    for (const Member& member : members)
        names.push_back(member.name);
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) == names.end();
}

}  // namespace

Value Builder::take(const Document& document) {
    arena_->adopt(document.arena_);
    return document.root();
}

Value Builder::boolean(bool value) {
    Value out;
    out.kind_ = Kind::kBoolean;
    out.size_ = value ? 1 : 0;
    return out;
}

Value Builder::number(std::string_view literal) {
    CONSILIUM_ASSERT(!literal.empty() && number_length(literal) == literal.size());
    Value out = string(literal);
    out.kind_ = Kind::kNumber;
    return out;
}

Value Builder::string(std::string_view text) {
    CONSILIUM_ASSERT(text.size() <= kBytesMax && is_text(text));
    Value out;
    out.kind_ = Kind::kString;
    out.data_ = arena_->copy(text).data();
    out.size_ = static_cast<std::uint32_t>(text.size());
    return out;
}

Value Builder::array(std::span<const Value> items) {
    CONSILIUM_ASSERT(items.size() <= kBytesMax);
    Value out;
    out.kind_ = Kind::kArray;
    out.data_ = arena_->copy(items);
    out.size_ = static_cast<std::uint32_t>(items.size());
    std::size_t inner = 0;
    for (const Value& item : items)
        inner = std::max(inner, item.depth());
    out.depth_ = one_deeper(inner);
    return out;
}

Value Builder::object(std::span<const Member> members) {
    CONSILIUM_ASSERT(members.size() <= kBytesMax && names_are_unique(members));
    std::vector<Member> kept(members.begin(), members.end());
    std::size_t inner = 0;
    for (Member& member : kept) {
        CONSILIUM_ASSERT(is_text(member.name));
        member.name = arena_->copy(member.name);
        inner = std::max(inner, member.value.depth());
    }
    Value out;
    out.kind_ = Kind::kObject;
    out.data_ = arena_->copy(std::span<const Member>(kept));
    out.size_ = static_cast<std::uint32_t>(kept.size());
    out.depth_ = one_deeper(inner);
    return out;
}

Value Builder::with_member(const Value& object, std::string_view name, const Value& value) {
    const auto members = object.object();
    std::vector<Member> out(members.begin(), members.end());
    const auto at = std::find_if(out.begin(), out.end(),
                                 [name](const Member& member) { return member.name == name; });
    if (at != out.end()) {
        at->value = value;
    } else {
        out.push_back({name, value});
    }
    return this->object(out);
}

Value Builder::without_member(const Value& object, std::string_view name) {
    std::vector<Member> out;
    for (const Member& member : object.object())
        if (member.name != name) out.push_back(member);
    return this->object(out);
}

Result<Document, ParseError> Builder::finish(const Value& root) && {
    if (root.depth() > kDepthMax) return fail(ParseError{0, "nested too deeply"});
    return Document(std::move(arena_), root);
}

}  // namespace consilium::formats::json
