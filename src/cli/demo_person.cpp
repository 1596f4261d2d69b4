// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_person.hpp"

#include <charconv>
#include <chrono>
#include <thread>

#include "cli/access.hpp"
#include "cli/wallet_signing.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"

namespace consilium::cli {
namespace {

using formats::json::Value;

constexpr std::size_t kAnswerBytesMax = 64U << 20U;
constexpr std::chrono::milliseconds kWaitBetween{5};
constexpr int kAttemptsMax = 12'000;
constexpr const char* kFhirJson = "application/fhir+json";
constexpr const char* kJson = "application/json";

const char* media_of(const std::string& target) {
    return target.rfind("/fhir", 0) == 0 ? kFhirJson : kJson;
}

// Records come as FHIR from under other paths too.
const char* accepted_of(const std::string& target) {
    return target.rfind("/fhir", 0) == 0 ? kFhirJson : "*/*";
}

Problem unexpected(const std::string& member, const HttpRequest& request, const Told& told,
                   unsigned wanted) {
    // The path says enough; a query could hold what should not be shown.
    const std::string path = request.target.substr(0, request.target.find('?'));
    std::string what = "the node of the " + member + " answers " + request.method + " " + path +
                       " with " + std::to_string(wanted) + ", not with " +
                       std::to_string(told.status);
    const std::string words = outcome_words(told.root());
    return demo_failed(words.empty() ? what : what + " (" + words + ")");
}

// Of the member's node, without a token.
Result<Endpoint, Problem> endpoint_of(const OpenMember& member) {
    auto certificate = read_file(member.config.http.certificate);
    if (!certificate) return fail(certificate.error());
    return Endpoint{member.config.http.address,
                    static_cast<std::uint16_t>(member.config.http.port),
                    std::move(certificate).value(),
                    {}};
}

}  // namespace

Result<Told, Problem> Person::ask(const HttpRequest& request) {
    const auto start = std::chrono::steady_clock::now();
    auto reply = http_.send(request);
    if (!reply) return fail(reply.error());
    Told told;
    told.took_us = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                                  std::chrono::steady_clock::now() - start)
                                                  .count());
    told.status = reply->status;
    told.bytes = reply->body.size();
    if (auto parsed = formats::json::parse(std::move(reply->body), kAnswerBytesMax))
        told.body = std::move(parsed).value();
    return told;
}

Result<Told, Problem> Person::ask_expecting(unsigned status, const HttpRequest& request) {
    auto told = ask(request);
    if (told && told->status != status) return fail(unexpected(member_, request, *told, status));
    return told;
}

Result<Told, Problem> Person::post_order(const std::string& target, const std::string& body) {
    const HttpRequest request{"POST", target, media_of(target), accepted_of(target), body, {}};
    auto told = ask(request);
    if (told && told->status != 201 && told->status != 202)
        return fail(unexpected(member_, request, *told, 201));
    return told;
}

Result<Told, Problem> Person::get_expecting(unsigned status, const std::string& target,
                                            const Headers& headers) {
    return ask_expecting(status, {"GET", target, {}, accepted_of(target), {}, headers});
}

Result<Told, Problem> Person::post_expecting(unsigned status, const std::string& target,
                                             const std::string& body) {
    return ask_expecting(status, {"POST", target, media_of(target), accepted_of(target), body, {}});
}

Result<Told, Problem> Person::put_expecting(unsigned status, const std::string& target,
                                            const std::string& body) {
    return ask_expecting(status, {"PUT", target, media_of(target), accepted_of(target), body, {}});
}

Result<std::uint64_t, Problem> Person::metric(std::string_view name) {
    const auto reply = http_.send({"GET", "/metrics", {}, "*/*", {}, {}});
    if (!reply) return fail(reply.error());
    const std::string& text = reply->body;
    std::uint64_t out = 0;
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
        if (at > 0 && text[at - 1] != '\n') continue;
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::size_t blank = text.rfind(' ', end - 1);
        if (blank == std::string::npos || blank < at) continue;
        std::from_chars(text.data() + blank + 1, text.data() + end, out);
    }
    return out;
}

Result<Person, Problem> demo_person(const DemoWorld& world, const std::string& member,
                                    const Badge& badge) {
    const auto opened = open_member({world.home.folder.string(), member});
    if (!opened) return fail(opened.error());
    http::TokenRequest request;
    request.subject = badge.subject.empty() ? member : badge.subject;
    request.client_id = "consilium-demo";
    request.scope = badge.scope;
    request.purpose_of_use = badge.purpose;
    request.break_glass = badge.break_glass;
    const auto token = issue_token(*opened, request);
    if (!token) return fail(token.error());
    auto endpoint = endpoint_of(*opened);
    if (!endpoint) return fail(endpoint.error());
    endpoint->token = *token;
    return Person(member, std::move(endpoint).value());
}

Result<NodeClient, Problem> demo_patient_node(DemoWorld& world, const std::string& member) {
    ledger::LinkId link;
    (void)assign(link, world.patient.link);
    const auto* key = world.patient.wallet->find(link);
    if (key == nullptr) return fail(demo_failed("the wallet has a key for the link"));
    const auto opened = open_member({world.home.folder.string(), member});
    if (!opened) return fail(opened.error());
    auto endpoint = endpoint_of(*opened);
    if (!endpoint) return fail(endpoint.error());
    NodeClient nobody(*endpoint);
    auto access = ask_patient_token(*world.patient.wallet, *key, nobody);
    if (!access) return fail(access.error());
    endpoint->token = std::move(access->token);
    return NodeClient(std::move(endpoint).value());
}

Status<Problem> demo_wait(const std::string& claim,
                          const std::function<Result<bool, Problem>()>& holds) {
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
        const auto now_holds = holds();
        if (!now_holds) return fail(now_holds.error());
        if (*now_holds) return Done{};
        std::this_thread::sleep_for(kWaitBetween);
    }
    return fail(demo_failed(claim));
}

std::string text_in(const Value* object, std::string_view name) {
    const Value* value = object == nullptr ? nullptr : object->find(name);
    return value != nullptr && value->is_string() ? std::string(value->string()) : std::string();
}

std::uint64_t number_in(const Value* object, std::string_view name) {
    const Value* value = object == nullptr ? nullptr : object->find(name);
    std::uint64_t out = 0;
    if (value == nullptr || !value->is_number()) return out;
    const std::string_view text = value->number();
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

std::span<const Value> list_in(const Value& object, std::string_view name) {
    const Value* value = object.find(name);
    return value != nullptr && value->is_array() ? value->array() : std::span<const Value>();
}

std::map<std::string, std::string> resources_of(const Value& bundle) {
    std::map<std::string, std::string> out;
    for (const Value& entry : list_in(bundle, "entry")) {
        const Value* resource = entry.find("resource");
        if (resource == nullptr) continue;
        out[text_in(resource, "resourceType") + "/" + text_in(resource, "id")] =
            formats::json::write(*resource);
    }
    return out;
}

std::string heart_rate_of(const std::string& patient, int number) {
    return R"({"resourceType":"Observation","status":"final","code":{"coding":[{"system":)"
           R"("http://loinc.org","code":"8867-4","display":"Heart rate"}]},"subject":)"
           R"({"reference":"Patient/)" +
           patient + R"("},"effectiveDateTime":"2024-01-02T08:)" + std::to_string(10 + number) +
           R"(:00Z","valueQuantity":{"value":)" + std::to_string(60 + number) +
           R"(,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}})";
}

std::string outcome_words(const Value& outcome) {
    const auto issues = list_in(outcome, "issue");
    return issues.empty() ? std::string() : text_in(&issues.front(), "diagnostics");
}

}  // namespace consilium::cli
