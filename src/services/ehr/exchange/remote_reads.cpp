// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/remote_reads.hpp"

#include <algorithm>
#include <array>

#include "base/hex.hpp"
#include "formats/fhir/primitive.hpp"
#include "proto/enum_names.hpp"
#include "services/ehr/compartment.hpp"
#include "services/ehr/exchange/emergency.hpp"
#include "services/ehr/exchange/rows.hpp"
#include "services/ehr/fhir.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/parameters.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using formats::fhir::is_logical_id;

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
        if (!is_logical_id(value) || (it->first == "subject" && !whole)) return std::nullopt;
        if (out && *out != value) return std::nullopt;  // two patients: nobody's
        out = std::string(value);
        it = parameters.erase(it);
    }
    return out;
}

bool is_presentation(const std::string& name) {
    return name == "_format" || name == "_pretty";
}

// What only the custodian could do, over more than what it discloses: it refuses chains, too.
bool is_unsupported(const std::string& name) {
    constexpr std::array<std::string_view, 4> kNames{"_include", "_revinclude", "_contained",
                                                     "_has"};
    if (name.find('.') != std::string::npos) return true;
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

}  // namespace

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
    out.posted = posted;
    out.view = take_view(parameters);
    const bool of_patient = path.size() == 3 && path[0] == "Patient" && is_logical_id(path[1]);
    if (path.size() == 2 && !posted && is_resource_type(path[0]) && is_logical_id(path[1])) {
        out.instance = true;
        out.ask.set_resource_type(path[0]);
        out.ask.set_resource_id(path[1]);
        const auto patient = path[0] == "Patient" ? path[1] : take_patient(parameters);
        out.unknown = !parameters.empty();
        out.patient = patient.value_or(std::string());
        return out;
    }
    if (of_patient && path[2] == "$everything") {
        out.patient = path[1];
        out.unknown = !parameters.empty();
        return out;
    }
    if (of_patient && is_resource_type(path[2])) {
        out.patient = path[1];
        out.ask.set_resource_type(path[2]);
        out.ask.set_query(format_parameters(parameters));
        return out;
    }
    // What is in nobody's record (a Task) is our own, whomever it is for.
    if (path.size() != 1 || !is_in_patient_compartment(path[0])) return std::nullopt;
    auto patient = take_patient(parameters);
    if (!patient) return std::nullopt;
    out.patient = std::move(*patient);
    out.ask.set_resource_type(path[0]);
    out.ask.set_query(format_parameters(parameters));
    return out;
}

Reply reply_of(const ReadOutcome& outcome, const RemoteAsk& ask, const formats::fhir::Query& view,
               const ViewPorts& ports) {
    switch (outcome.state) {
        case ReadOutcome::State::kReceived:
            if (ask.instance) return show_instance(outcome.resources, ask, view);
            return show_bundle(outcome.resources, ask, view, {outcome.link, outcome.disclosure, 0},
                               ports);
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

// Of all patients elsewhere of whom such a resource came here: the one, if there is one only.
std::optional<std::string> RemoteReads::patient_of(std::string_view type,
                                                   std::string_view id) const {
    constexpr std::size_t kTwo = 2;
    const Bytes prefix = seen_prefix(type, id);
    const auto rows = store_.vault().rows(prefix, {}, kTwo);
    if (!rows || rows->size() != 1) return std::nullopt;
    return std::string(BytesView(rows->front().key).substr(prefix.size()));
}

std::optional<v1::ChartCard> RemoteReads::card_of(const RemoteAsk& ask) const {
    std::string patient = ask.patient;
    if (ask.instance && ask.ask.resource_type() != "Patient") {
        const auto own = store_.find(ask.ask.resource_type(), ask.ask.resource_id());
        if (!own || *own) return std::nullopt;
        if (patient.empty())
            patient =
                patient_of(ask.ask.resource_type(), ask.ask.resource_id()).value_or(std::string());
        if (patient.empty()) return std::nullopt;
    }
    const auto own = store_.find("Patient", patient);
    if (!own || *own) return std::nullopt;
    auto card = cards_.find(patient);
    if (!card) return std::nullopt;
    return *std::move(card);
}

Result<Question, Problem> RemoteReads::question_of(const Call& call, const RemoteAsk& ask,
                                                   const http::Principal& principal) const {
    const std::string type = ask.everything() ? "Patient" : ask.ask.resource_type();
    const bool search = !ask.instance && !ask.everything();
    if (auto allowed = allow(call, type, search ? 's' : 'r'); !allowed)
        return fail(allowed.error());
    if (ask.unknown || std::any_of(call.parameters.begin(), call.parameters.end(),
                                   [](const auto& one) { return is_unsupported(one.first); })) {
        return fail(problem_of(400, "not-supported",
                               "The record lies at another member: it is answered without "
                               "includes, chains and parameters of operations"));
    }
    const auto purpose = purpose_of(principal.purpose_of_use);
    if (!purpose) {
        return fail(problem_of(403, "forbidden",
                               "The record lies at another member: it takes a token with a "
                               "purpose_of_use that the ledger knows"));
    }
    Question question;
    question.ask = ask.ask;
    question.purpose = *purpose;
    question.role = role_of(*purpose);
    if (*purpose == v1::PURPOSE_OF_USE_BTG) {
        if (!principal.break_glass) {
            return fail(problem_of(403, "forbidden",
                                   "Breaking the glass takes a token with that clearance"));
        }
        const auto reason = read_emergency_header(call.emergency_access);
        if (!reason) {
            return fail(
                problem_of(400, "required",
                           "Breaking the glass takes a reason: Emergency-Access: CODE; TEXT, "
                           "with a code of the ledger's and the text percent-encoded"));
        }
        question.emergency = reason->code;
        question.reason = reason->text;
        question.subject = principal.subject;
    }
    return question;
}

bool RemoteReads::take_page(const Call& call, const http::Principal& principal,
                            const std::function<void(Reply)>& done) const {
    auto page = cursors_->open(call, principal.purpose_of_use);
    if (!page) return false;
    const RemoteAsk& ask = page->ask;
    if (principal.purpose_of_use == "BTG" && !principal.break_glass) {
        done(fail(
            problem_of(403, "forbidden", "Breaking the glass takes a token with that clearance")));
        return true;
    }
    const auto view = read_view(ask);
    const std::string type = ask.everything() ? "Patient" : ask.ask.resource_type();
    const auto allowed = allow(call, type, ask.everything() ? 'r' : 's');
    if (!view || !allowed) {
        done(fail(view ? allowed.error() : view.error()));
        return true;
    }
    const auto delivered = received_(page->start.link, page->start.disclosure);
    if (!delivered) {
        // Erased since, as a whole or in part: there is no such page any more.
        const bool gone = delivered.error() == vault::VaultError::kErased ||
                          delivered.error() == vault::VaultError::kNone;
        done(fail(gone ? problem_of(410, "deleted", "What was disclosed was erased since")
                       : store_problem(StoreError::kDisk)));
        return true;
    }
    const ViewPorts ports{base_(), principal.scopes, [&](const PageStart& next) {
                              return cursors_->seal(next, ask, principal.purpose_of_use);
                          }};
    done(show_bundle(*delivered, ask, *view, page->start, ports));
    return true;
}

bool RemoteReads::take(const Call& call, const http::Principal& principal,
                       std::function<void(Reply)> done) const {
    if (take_page(call, principal, done)) return true;
    const auto ask = remote_ask(call);
    if (!ask) return false;
    auto card = card_of(*ask);
    if (!card) return false;
    auto question = question_of(call, *ask, principal);
    if (!question) {
        done(fail(question.error()));
        return true;
    }
    auto view = read_view(*ask);
    if (!view) {
        done(fail(view.error()));
        return true;
    }
    question->card = std::move(*card);
    RemoteAsk shown = *ask;
    shown.patient = question->card.patient();
    read_(*question, [ask = std::move(shown), view = std::move(*view), base = base_(),
                      scopes = principal.scopes, purpose = principal.purpose_of_use,
                      cursors = cursors_, done = std::move(done)](const ReadOutcome& outcome) {
        const ViewPorts ports{
            base, scopes, [&](const PageStart& next) { return cursors->seal(next, ask, purpose); }};
        done(reply_of(outcome, ask, view, ports));
    });
    return true;
}

}  // namespace consilium::services::ehr::exchange
