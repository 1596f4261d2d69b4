// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_person.hpp"

#include <charconv>
#include <chrono>
#include <thread>

#include "cli/access.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"

namespace consilium::cli {
namespace {

using formats::json::Value;

constexpr std::size_t kAnswerBytesMax = 64U << 20U;
constexpr std::chrono::milliseconds kWaitBetween{5};
constexpr int kAttemptsMax = 2000;
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

Result<Told, Problem> Person::get_expecting(unsigned status, const std::string& target,
                                            const Headers& headers) {
    const HttpRequest request{"GET", target, {}, accepted_of(target), {}, headers};
    auto told = ask(request);
    if (told && told->status != status) return fail(unexpected(member_, request, *told, status));
    return told;
}

Result<Told, Problem> Person::post_expecting(unsigned status, const std::string& target,
                                             const std::string& body) {
    const HttpRequest request{"POST", target, media_of(target), accepted_of(target), body, {}};
    auto told = ask(request);
    if (told && told->status != status) return fail(unexpected(member_, request, *told, status));
    return told;
}

Result<std::string, Problem> Person::text(const std::string& target) {
    auto reply = http_.send({"GET", target, {}, "*/*", {}, {}});
    if (!reply) return fail(reply.error());
    return std::move(reply->body);
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
    auto certificate = read_file(opened->config.http.certificate);
    if (!certificate) return fail(certificate.error());
    return Person(member, Endpoint{opened->config.http.address,
                                   static_cast<std::uint16_t>(opened->config.http.port),
                                   std::move(certificate).value(), *token});
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

std::string outcome_words(const Value& outcome) {
    const auto issues = list_in(outcome, "issue");
    return issues.empty() ? std::string() : text_in(&issues.front(), "diagnostics");
}

}  // namespace consilium::cli
