// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/emergency.hpp"

#include <algorithm>

#include "formats/fhir/primitive.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/text.hpp"
#include "http/message.hpp"
#include "ledger/ids.hpp"
#include "proto/canonical.hpp"
#include "proto/enum_names.hpp"
#include "services/ehr/names.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using formats::json::Value;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

std::optional<EmergencyReason> reason_of(std::string_view code, std::string text) {
    const auto value = proto::value_of<v1::EmergencyReason>(code);
    text = std::string(trimmed(text));
    if (!value || text.empty() || text.size() > kReasonBytesMax || !formats::json::is_text(text))
        return std::nullopt;
    return EmergencyReason{*value, std::move(text)};
}

// The member's text, or "" when it is absent; nothing when it is no text, or too long.
std::optional<std::string> text_of(const Value& object, std::string_view name,
                                   std::size_t bytes_max) {
    const Value* value = object.find(name);
    if (value == nullptr) return std::string();
    if (!value->is_string() || value->string().size() > bytes_max) return std::nullopt;
    return std::string(value->string());
}

bool has_only(const Value& object, std::initializer_list<std::string_view> names) {
    const auto members = object.object();
    return std::all_of(members.begin(), members.end(), [&](const auto& member) {
        return std::find(names.begin(), names.end(), member.name) != names.end();
    });
}

bool is_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    for (const std::size_t at : {0U, 1U, 2U, 3U, 5U, 6U, 8U, 9U})
        if (text[at] < '0' || text[at] > '9') return false;
    return true;
}

std::optional<v1::NamedPatient> read_named(const Value& object) {
    if (!object.is_object() || !has_only(object, {"family", "given", "birth_date", "identifier"}))
        return std::nullopt;
    v1::NamedPatient out;
    const auto family = text_of(object, "family", kNameBytesMax);
    const auto given = text_of(object, "given", kNameBytesMax);
    const auto born = text_of(object, "birth_date", kNameBytesMax);
    if (!family || !given || !born) return std::nullopt;
    out.set_family(*family);
    out.set_given(*given);
    out.set_birth_date(*born);
    if (const Value* identifier = object.find("identifier"); identifier != nullptr) {
        if (!identifier->is_object() || !has_only(*identifier, {"system", "value"}))
            return std::nullopt;
        const auto system = text_of(*identifier, "system", kNameBytesMax);
        const auto value = text_of(*identifier, "value", kNameBytesMax);
        if (!system || !value) return std::nullopt;
        out.set_identifier_system(*system);
        out.set_identifier_value(*value);
    }
    if (!is_named(out)) return std::nullopt;
    return out;
}

// "$everything", the default, or a search such as "Observation?category=laboratory".
bool read_ask(const std::string& text, v1::ExchangeAsk& ask) {
    if (text.empty() || text == "$everything") return true;
    const auto mark = text.find('?');
    const std::string type = text.substr(0, mark);
    if (!is_resource_type(type)) return false;
    ask.set_resource_type(type);
    if (mark != std::string::npos) ask.set_query(text.substr(mark + 1));
    return true;
}

}  // namespace

std::optional<EmergencyReason> read_emergency_header(std::string_view value) {
    const auto end = value.find(';');
    if (end == std::string_view::npos) return std::nullopt;
    auto text = http::percent_decode(trimmed(value.substr(end + 1)));
    if (!text) return std::nullopt;
    return reason_of(trimmed(value.substr(0, end)), *std::move(text));
}

std::optional<EmergencyOrder> read_emergency_order(const std::string& json) {
    const auto parsed = formats::json::parse(json, kOrderBytesMax);
    if (!parsed || !parsed->root().is_object()) return std::nullopt;
    const Value& root = parsed->root();
    if (!has_only(root, {"custodian", "patient", "reason_code", "reason", "ask"}))
        return std::nullopt;
    EmergencyOrder out;
    const auto code = text_of(root, "reason_code", kNameBytesMax);
    auto text = text_of(root, "reason", kReasonBytesMax);
    const auto ask = text_of(root, "ask", kReasonBytesMax);
    const auto custodian = text_of(root, "custodian", kNameBytesMax);
    const Value* patient = root.find("patient");
    if (!code || !text || !ask || !custodian || patient == nullptr) return std::nullopt;
    auto reason = reason_of(*code, *std::move(text));
    if (!reason || !read_ask(*ask, out.ask)) return std::nullopt;
    out.reason = *std::move(reason);
    out.custodian = *custodian;
    if (patient->is_string()) {
        out.patient = std::string(patient->string());
        return formats::fhir::is_logical_id(out.patient) ? std::optional(std::move(out))
                                                         : std::nullopt;
    }
    out.named = read_named(*patient);
    if (!out.named || !ledger::is_member_id(out.custodian)) return std::nullopt;
    return out;
}

bool is_named(const v1::NamedPatient& named) {
    if (!named.birth_date().empty() && !is_date(named.birth_date())) return false;
    if (named.identifier_system().empty() != named.identifier_value().empty()) return false;
    const bool by_name =
        !named.family().empty() && !named.given().empty() && !named.birth_date().empty();
    return by_name || !named.identifier_value().empty();
}

}  // namespace consilium::services::ehr::exchange
