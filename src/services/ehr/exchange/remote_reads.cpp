// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/remote_reads.hpp"

#include <algorithm>
#include <array>

#include "base/hex.hpp"
#include "formats/fhir/primitive.hpp"
#include "proto/enum_names.hpp"
#include "services/ehr/bundle_text.hpp"
#include "services/ehr/exchange/emergency.hpp"
#include "services/ehr/fhir.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/parameters.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr std::string_view kPatientPrefix = "Patient/";

// The patient that search parameters name, which are then taken out of them.
std::optional<std::string> take_patient(Parameters& parameters) {
    std::optional<std::string> out;
    for (auto it = parameters.begin(); it != parameters.end();) {
        const bool is_subject = it->first == "subject" || it->first == "subject:Patient";
        const bool is_patient = it->first == "patient" || it->first == "patient:Patient";
        if (!is_subject && !is_patient) {
            ++it;
            continue;
        }
        std::string_view value = it->second;
        const bool whole = value.starts_with(kPatientPrefix);
        if (whole) value.remove_prefix(kPatientPrefix.size());
        if (!formats::fhir::is_logical_id(value) || (it->first == "subject" && !whole))
            return std::nullopt;
        if (out && *out != value) return std::nullopt;  // two patients: nobody's
        out = std::string(value);
        it = parameters.erase(it);
    }
    return out;
}

bool is_presentation(const std::string& name) {
    return name == "_format" || name == "_pretty" || name == "_total";
}

// What would have to be done here, over all that comes, and is not yet.
bool is_unsupported(const std::string& name) {
    constexpr std::array<std::string_view, 8> kNames{"_count",     "_sort",    "_summary",
                                                     "_elements",  "_include", "_revinclude",
                                                     "_contained", "_after"};
    const auto plain = std::string_view(name).substr(0, name.find(':'));
    return std::find(kNames.begin(), kNames.end(), plain) != kNames.end();
}

std::string row_path(const ReadOutcome& outcome) {
    return "ehr/request/" + to_hex(outcome.id) + "/" + std::to_string(outcome.number);
}

// Texts are made of literals of ours, names of enumerators and ids on the ledger.
Problem refusal(std::uint16_t status, std::string_view code, const ReadOutcome& outcome,
                std::string text) {
    Problem out;
    out.status = status;
    text += " (transaction " + to_hex(outcome.transaction.view());
    if (outcome.number != 0) text += ", row " + row_path(outcome);
    text += ')';
    out.issues.push_back({"error", code, std::move(text), {}});
    return out;
}

Problem denial(const ReadOutcome& outcome) {
    std::string text = "The ledger denied the request: rule " + proto::name_of(outcome.gate.rule());
    if (outcome.gate.parameter() != v1::POLICY_PARAMETER_UNSPECIFIED) {
        text += ", policy parameter " + proto::name_of(outcome.gate.parameter());
        text += outcome.gate.policy_version() == 0
                    ? std::string(" by default")
                    : " of policy version " + std::to_string(outcome.gate.policy_version());
    }
    return refusal(403, "forbidden", outcome, std::move(text));
}

Answer bundle_of(const ReadOutcome& outcome, const RemoteAsk& ask, const std::string& base,
                 const http::Scopes& scopes) {
    std::vector<const DisclosedResource*> shown;
    for (const DisclosedResource& resource : outcome.resources) {
        // A custodian cannot widen what was asked for.
        if (!ask.ask.resource_type().empty() && resource.type != ask.ask.resource_type()) continue;
        if (scopes.grants({resource.type, 'r'})) shown.push_back(&resource);
    }
    BundleText out("searchset");
    out.total(shown.size());
    std::string self = base + '/';
    if (ask.ask.resource_type().empty()) {
        self += std::string(kPatientPrefix) + ask.patient + "/$everything";
    } else {
        self += ask.ask.resource_type() + "?patient=" + ask.patient;
        if (!ask.ask.query().empty()) self += '&' + ask.ask.query();
    }
    out.link("self", self);
    for (const DisclosedResource* resource : shown)
        out.found(base + '/' + resource->type + '/' + resource->id, resource->bytes, "match");
    Answer answer;
    answer.body = std::move(out).finish();
    return answer;
}

Reply instance_of(const ReadOutcome& outcome, const RemoteAsk& ask) {
    for (const DisclosedResource& resource : outcome.resources) {
        if (resource.type != "Patient" || resource.id != ask.patient) continue;
        Answer answer;
        answer.body = resource.bytes;
        answer.is_resource = true;
        return answer;
    }
    return fail(problem_of(404, "not-found", "The custodian disclosed no such resource"));
}

// The role in which the ledger's rules let a purpose be asked for.
v1::Role role_of(v1::PurposeOfUse purpose) {
    switch (purpose) {
        case v1::PURPOSE_OF_USE_TREAT:
        case v1::PURPOSE_OF_USE_ETREAT:
        case v1::PURPOSE_OF_USE_BTG:
        case v1::PURPOSE_OF_USE_COC:
            return v1::ROLE_CLINICIAN;
        default:
            return v1::ROLE_SERVICE;
    }
}

}  // namespace

std::optional<v1::PurposeOfUse> purpose_of(std::string_view code) {
    v1::PurposeOfUse out = v1::PURPOSE_OF_USE_UNSPECIFIED;
    if (code == "UNSPECIFIED" ||
        !v1::PurposeOfUse_Parse("PURPOSE_OF_USE_" + std::string(code), &out))
        return std::nullopt;
    return out;
}

std::optional<RemoteAsk> remote_ask(const Call& call) {
    const bool posted =
        call.verb == Verb::kPost && !call.path.empty() && call.path.back() == "_search";
    if (call.verb != Verb::kGet && !posted) return std::nullopt;
    std::vector<std::string> path = call.path;
    if (posted) path.pop_back();
    Parameters parameters = call.parameters;
    parameters.erase(std::remove_if(parameters.begin(), parameters.end(),
                                    [](const auto& one) { return is_presentation(one.first); }),
                     parameters.end());
    RemoteAsk out;
    if (path.size() >= 2 && path[0] == "Patient" && formats::fhir::is_logical_id(path[1])) {
        out.patient = path[1];
        if (path.size() == 2) {
            out.instance = true;
            out.ask.set_resource_type("Patient");
            out.ask.set_resource_id(out.patient);
            return out;
        }
        if (path.size() != 3) return std::nullopt;
        if (path[2] == "$everything") return out;
        if (!is_resource_type(path[2])) return std::nullopt;
        out.ask.set_resource_type(path[2]);
        out.ask.set_query(format_parameters(parameters));
        return out;
    }
    if (path.size() != 1 || !is_resource_type(path[0])) return std::nullopt;
    auto patient = take_patient(parameters);
    if (!patient) return std::nullopt;
    out.patient = std::move(*patient);
    out.ask.set_resource_type(path[0]);
    out.ask.set_query(format_parameters(parameters));
    return out;
}

Reply reply_of(const ReadOutcome& outcome, const RemoteAsk& ask, const std::string& base,
               const http::Scopes& scopes) {
    switch (outcome.state) {
        case ReadOutcome::State::kReceived:
            if (ask.instance) return instance_of(outcome, ask);
            return bundle_of(outcome, ask, base, scopes);
        case ReadOutcome::State::kDenied:
            return fail(denial(outcome));
        case ReadOutcome::State::kRefused:
            return fail(
                refusal(403, "forbidden", outcome,
                        "The custodian refused the request: " + proto::name_of(outcome.refusal)));
        case ReadOutcome::State::kDisputed:
            return fail(refusal(502, "security", outcome,
                                "The custodian sent something else than it committed to; "
                                "it was not kept, and the ledger says so"));
        case ReadOutcome::State::kRejected:
            return fail(refusal(403, "forbidden", outcome,
                                "The ledger does not take the request, code " +
                                    std::to_string(outcome.rejection.code) + " of contract " +
                                    std::to_string(outcome.rejection.contract)));
        case ReadOutcome::State::kTimeout:
            return fail(refusal(504, "timeout", outcome,
                                "The custodian has not answered yet; what it discloses is kept"));
        case ReadOutcome::State::kNoUser:
            return fail(problem_of(403, "forbidden",
                                   "No user id of today is free to declare the emergency: the "
                                   "privacy officer clears whoever may"));
        case ReadOutcome::State::kFailed:
            break;
    }
    return fail(problem_of(503, "transient", "Nothing could be asked: try again"));
}

bool RemoteReads::take(const Call& call, const http::Principal& principal,
                       std::function<void(Reply)> done) const {
    const auto ask = remote_ask(call);
    if (!ask) return false;
    const auto own = store_.find("Patient", ask->patient);
    if (!own || *own) return false;
    const auto card = cards_.find(ask->patient);
    if (!card || !*card) return false;

    const bool search = !ask->instance && !ask->ask.resource_type().empty();
    const std::string type =
        ask->ask.resource_type().empty() ? "Patient" : ask->ask.resource_type();
    if (auto allowed = allow(call, type, search ? 's' : 'r'); !allowed) {
        done(fail(allowed.error()));
        return true;
    }
    if (std::any_of(call.parameters.begin(), call.parameters.end(),
                    [](const auto& one) { return is_unsupported(one.first); })) {
        done(fail(problem_of(400, "not-supported",
                             "The record lies at another member: it is answered whole, without "
                             "paging, sorting, summaries and includes")));
        return true;
    }
    const auto purpose = purpose_of(principal.purpose_of_use);
    if (!purpose) {
        done(fail(problem_of(403, "forbidden",
                             "The record lies at another member: it takes a token with a "
                             "purpose_of_use that the ledger knows")));
        return true;
    }
    Question question;
    question.card = **card;
    question.ask = ask->ask;
    question.purpose = *purpose;
    question.role = role_of(*purpose);
    if (*purpose == v1::PURPOSE_OF_USE_BTG) {
        if (!principal.break_glass) {
            done(fail(problem_of(403, "forbidden",
                                 "Breaking the glass takes a token with that clearance")));
            return true;
        }
        const auto reason = read_emergency_header(call.emergency_access);
        if (!reason) {
            done(fail(problem_of(400, "required",
                                 "Breaking the glass takes a reason: Emergency-Access: CODE; TEXT, "
                                 "with a code of the ledger's and the text percent-encoded")));
            return true;
        }
        question.emergency = reason->code;
        question.reason = reason->text;
        question.subject = principal.subject;
    }
    read_(question, [ask = *ask, base = base_(), scopes = principal.scopes, done = std::move(done)](
                        ReadOutcome outcome) { done(reply_of(outcome, ask, base, scopes)); });
    return true;
}

}  // namespace consilium::services::ehr::exchange
