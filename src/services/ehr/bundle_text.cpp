// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/bundle_text.hpp"

#include "base/rfc3339.hpp"
#include "formats/json/write.hpp"

namespace consilium::services::ehr {
namespace {

using formats::json::append_string;

void append_member(Bytes& out, std::string_view name, std::string_view text) {
    append_string(out, name);
    out += ':';
    append_string(out, text);
}

}  // namespace

std::string status_text(std::uint16_t status) {
    switch (status) {
        case 200:
            return "200 OK";
        case 201:
            return "201 Created";
        case 204:
            return "204 No Content";
        case 304:
            return "304 Not Modified";
        case 400:
            return "400 Bad Request";
        case 403:
            return "403 Forbidden";
        case 404:
            return "404 Not Found";
        case 405:
            return "405 Method Not Allowed";
        case 409:
            return "409 Conflict";
        case 410:
            return "410 Gone";
        case 412:
            return "412 Precondition Failed";
        case 413:
            return "413 Content Too Large";
        case 422:
            return "422 Unprocessable Content";
        case 507:
            return "507 Insufficient Storage";
        default:
            return std::to_string(status);
    }
}

std::optional<Identity> identity_of(BytesView stored) {
    constexpr std::string_view kType = R"({"resourceType":")";
    constexpr std::string_view kId = R"(","id":")";
    if (stored.substr(0, kType.size()) != kType) return std::nullopt;
    stored.remove_prefix(kType.size());
    const auto type_end = stored.find('"');
    if (type_end == BytesView::npos || stored.substr(type_end, kId.size()) != kId)
        return std::nullopt;
    Identity out;
    out.type = stored.substr(0, type_end);
    stored.remove_prefix(type_end + kId.size());
    out.id = stored.substr(0, stored.find('"'));
    return out;
}

BundleText::BundleText(std::string_view type) {
    out_ = R"({"resourceType":"Bundle",)";
    append_member(out_, "type", type);
}

void BundleText::total(std::uint64_t count) {
    out_ += R"(,"total":)" + std::to_string(count);
}

void BundleText::link(std::string_view relation, std::string_view url) {
    out_ += links_ ? ",{" : R"(,"link":[{)";
    links_ = true;
    append_member(out_, "relation", relation);
    out_ += ',';
    append_member(out_, "url", url);
    out_ += '}';
}

void BundleText::end_links() {
    if (links_) out_ += ']';
    links_ = false;
}

void BundleText::begin_entry() {
    end_links();
    out_ += entries_ ? ",{" : R"(,"entry":[{)";
    entries_ = true;
}

void BundleText::full_url(std::string_view url) {
    if (url.empty()) return;
    append_member(out_, "fullUrl", url);
    out_ += ',';
}

void BundleText::resource(BytesView bytes) {
    if (bytes.empty()) return;
    out_ += R"("resource":)";
    out_ += bytes;
    out_ += ',';
}

void BundleText::found(std::string_view url, BytesView bytes, std::string_view mode) {
    begin_entry();
    full_url(url);
    resource(bytes);
    out_ += R"("search":{)";
    append_member(out_, "mode", mode);
    out_ += "}}";
}

void BundleText::version(std::string_view entry_url, BytesView bytes, std::string_view method,
                         std::string_view request_url, std::uint16_t status, std::uint32_t number,
                         UnixMs updated) {
    begin_entry();
    full_url(entry_url);
    resource(bytes);
    out_ += R"("request":{)";
    append_member(out_, "method", method);
    out_ += ',';
    append_member(out_, "url", request_url);
    out_ += R"(},"response":{)";
    append_member(out_, "status", status_text(status));
    out_ += ',';
    append_member(out_, "etag", etag_of(number));
    out_ += ',';
    append_member(out_, "lastModified", to_rfc3339(updated));
    out_ += "}}";
}

void BundleText::response(const Answer& answer, std::string_view base) {
    begin_entry();
    if (answer.is_resource && !answer.location.empty()) {
        full_url(std::string(base) + '/' +
                 answer.location.substr(0, answer.location.find("/_history/")));
    }
    const bool outcome = !answer.is_resource && !answer.body.empty();
    if (!outcome) resource(answer.body);
    out_ += R"("response":{)";
    append_member(out_, "status", status_text(answer.status));
    if (!answer.location.empty()) {
        out_ += ',';
        append_member(out_, "location", answer.location);
    }
    if (answer.version != 0) {
        out_ += ',';
        append_member(out_, "etag", etag_of(answer.version));
    }
    if (answer.updated) {
        out_ += ',';
        append_member(out_, "lastModified", to_rfc3339(*answer.updated));
    }
    if (outcome) {
        out_ += R"(,"outcome":)";
        out_ += answer.body;
    }
    out_ += "}}";
}

Bytes BundleText::finish() && {
    end_links();
    if (entries_) out_ += ']';
    out_ += '}';
    return std::move(out_);
}

}  // namespace consilium::services::ehr
