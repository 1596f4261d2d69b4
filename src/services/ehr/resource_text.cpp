// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/resource_text.hpp"

#include "base/rfc3339.hpp"
#include "formats/json/write.hpp"

namespace consilium::services::ehr {
namespace {

using formats::json::Member;
using formats::json::Value;
using formats::json::Writer;

constexpr std::string_view kDeletionBegins = R"({"deleted":true,)";
constexpr std::string_view kUpdatedBegins = R"("lastUpdated":")";

void write_value(Writer& writer, const Value& value, const RewriteReference& rewrite);

void write_member(Writer& writer, const Member& member, const RewriteReference& rewrite) {
    writer.name(member.name);
    if (rewrite && member.name == "reference" && member.value.is_string()) {
        if (const auto text = rewrite(member.value.string())) {
            writer.string(*text);
            return;
        }
    }
    write_value(writer, member.value, rewrite);
}

void write_value(Writer& writer, const Value& value, const RewriteReference& rewrite) {
    if (!rewrite || (!value.is_object() && !value.is_array())) {
        writer.value(value);
    } else if (value.is_object()) {
        writer.begin_object();
        for (const Member& member : value.object())
            write_member(writer, member, rewrite);
        writer.end_object();
    } else {
        writer.begin_array();
        for (const Value& item : value.array())
            write_value(writer, item, rewrite);
        writer.end_array();
    }
}

void write_server_meta(Writer& writer, const ServerFields& fields) {
    writer.member("versionId", std::to_string(fields.version));
    writer.member("lastUpdated", to_rfc3339(fields.updated));
}

void write_meta(Writer& writer, const Value* meta, const ServerFields& fields,
                const RewriteReference& rewrite) {
    writer.name("meta");
    writer.begin_object();
    write_server_meta(writer, fields);
    if (meta != nullptr && meta->is_object()) {
        for (const Member& member : meta->object()) {
            if (member.name != "versionId" && member.name != "lastUpdated" &&
                member.name != "_versionId" && member.name != "_lastUpdated")
                write_member(writer, member, rewrite);
        }
    }
    writer.end_object();
}

void walk(const Value& value, std::string& path, const EachReference& each) {
    const std::size_t length = path.size();
    if (value.is_array()) {
        std::size_t index = 0;
        for (const Value& item : value.array()) {
            path += '[' + std::to_string(index++) + ']';
            walk(item, path, each);
            path.resize(length);
        }
    } else if (value.is_object()) {
        for (const Member& member : value.object()) {
            if (member.name == "reference" && member.value.is_string()) {
                each(member.value.string(), path);
            } else if (member.value.is_object() || member.value.is_array()) {
                path += '.';
                path += member.name;
                walk(member.value, path, each);
                path.resize(length);
            }
        }
    }
}

}  // namespace

Bytes write_resource(const Value& resource, const ServerFields& fields,
                     const RewriteReference& rewrite) {
    Bytes out;
    Writer writer(out);
    writer.begin_object();
    const Value* type = resource.find("resourceType");
    if (type != nullptr) {
        writer.name("resourceType");
        writer.value(*type);
    }
    writer.member("id", fields.id);
    write_meta(writer, resource.find("meta"), fields, rewrite);
    for (const Member& member : resource.object()) {
        if (member.name != "resourceType" && member.name != "id" && member.name != "meta" &&
            member.name != "_id")
            write_member(writer, member, rewrite);
    }
    writer.end_object();
    return out;
}

void for_each_reference(const Value& resource, const std::string& path, const EachReference& each) {
    std::string at = path;
    walk(resource, at, each);
}

Bytes write_deletion(std::string_view type, const ServerFields& fields) {
    Bytes out;
    Writer writer(out);
    writer.begin_object();
    writer.name("deleted");
    writer.boolean(true);
    writer.member("resourceType", type);
    writer.member("id", fields.id);
    writer.name("meta");
    writer.begin_object();
    write_server_meta(writer, fields);
    writer.end_object();
    writer.end_object();
    return out;
}

bool is_deletion(BytesView stored) {
    return stored.substr(0, kDeletionBegins.size()) == kDeletionBegins;
}

std::optional<UnixMs> updated_of(BytesView stored) {
    const auto at = stored.find(kUpdatedBegins);
    if (at == BytesView::npos) return std::nullopt;
    const BytesView text = stored.substr(at + kUpdatedBegins.size());
    return from_rfc3339(text.substr(0, text.find('"')));
}

}  // namespace consilium::services::ehr
