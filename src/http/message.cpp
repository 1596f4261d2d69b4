// SPDX-License-Identifier: Apache-2.0
#include "http/message.hpp"

#include <algorithm>
#include <charconv>

#include "base/hex.hpp"

namespace consilium::http {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

// Takes the part before `separator` off the front of `text`.
std::string_view take_until(std::string_view& text, char separator) {
    const auto at = text.find(separator);
    const auto part = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
    return part;
}

std::string_view without_parameters(std::string_view value) {
    return trim(value.substr(0, value.find(';')));
}

// "0.25" in thousandths (RFC 9110 section 12.4.2); 1000 when it is not a weight.
int parse_weight(std::string_view text) {
    if (text.empty() || (text[0] != '0' && text[0] != '1')) return 1000;
    int weight = (text[0] - '0') * 1000;
    int unit = 100;
    for (std::size_t i = 2; i < text.size() && i < 5 && text[1] == '.'; ++i, unit /= 10) {
        if (text[i] < '0' || text[i] > '9') return 1000;
        weight += (text[i] - '0') * unit;
    }
    return std::min(weight, 1000);
}

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            const auto byte = from_hex(text.substr(i + 1, 2));
            if (!byte || byte->size() != 1) return std::nullopt;
            out += *byte;
            i += 2;
        }
    }
    return out;
}

constexpr std::size_t kQueryParametersMax = 16;

}  // namespace

const char* to_string(Method method) {
    switch (method) {
        case Method::kGet:
            return "GET";
        case Method::kHead:
            return "HEAD";
        case Method::kPost:
            return "POST";
        case Method::kPut:
            return "PUT";
        case Method::kPatch:
            return "PATCH";
        case Method::kDelete:
            return "DELETE";
        case Method::kOptions:
            return "OPTIONS";
        case Method::kOther:
            return "other";
    }
    return "other";
}

std::string_view content_type(Media media) {
    switch (media) {
        case Media::kNone:
            return "";
        case Media::kJson:
            return "application/json";
        case Media::kProblem:
            return "application/problem+json";
        case Media::kProtobuf:
            return "application/x-protobuf";
        case Media::kEventStream:
            return "text/event-stream";
        case Media::kMetrics:
            return "text/plain; version=0.0.4; charset=utf-8";
        case Media::kFhirJson:
            return "application/fhir+json";
        case Media::kJsonPatch:
            return "application/json-patch+json";
        case Media::kForm:
            return "application/x-www-form-urlencoded";
        case Media::kNdjson:
            return "application/x-ndjson";
        case Media::kOther:
            return "";
    }
    return "";
}

Response problem(std::uint16_t status, std::string_view code, telemetry::Literal title) {
    Response out;
    out.status = status;
    out.media = Media::kProblem;
    out.body.append(R"({"type":"urn:consilium:error:)").append(code);
    out.body.append(R"(","title":")").append(title.view());
    out.body.append(R"(","status":)").append(std::to_string(status));
    out.body.append(R"(,"code":")").append(code).append("\"}");
    return out;
}

Response problem_retry(std::uint16_t status, std::string_view code, telemetry::Literal title,
                       std::uint32_t retry_after_s) {
    Response out = problem(status, code, title);
    out.headers = "Retry-After: " + std::to_string(retry_after_s) + "\r\n";
    return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
    return decode(text, false);
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> out;
    while (!text.empty()) {
        auto value = take_until(text, '&');
        if (value.empty()) continue;
        if (out.size() == kFormParametersMax) return std::nullopt;
        auto name = decode(take_until(value, '='), true);
        auto decoded = decode(value, true);
        if (!name || !decoded) return std::nullopt;
        out.emplace_back(std::move(*name), std::move(*decoded));
    }
    return out;
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name,
                                           bool& malformed) {
    std::optional<std::string> out;
    while (!query.empty()) {
        auto value = take_until(query, '&');
        if (take_until(value, '=') != name) continue;
        auto decoded = decode(value, true);
        if (out || !decoded) {
            malformed = true;
            return std::nullopt;
        }
        out = std::move(decoded);
    }
    return out;
}

bool query_has_only(std::string_view query, std::initializer_list<std::string_view> names) {
    for (std::size_t count = 0; !query.empty(); ++count) {
        auto value = take_until(query, '&');
        const auto name = take_until(value, '=');
        if (count == kQueryParametersMax) return false;
        if (std::find(names.begin(), names.end(), name) == names.end()) return false;
    }
    return true;
}

bool is_media(std::string_view value, Media media) {
    return equal_ignoring_case(without_parameters(value), without_parameters(content_type(media)));
}

std::optional<Media> negotiate(std::string_view accept, const Media* offered, std::size_t count) {
    accept = trim(accept);
    if (count == 0) return std::nullopt;
    if (accept.empty() || accept == "*/*") return offered[0];
    std::optional<Media> best;
    int best_weight = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto type = without_parameters(content_type(offered[i]));
        const auto family = type.substr(0, type.find('/') + 1);
        int weight = 0;
        int specificity = 0;
        for (auto rest = accept; !rest.empty();) {
            auto item = take_until(rest, ',');
            const auto range = trim(take_until(item, ';'));
            int range_weight = 1000;
            while (!item.empty()) {
                const auto parameter = trim(take_until(item, ';'));
                if (parameter.size() > 2 && lower(parameter[0]) == 'q' && parameter[1] == '=') {
                    range_weight = parse_weight(parameter.substr(2));
                }
            }
            const int range_specificity =
                equal_ignoring_case(range, type) ? 3
                : range.size() == family.size() + 1 && range.back() == '*' &&
                        equal_ignoring_case(range.substr(0, family.size()), family)
                    ? 2
                : range == "*/*" ? 1
                                 : 0;
            if (range_specificity > specificity) {
                specificity = range_specificity;
                weight = range_weight;
            }
        }
        if (weight > best_weight) {
            best = offered[i];
            best_weight = weight;
        }
    }
    return best;
}

}  // namespace consilium::http
