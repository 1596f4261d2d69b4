// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "formats/json/arena.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/value.hpp"

namespace consilium::formats::json {

// Makes a document out of new values and of parts of other documents, which are not copied: take()
// keeps a document alive for as long as the new one. Values that it returns live as long as the
// builder, then as the document. Texts are copied. Ill-formed UTF-8, U+0000, a malformed number and
// a member name twice are bugs of the caller and abort. Not thread-safe.
class Builder {
 public:
    Builder() : arena_(std::make_shared<Arena>()) {}

    // The root of a document whose values may from now on be parts of this one.
    Value take(const Document& document);

    [[nodiscard]] static Value null() { return {}; }
    [[nodiscard]] static Value boolean(bool value);
    [[nodiscard]] Value number(std::string_view literal);
    [[nodiscard]] Value string(std::string_view text);
    [[nodiscard]] Value array(std::span<const Value> items);
    [[nodiscard]] Value object(std::span<const Member> members);

    // The object with that member set, in its place if it was there, else as the last one.
    [[nodiscard]] Value with_member(const Value& object, std::string_view name, const Value& value);
    // The object without that member.
    [[nodiscard]] Value without_member(const Value& object, std::string_view name);

    // Ends the building. Refuses what parse() would not read back: nested deeper than kDepthMax.
    [[nodiscard]] Result<Document, ParseError> finish(const Value& root) &&;

 private:
    std::shared_ptr<Arena> arena_;
};

}  // namespace consilium::formats::json
