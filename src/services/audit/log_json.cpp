// SPDX-License-Identifier: Apache-2.0
#include "services/audit/log_json.hpp"

#include "base/assert.hpp"
#include "formats/json/write.hpp"
#include "services/audit/json_reader.hpp"

namespace consilium::services::audit {

using formats::json::Value;

std::string write_log_json(const LogExcerpt& excerpt) {
    std::string out;
    formats::json::Writer writer(out);
    const auto number = [&](std::string_view name, std::uint64_t value) {
        writer.name(name);
        writer.number(std::to_string(value));
    };
    writer.begin_object();
    number("record", excerpt.record);
    number("version", excerpt.version);
    writer.member("salt", to_hex(excerpt.salt));
    writer.member("head", to_hex(excerpt.head));
    writer.name("views");
    writer.begin_array();
    for (const ShownView& view : excerpt.views) {
        writer.begin_object();
        number("number", view.number);
        writer.member("view", to_hex(view.view));
        writer.name("path");
        writer.begin_array();
        for (const Hash32& node : view.path)
            writer.string(to_hex(node.view()));
        writer.end_array();
        writer.end_object();
    }
    writer.end_array();
    writer.end_object();
    const auto parsed = formats::json::parse(out, formats::json::kBytesMax);
    CONSILIUM_ASSERT(parsed.ok());
    return formats::json::write_pretty(parsed->root());
}

Result<LogExcerpt, std::string> read_log_json(const Bytes& text) {
    const auto parsed = parse_own_json(text);
    if (!parsed) return fail(parsed.error());
    const Value& root = parsed->root();
    JsonReader reader;
    LogExcerpt out;
    reader.only(root, 5);
    out.record = reader.number(root, "record", kU64);
    out.version = static_cast<std::uint32_t>(reader.number(root, "version", kU32));
    out.salt = reader.bytes(root, "salt");
    out.head = reader.bytes(root, "head");
    for (const Value& each : reader.array(root, "views")) {
        reader.only(each, 3);
        ShownView view;
        view.number = reader.number(each, "number", kU64);
        view.view = reader.bytes(each, "view");
        for (const Value& node : reader.array(each, "path")) {
            Hash32 hash;
            const Bytes bytes = node.is_string() ? reader.hex(node.string(), "path") : Bytes();
            if (!assign(hash, bytes)) reader.wrong("path");
            view.path.push_back(hash);
        }
        if (!reader.error().empty()) break;
        out.views.push_back(std::move(view));
    }
    if (!reader.error().empty()) return fail(reader.error());
    return out;
}

}  // namespace consilium::services::audit
