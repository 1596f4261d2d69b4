// SPDX-License-Identifier: Apache-2.0
#include "services/audit/reports.hpp"

#include <algorithm>
#include <chrono>

#include "base/assert.hpp"
#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "consilium/v1/ehr.pb.h"
#include "consilium/v1/exchange.pb.h"
#include "consilium/v1/identity.pb.h"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"
#include "proto/canonical.hpp"
#include "proto/enum_names.hpp"
#include "services/audit/message_json.hpp"
#include "services/audit/own_word.hpp"

namespace consilium::services::audit {
namespace {

using formats::json::Writer;

template <typename Row>
Row decode(BytesView value) {
    Row out;
    // What was read from the ledger was checked when it was: acts_of().
    (void)proto::parse_canonical(value, out);
    return out;
}

std::string pretty(const std::string& text) {
    const auto parsed = formats::json::parse(text, formats::json::kBytesMax);
    CONSILIUM_ASSERT(parsed.ok());
    return formats::json::write_pretty(parsed->root());
}

// What is written of a law: its place in 45 CFR 164.512, and what it is called there.
struct Basis {
    std::string_view section;
    std::string_view words;
};
Basis basis_of(v1::LegalBasis basis) {
    switch (basis) {
        case v1::LEGAL_BASIS_REQUIRED_BY_LAW:
            return {"45 CFR 164.512(a)", "required by law"};
        case v1::LEGAL_BASIS_PUBLIC_HEALTH:
            return {"45 CFR 164.512(b)", "public health activities"};
        case v1::LEGAL_BASIS_ABUSE_OR_NEGLECT:
            return {"45 CFR 164.512(c)", "about victims of abuse, neglect or domestic violence"};
        case v1::LEGAL_BASIS_HEALTH_OVERSIGHT:
            return {"45 CFR 164.512(d)", "health oversight activities"};
        case v1::LEGAL_BASIS_JUDICIAL:
            return {"45 CFR 164.512(e)", "judicial and administrative proceedings"};
        case v1::LEGAL_BASIS_LAW_ENFORCEMENT:
            return {"45 CFR 164.512(f)", "law enforcement purposes"};
        case v1::LEGAL_BASIS_DECEDENT:
            return {"45 CFR 164.512(g)", "about decedents"};
        case v1::LEGAL_BASIS_ORGAN_DONATION:
            return {"45 CFR 164.512(h)", "organ, eye or tissue donation"};
        case v1::LEGAL_BASIS_RESEARCH:
            return {"45 CFR 164.512(i)", "research"};
        case v1::LEGAL_BASIS_SERIOUS_THREAT:
            return {"45 CFR 164.512(j)", "to avert a serious threat to health or safety"};
        case v1::LEGAL_BASIS_GOVERNMENT_FUNCTION:
            return {"45 CFR 164.512(k)", "specialized government functions"};
        case v1::LEGAL_BASIS_WORKERS_COMPENSATION:
            return {"45 CFR 164.512(l)", "workers' compensation"};
        default:
            return {"45 CFR 164.528", "a review found that there was no basis for it"};
    }
}

void write_member(Writer& writer, const ledger::MemberId& id, const Facts& facts) {
    writer.begin_object();
    writer.member("member", id);
    const auto found = facts.members.find(id);
    if (found != facts.members.end() && !found->second.name().empty())
        writer.member("name", found->second.name());
    if (found != facts.members.end() && !found->second.address().empty()) {
        writer.member("address", found->second.address());
    } else {
        writer.member("address_note", "no address of this member is on the ledger's record");
    }
    writer.end_object();
}

// "1 Immunization, 2 Observation", in the order in which they first came.
std::string types_of(const DisclosureOpening& opening) {
    std::vector<std::pair<std::string, std::size_t>> types;
    for (const Bytes& entry : opening.entries) {
        const auto document = decode<v1::DisclosedDocument>(entry);
        const auto found = std::find_if(types.begin(), types.end(), [&](const auto& type) {
            return type.first == document.resource_type();
        });
        if (found == types.end()) {
            types.emplace_back(document.resource_type(), 1);
        } else {
            ++found->second;
        }
    }
    std::string out;
    for (const auto& [type, count] : types) {
        if (!out.empty()) out += ", ";
        out += std::to_string(count) + " " + type;
    }
    return out.empty() ? "nothing" : out;
}

void write_disclosed(Writer& writer, const ledger::LinkId& link, std::uint32_t number,
                     const Facts& facts) {
    const auto found = facts.disclosures.find({link, number});
    writer.begin_object();
    if (found == facts.disclosures.end()) {
        writer.member("note", "the custodian shows no list of what was disclosed");
    } else {
        writer.name("documents");
        writer.number(std::to_string(found->second.entries.size()));
        writer.member("description", types_of(found->second));
        writer.name("resources");
        writer.begin_array();
        for (const Bytes& entry : found->second.entries) {
            const auto document = decode<v1::DisclosedDocument>(entry);
            writer.string(document.resource_type() + "/" + document.resource_id());
        }
        writer.end_array();
    }
    writer.end_object();
}

void write_traces(Writer& writer, const TracedRow& row) {
    writer.name("transactions");
    writer.begin_array();
    for (const Trace& trace : row.traces) {
        const std::string id = to_hex(trace.transaction.view());
        writer.begin_object();
        writer.member("did", trace.did);
        if (!trace.held) {
            writer.member("note", kNotHeld);
            writer.end_object();
            continue;
        }
        writer.member("transaction", id);
        writer.member("member", trace.member);
        writer.name("block");
        writer.number(std::to_string(trace.height));
        writer.member("receipt", "receipts/" + id + ".receipt");
        writer.end_object();
    }
    writer.end_array();
}

template <typename Row>
void write_fields(Writer& writer, const LedgerRow& row) {
    writer.name("says");
    write_message(writer, decode<Row>(row.value));
}

void write_says(Writer& writer, const LedgerRow& row) {
    switch (row.kind) {
        case RowKind::kLink:
            return write_fields<v1::Link>(writer, row);
        case RowKind::kConsent:
            return write_fields<v1::Consent>(writer, row);
        case RowKind::kRequest:
            return write_fields<v1::AccessRequest>(writer, row);
        case RowKind::kDisclosure:
            return write_fields<v1::Disclosure>(writer, row);
        case RowKind::kAccountable:
            return write_fields<v1::AccountableDisclosure>(writer, row);
        case RowKind::kContribution:
            return write_fields<v1::Contribution>(writer, row);
        case RowKind::kShare:
            return write_fields<v1::Share>(writer, row);
    }
}

std::string counterparty_of(const LedgerRow& row, const Facts& facts) {
    const auto found = facts.counterparties.find(row.link);
    return found == facts.counterparties.end() ? std::string() : found->second;
}

void write_row(Writer& writer, const TracedRow& traced, const Facts& facts) {
    const LedgerRow& row = traced.row;
    writer.begin_object();
    writer.member("kind", name_of(row.kind));
    if (const auto time = time_of(row)) writer.member("time", to_rfc3339(*time));
    writer.member("sentence", sentence_of(row, facts));
    writer.member("counterparty", counterparty_of(row, facts));
    writer.member("row", path_of(row));
    write_says(writer, row);
    if (row.kind == RowKind::kDisclosure) {
        writer.name("disclosed");
        write_disclosed(writer, row.link, row.number, facts);
    }
    write_traces(writer, traced);
    writer.end_object();
}

// What both reports begin with.
void write_head(Writer& writer, std::string_view report, const Facts& facts) {
    writer.member("report", report);
    writer.name("custodian");
    write_member(writer, facts.custodian, facts);
    writer.member("patient", facts.patient);
    writer.name("block");
    writer.number(std::to_string(facts.height));
    writer.member("time", to_rfc3339(facts.time));
}

std::string with_parameter(const v1::GateDecision& gate) {
    std::string out = proto::name_of(gate.rule());
    if (gate.parameter() != v1::POLICY_PARAMETER_UNSPECIFIED)
        out += ", policy parameter " + proto::name_of(gate.parameter());
    if (gate.consent() != 0) out += ", consent " + std::to_string(gate.consent());
    return out;
}

template <typename Words>
std::string listed(const Words& words, std::string (*name)(int)) {
    std::string out;
    for (const int word : words)
        out += (out.empty() ? "" : ", ") + name(word);
    return out;
}

std::string consent_sentence(const v1::Consent& row, const std::string& other) {
    const bool permit = row.provision() == v1::CONSENT_PROVISION_PERMIT;
    std::string out =
        std::string(permit ? "The patient consented that " : "The patient objected to it that ") +
        other + " may ";
    out += listed(row.actions(),
                  [](int word) { return proto::name_of(static_cast<v1::AccessAction>(word)); });
    out += " for ";
    out += listed(row.purposes(),
                  [](int word) { return proto::name_of(static_cast<v1::PurposeOfUse>(word)); });
    out += ", from " + to_rfc3339({row.valid_from_unix_ms()}) + " until " +
           to_rfc3339({row.valid_until_unix_ms()});
    out += row.form() == v1::CONSENT_FORM_PAPER ? ", on paper" : ", by the patient's own key";
    if (row.status() == v1::CONSENT_STATUS_REVOKED)
        out += "; revoked on " + to_rfc3339({row.revoked_unix_ms()});
    return out;
}

std::string request_sentence(const v1::AccessRequest& row) {
    std::string out = row.requester() + " asked to " + proto::name_of(row.action()) + " for " +
                      proto::name_of(row.purpose());
    if (row.emergency() != v1::EMERGENCY_REASON_UNSPECIFIED)
        out += " (emergency access: " + proto::name_of(row.emergency()) + ")";
    out += ": " + proto::name_of(row.gate().decision()) + " (" + with_parameter(row.gate()) + ")";
    if (row.refusal() != v1::REFUSAL_REASON_UNSPECIFIED)
        out += "; refused by the custodian (" + proto::name_of(row.refusal()) + ")";
    if (row.disclosure() != 0) out += "; served as disclosure " + std::to_string(row.disclosure());
    const auto review = [&](bool made, const v1::Review& of, const std::string& by) {
        out += made ? "; reviewed by " + by + ": " + proto::name_of(of.verdict())
                    : "; review by " + by + " due " + to_rfc3339({row.review_due_unix_ms()});
    };
    if (row.review_due_unix_ms() != 0) {
        review(row.has_requester_review(), row.requester_review(), row.requester());
        review(row.has_custodian_review(), row.custodian_review(), row.custodian());
    }
    return out;
}

std::string disclosure_sentence(const LedgerRow& row, const Facts& facts,
                                const std::string& other) {
    const auto sent = decode<v1::Disclosure>(row.value);
    const auto found = facts.disclosures.find({row.link, row.number});
    std::string out =
        facts.custodian + " disclosed " +
        (found == facts.disclosures.end() ? std::string("documents") : types_of(found->second)) +
        " to " + other;
    out += sent.basis() == v1::LEGAL_BASIS_UNSPECIFIED
               ? ", answering request " + std::to_string(sent.request())
               : ", " + std::string(basis_of(sent.basis()).words) + " (" +
                     std::string(basis_of(sent.basis()).section) + ")";
    if (sent.status() == v1::DISCLOSURE_STATUS_SENT) return out + "; receipt not acknowledged";
    return out +
           (sent.status() == v1::DISCLOSURE_STATUS_RECEIVED
                ? "; received by "
                : "; disputed: something else was received by ") +
           other;
}

std::string contribution_sentence(const v1::Contribution& row, const std::string& other) {
    std::string out = other + " offered a document to the chart: " + proto::name_of(row.status());
    if (row.status() == v1::CONTRIBUTION_STATUS_DENIED)
        out += " (" + with_parameter(row.gate()) + ")";
    if (row.rejection() != v1::CONTRIBUTION_REJECTION_UNSPECIFIED)
        out += " (" + proto::name_of(row.rejection()) + ")";
    return out;
}

void write_accountable(Writer& writer, const TracedRow& traced, const Facts& facts) {
    const auto accounted = decode<v1::AccountableDisclosure>(traced.row.value);
    const Basis basis = basis_of(accounted.basis());
    writer.begin_object();
    writer.member("date", to_rfc3339({accounted.sent_unix_ms()}));
    writer.name("recipient");
    write_member(writer, accounted.recipient(), facts);
    writer.name("disclosed");
    write_disclosed(writer, traced.row.link, accounted.disclosure(), facts);
    writer.name("purpose");
    writer.begin_object();
    writer.member("basis", proto::name_of(accounted.basis()));
    writer.member("section", basis.section);
    writer.member("statement", basis.words);
    writer.end_object();
    writer.member("row", path_of(traced.row));
    write_says(writer, traced.row);
    write_traces(writer, traced);
    writer.end_object();
}

}  // namespace

std::optional<UnixMs> time_of(const LedgerRow& row) {
    switch (row.kind) {
        case RowKind::kConsent:
            return UnixMs{decode<v1::Consent>(row.value).granted_unix_ms()};
        case RowKind::kRequest:
            return UnixMs{decode<v1::AccessRequest>(row.value).time_unix_ms()};
        case RowKind::kDisclosure:
            return UnixMs{decode<v1::Disclosure>(row.value).sent_unix_ms()};
        case RowKind::kAccountable:
            return UnixMs{decode<v1::AccountableDisclosure>(row.value).sent_unix_ms()};
        case RowKind::kContribution:
            return UnixMs{decode<v1::Contribution>(row.value).time_unix_ms()};
        case RowKind::kLink:
        case RowKind::kShare:
            break;
    }
    return std::nullopt;
}

std::string sentence_of(const LedgerRow& row, const Facts& facts) {
    const std::string other = counterparty_of(row, facts);
    switch (row.kind) {
        case RowKind::kLink:
            return "A link to " + other +
                   (decode<v1::Link>(row.value).closed() ? " was opened, and closed since"
                                                         : " was opened");
        case RowKind::kConsent:
            return consent_sentence(decode<v1::Consent>(row.value), other);
        case RowKind::kRequest:
            return request_sentence(decode<v1::AccessRequest>(row.value));
        case RowKind::kDisclosure:
            return disclosure_sentence(row, facts, other);
        case RowKind::kAccountable: {
            const auto accounted = decode<v1::AccountableDisclosure>(row.value);
            return "Disclosure " + std::to_string(accounted.disclosure()) + " to " +
                   accounted.recipient() +
                   " is accountable: " + std::string(basis_of(accounted.basis()).words);
        }
        case RowKind::kContribution:
            return contribution_sentence(decode<v1::Contribution>(row.value), other);
        case RowKind::kShare:
            break;
    }
    return "A document was shared with " + other + ": " +
           proto::name_of(decode<v1::Share>(row.value).status());
}

Period accounting_period(UnixMs time) {
    using std::chrono::days;
    using std::chrono::milliseconds;
    const std::chrono::sys_time<milliseconds> to{milliseconds(time.value)};
    const auto day = std::chrono::floor<days>(to);
    std::chrono::year_month_day date(day);
    date -= std::chrono::years(kAccountingYears);
    if (!date.ok()) date = date.year() / date.month() / std::chrono::last;  // 29 February
    const auto from = std::chrono::time_point_cast<milliseconds>(std::chrono::sys_days(date)) +
                      (to - std::chrono::time_point_cast<milliseconds>(day));
    const auto ms = from.time_since_epoch().count();
    return {{ms < 0 ? 0 : static_cast<std::uint64_t>(ms)}, time};
}

std::string accounting_report(const Facts& facts, const Period& period) {
    std::vector<const TracedRow*> rows;
    for (const TracedRow& row : facts.rows) {
        if (row.row.kind != RowKind::kAccountable) continue;
        const auto time = *time_of(row.row);
        if (period.from <= time && time <= period.to) rows.push_back(&row);
    }
    std::stable_sort(rows.begin(), rows.end(), [](const TracedRow* a, const TracedRow* b) {
        return *time_of(a->row) < *time_of(b->row);
    });
    std::string out;
    Writer writer(out);
    writer.begin_object();
    write_head(writer, "accounting-of-disclosures", facts);
    writer.member("from", to_rfc3339(period.from));
    writer.member("to", to_rfc3339(period.to));
    writer.name("rows");
    writer.begin_array();
    for (const TracedRow* row : rows)
        write_accountable(writer, *row, facts);
    writer.end_array();
    writer.end_object();
    return pretty(out);
}

std::string access_report(const Facts& facts) {
    // By the block of its first transaction: rows without a time of their own have one as well.
    std::vector<const TracedRow*> rows;
    for (const TracedRow& row : facts.rows)
        rows.push_back(&row);
    const auto height = [](const TracedRow* row) {
        return row->traces.empty() ? Height{0} : row->traces.front().height;
    };
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const TracedRow* a, const TracedRow* b) { return height(a) < height(b); });
    std::string out;
    Writer writer(out);
    writer.begin_object();
    write_head(writer, "access-report", facts);
    writer.name("rows");
    writer.begin_array();
    for (const TracedRow* row : rows)
        write_row(writer, *row, facts);
    writer.end_array();
    write_own_word(writer, facts);
    writer.end_object();
    return pretty(out);
}

}  // namespace consilium::services::audit
