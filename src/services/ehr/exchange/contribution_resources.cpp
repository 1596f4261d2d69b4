// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/contribution_resources.hpp"

#include <optional>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "formats/json/write.hpp"
#include "proto/enum_names.hpp"
#include "services/ehr/exchange/rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using formats::json::Writer;

constexpr std::string_view kParticipant =
    "http://terminology.hl7.org/CodeSystem/provenance-participant-type";

// {"coding":[{"system","code"}],"text"}
void concept_of(Writer& writer, std::string_view name, std::string_view system,
                std::string_view code, const std::string& text = {}) {
    writer.name(name);
    writer.begin_object();
    writer.name("coding");
    writer.begin_array();
    writer.begin_object();
    writer.member("system", system);
    writer.member("code", code);
    writer.end_object();
    writer.end_array();
    if (!text.empty()) writer.member("text", text);
    writer.end_object();
}

void reference(Writer& writer, std::string_view name, const std::string& to) {
    writer.name(name);
    writer.begin_object();
    writer.member("reference", to);
    writer.end_object();
}

// A logical reference: what is meant has no resource here.
void identified(Writer& writer, std::string_view name, std::string_view type,
                std::string_view system, const std::string& value) {
    writer.name(name);
    writer.begin_object();
    writer.member("type", type);
    writer.name("identifier");
    writer.begin_object();
    writer.member("system", system);
    writer.member("value", value);
    writer.end_object();
    writer.end_object();
}

std::string versioned(const std::string& type, const std::string& id, std::uint32_t version) {
    return type + '/' + id + "/_history/" + std::to_string(version);
}

// Task.input and Task.output have one item here.
void parameter(Writer& writer, std::string_view name, std::string_view text,
               const std::string& to) {
    writer.name(name);
    writer.begin_array();
    writer.begin_object();
    writer.name("type");
    writer.begin_object();
    writer.member("text", text);
    writer.end_object();
    reference(writer, "valueReference", to);
    writer.end_object();
    writer.end_array();
}

struct Stage {
    std::string_view status;    // Task.status
    std::string_view business;  // code of kStageSystem
};

Stage stage_of(v1::OfferState state) {
    switch (state) {
        case v1::OFFER_STATE_OPEN:
            return {"requested", "offered"};
        case v1::OFFER_STATE_SENT:
            return {"requested", "sent"};
        case v1::OFFER_STATE_ACCEPTED:
            return {"accepted", "accepted"};
        case v1::OFFER_STATE_REJECTED:
            return {"rejected", "rejected"};
        case v1::OFFER_STATE_DENIED:
            return {"rejected", "denied"};
        case v1::OFFER_STATE_UNFILED:
            return {"rejected", "not-filed"};
        default:
            return {"requested", "filing"};
    }
}

Stage stage_of(v1::OfferedState state) {
    switch (state) {
        case v1::OFFERED_STATE_STORED:
            return {"accepted", "stored"};
        case v1::OFFERED_STATE_ACCEPTING:
            return {"accepted", "anchored"};
        case v1::OFFERED_STATE_ACCEPTED:
            return {"accepted", "accepted"};
        case v1::OFFERED_STATE_REJECTING:
        case v1::OFFERED_STATE_REJECTED:
            return {"rejected", "rejected"};
        case v1::OFFERED_STATE_FAILED:
            return {"accepted", "not-recorded"};
        default:
            return {"requested", "waiting"};
    }
}

std::string denial_text(const v1::GateDecision& gate) {
    std::string out = "The ledger denied the offer: rule " + proto::name_of(gate.rule());
    if (gate.parameter() == v1::POLICY_PARAMETER_UNSPECIFIED) return out;
    out += ", policy parameter " + proto::name_of(gate.parameter());
    out += gate.policy_version() == 0
               ? std::string(" by default")
               : " of policy version " + std::to_string(gate.policy_version());
    return out;
}

struct TaskText {
    std::string id;
    std::string name;  // LINK/NUMBER; empty: not numbered yet
    Stage stage;
    std::string contributor;
    std::string custodian;
    std::string patient;
    std::string corrects;  // of what it corrects; empty: a new resource
    std::string record;    // what it became; empty: nothing yet
    std::uint64_t authored_unix_ms = 0;
    UnixMs now;
};

void begin_task(Writer& writer, const TaskText& task) {
    writer.begin_object();
    writer.member("resourceType", "Task");
    writer.member("id", task.id);
    if (!task.name.empty()) {
        writer.name("identifier");
        writer.begin_array();
        writer.begin_object();
        writer.member("system", kContributionSystem);
        writer.member("value", task.name);
        writer.end_object();
        writer.end_array();
    }
    writer.member("status", task.stage.status);
    concept_of(writer, "businessStatus", kStageSystem, task.stage.business);
    writer.member("intent", "proposal");
    concept_of(writer, "code", "http://hl7.org/fhir/CodeSystem/task-code", "approve");
}

Bytes end_task(Writer& writer, const TaskText& task, std::string& out) {
    reference(writer, "for", "Patient/" + task.patient);
    const std::uint64_t now = std::max(task.now.value, task.authored_unix_ms);
    writer.member("authoredOn", to_rfc3339(UnixMs{task.authored_unix_ms}));
    writer.member("lastModified", to_rfc3339(UnixMs{now}));
    identified(writer, "requester", "Organization", kMemberSystem, task.contributor);
    identified(writer, "owner", "Organization", kMemberSystem, task.custodian);
    if (!task.corrects.empty()) parameter(writer, "input", "corrects", task.corrects);
    if (!task.record.empty()) parameter(writer, "output", "record", task.record);
    writer.end_object();
    return std::move(out);
}

}  // namespace

std::string contribution_name(BytesView link, std::uint32_t number) {
    return to_hex(link) + '/' + std::to_string(number);
}

Bytes task_of(const v1::Offering& offering, const std::string& contributor, UnixMs now) {
    TaskText task;
    task.id = offering.task();
    if (offering.number() != 0)
        task.name = contribution_name(offering.link_id(), offering.number());
    task.stage = stage_of(offering.state());
    task.contributor = contributor;
    task.custodian = offering.custodian();
    task.patient = offering.patient();
    task.authored_unix_ms = offering.offered_unix_ms();
    task.now = now;
    const std::string& type = offering.resource_type();
    if (!offering.corrects_id().empty())
        task.corrects = versioned(type, offering.corrects_id(), offering.corrects_version());
    if (offering.has_record())
        task.record = versioned(type, offering.record().resource_id(), offering.record().version());
    std::string out;
    Writer writer(out);
    begin_task(writer, task);
    if (offering.state() == v1::OFFER_STATE_REJECTED)
        concept_of(writer, "statusReason", kRejectionSystem, proto::name_of(offering.rejection()));
    if (offering.state() == v1::OFFER_STATE_DENIED)
        concept_of(writer, "statusReason", kDecisionSystem, proto::name_of(offering.gate().rule()),
                   denial_text(offering.gate()));
    reference(writer, "focus", type + '/' + offering.resource_id());
    return end_task(writer, task, out);
}

Bytes task_of(const v1::Offered& offered, const std::string& custodian, UnixMs now) {
    const auto opening = decode_row<v1::ContributionOpening>(offered.opening());
    const auto document =
        opening ? decode_row<v1::DisclosedDocument>(opening->document()) : std::nullopt;
    CONSILIUM_ASSERT(opening && document);
    const std::string& type = document->resource_type();
    TaskText task;
    task.id = offered.task();
    task.name = contribution_name(offered.link_id(), offered.number());
    task.stage = stage_of(offered.state());
    task.contributor = offered.contributor();
    task.custodian = custodian;
    task.patient = opening->patient();
    task.authored_unix_ms = offered.taken_unix_ms();
    task.now = now;
    if (!opening->corrects_id().empty())
        task.corrects = versioned(type, opening->corrects_id(), opening->corrects_version());
    if (offered.version() != 0)
        task.record = versioned(type, offered.resource_id(), offered.version());
    std::string out;
    Writer writer(out);
    begin_task(writer, task);
    if (offered.rejection() != v1::CONTRIBUTION_REJECTION_UNSPECIFIED)
        concept_of(writer, "statusReason", kRejectionSystem, proto::name_of(offered.rejection()));
    identified(writer, "focus", type, kContributionSystem, task.name);
    return end_task(writer, task, out);
}

Bytes provenance_of(const v1::Offered& offered, const std::string& custodian, UnixMs recorded) {
    const auto opening = decode_row<v1::ContributionOpening>(offered.opening());
    const auto document =
        opening ? decode_row<v1::DisclosedDocument>(opening->document()) : std::nullopt;
    CONSILIUM_ASSERT(opening && document);
    const std::string& type = document->resource_type();
    const bool corrects = !opening->corrects_id().empty();
    std::string out;
    Writer writer(out);
    const auto target = [&writer](const std::string& to) {
        writer.begin_object();
        writer.member("reference", to);
        writer.end_object();
    };
    writer.begin_object();
    writer.member("resourceType", "Provenance");
    writer.member("id", offered.provenance());
    writer.name("target");
    writer.begin_array();
    target(versioned(type, offered.resource_id(), offered.version()));
    // R4 puts a Provenance into a patient's compartment by this.
    target("Patient/" + opening->patient());
    writer.end_array();
    writer.member("recorded", to_rfc3339(recorded));
    concept_of(writer, "activity", "http://terminology.hl7.org/CodeSystem/v3-DataOperation",
               corrects ? "UPDATE" : "CREATE");
    writer.name("agent");
    writer.begin_array();
    writer.begin_object();
    concept_of(writer, "type", kParticipant, "author");
    identified(writer, "who", "Practitioner", kUserSystem, to_hex(offered.user()));
    identified(writer, "onBehalfOf", "Organization", kMemberSystem, offered.contributor());
    writer.end_object();
    writer.begin_object();
    concept_of(writer, "type", kParticipant, "custodian");
    identified(writer, "who", "Organization", kMemberSystem, custodian);
    writer.end_object();
    writer.end_array();
    writer.name("entity");
    writer.begin_array();
    if (corrects) {
        writer.begin_object();
        writer.member("role", "revision");
        reference(writer, "what",
                  versioned(type, opening->corrects_id(), opening->corrects_version()));
        writer.end_object();
    }
    writer.begin_object();
    writer.member("role", "source");
    identified(writer, "what", type, kContributionSystem,
               contribution_name(offered.link_id(), offered.number()));
    writer.end_object();
    writer.end_array();
    writer.end_object();
    return out;
}

}  // namespace consilium::services::ehr::exchange
