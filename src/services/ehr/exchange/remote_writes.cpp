// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/remote_writes.hpp"

#include <algorithm>

#include "formats/fhir/primitive.hpp"
#include "formats/json/parse.hpp"
#include "services/ehr/exchange/contribution_rules.hpp"
#include "services/ehr/exchange/remote_reads.hpp"
#include "services/ehr/exchange/vault_rows.hpp"
#include "services/ehr/fhir.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/resource_text.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr std::string_view kPatientPrefix = "Patient/";

bool is_id_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
}

Problem fault_problem(OfferFault fault, const std::string& type) {
    switch (fault) {
        case OfferFault::kType:
            return problem_of(422, "not-supported",
                              "Resources of this type are not contributed to other members' charts",
                              type);
        case OfferFault::kPatient:
            return problem_of(422, "business-rule",
                              "The resource belongs to the record of nobody whose card is kept "
                              "here, or of another first",
                              type);
        case OfferFault::kOtherPatient:
            return problem_of(422, "business-rule", "The resource refers to another patient too",
                              type);
        default:
            return problem_of(422, "business-rule",
                              "What is contributed refers to the custodian's resources, as "
                              "Type/id, to what it contains, or by identifier",
                              type);
    }
}

bool is_text(const formats::json::Value* value, std::string_view text) {
    return value != nullptr && value->is_string() && value->string() == text;
}

Answer answer_of(const Call& call, const std::string& type, OfferKept kept) {
    Answer out;
    // Nothing came to be that was not there.
    out.status = kept.repeated ? 200 : 201;
    out.version = 1;
    out.updated = kept.version.updated;
    out.location = type + '/' + kept.id + "/_history/1";
    out.status_of = "Task/" + kept.task;
    if (call.wanted == Return::kRepresentation) {
        out.body = std::move(kept.version.stored);
        out.is_resource = true;
    } else if (call.wanted == Return::kOutcome) {
        out.body = operation_outcome(
            {{"information",
              "informational",
              "The resource is stored here and offered to the custodian of the patient's chart: "
              "Task/" +
                  kept.task + " tells what becomes of it",
              {}}});
    }
    return out;
}

// A note's text, say, only mentions them.
bool refers_to(const Bytes& body, const std::string& type, const std::string& patient) {
    const auto document = formats::json::parse(body, kBodyBytesMax);
    if (!document || !document->root().is_object()) return false;
    const std::string name = std::string(kPatientPrefix) + patient;
    bool found = false;
    for_each_reference(
        document->root(), type, [&](std::string_view reference, const std::string& /*path*/) {
            found = found || reference == name || reference.starts_with(name + "/_history/");
        });
    return found;
}

}  // namespace

std::vector<std::string> mentioned_patients(std::string_view text) {
    std::vector<std::string> out;
    for (auto at = text.find(kPatientPrefix);
         at != std::string_view::npos && out.size() < kMentionsMax;
         at = text.find(kPatientPrefix, at)) {
        at += kPatientPrefix.size();
        const auto end = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at),
                                          text.end(), is_id_character);
        std::string id(text.begin() + static_cast<std::ptrdiff_t>(at), end);
        if (formats::fhir::is_logical_id(id) && std::find(out.begin(), out.end(), id) == out.end())
            out.push_back(std::move(id));
    }
    return out;
}

// A card by which something that the body refers to could be meant. Whoever is in our own store is
// never elsewhere.
std::optional<v1::ChartCard> RemoteWrites::card_of(const Call& call) const {
    const bool creates = call.verb == Verb::kPost && call.path.size() == 1;
    const bool updates = call.verb == Verb::kPut && call.path.size() == 2;
    if ((!creates && !updates) || !is_resource_type(call.path[0])) return std::nullopt;
    for (const std::string& id : mentioned_patients(call.body)) {
        const auto own = store_.find("Patient", id);
        if (!own || *own) continue;
        const auto card = cards_.find(id);
        if (card && *card && refers_to(call.body, call.path[0], id)) return **card;
    }
    return std::nullopt;
}

bool RemoteWrites::take(const Call& call, const http::Principal& principal,
                        const std::function<void(Reply)>& done) const {
    const auto card = card_of(call);
    if (!card) return false;
    if (call.verb == Verb::kPut) {
        const auto own = store_.find(call.path[0], call.path[1]);
        if (!own || *own) return false;
    }
    done(answer(call, principal, *card));
    return true;
}

Reply RemoteWrites::answer(const Call& call, const http::Principal& principal,
                           const v1::ChartCard& card) const {
    OfferOrder order;
    order.card = card;
    order.type = call.path[0];
    const bool updates = call.verb == Verb::kPut;
    if (auto allowed = allow(call, order.type, updates ? 'u' : 'c'); !allowed)
        return fail(allowed.error());
    if (!call.if_none_exist.empty() || !call.parameters.empty())
        return fail(problem_of(400, "not-supported",
                               "The chart lies at another member: writes are not conditional"));
    const auto purpose = purpose_of(principal.purpose_of_use);
    if (!purpose || *purpose == v1::PURPOSE_OF_USE_BTG)
        return fail(problem_of(403, "forbidden",
                               "The chart lies at another member: it takes a token with a "
                               "purpose_of_use that the ledger knows, and no emergency"));
    order.purpose = *purpose;
    order.role = role_of(*purpose);
    const auto document = formats::json::parse(call.body, kBodyBytesMax);
    if (!document || !document->root().is_object())
        return fail(
            problem_of(400, "structure", "The body is not a JSON object as RFC 8259 has it"));
    order.resource = &document->root();
    if (!is_text(order.resource->find("resourceType"), order.type))
        return fail(problem_of(400, "structure", "The resource is not of the type of the address",
                               order.type));
    if (const auto fault = check_offered(*order.resource, order.type, card.patient());
        fault != OfferFault::kNone)
        return fail(fault_problem(fault, order.type));
    if (updates) {
        order.corrects_id = call.path[1];
        if (!is_text(order.resource->find("id"), order.corrects_id))
            return fail(problem_of(400, "invariant", "The resource's id is not that of the address",
                                   order.type + ".id"));
        const auto received = received_version(card, order.type, order.corrects_id);
        if (!received) return fail(problem_of(500, "exception", "The vault cannot be read"));
        if (!*received)
            return fail(problem_of(404, "not-found",
                                   "No such resource of this patient's chart has come here"));
        order.corrects_version = **received;
        if (!call.if_match.empty() && version_of_etag(call.if_match) != *received)
            return fail(problem_of(412, "conflict",
                                   "The version that came here last is not the one that If-Match "
                                   "names"));
    }
    auto kept = offer_(order);
    if (!kept) return fail(kept.error());
    return answer_of(call, order.type, std::move(kept).value());
}

Result<std::optional<std::uint32_t>, vault::VaultError> RemoteWrites::received_version(
    const v1::ChartCard& card, std::string_view type, std::string_view id) const {
    const vault::Vault& vault = store_.vault();
    const Bytes of = receiving_prefix() + card.link_id();
    std::vector<std::pair<std::uint32_t, std::uint32_t>> disclosures;  // number, documents
    constexpr std::size_t kPage = 256;
    for (Bytes after;;) {
        const auto rows = vault.rows(of, after, kPage);
        if (!rows) return fail(rows.error());
        for (const vault::Row& row : *rows) {
            const auto receiving = decode_row<v1::Receiving>(*row.value);
            if (!receiving) return fail(vault::VaultError::kDamaged);
            disclosures.emplace_back(receiving->disclosure(), receiving->documents());
        }
        if (rows->size() < kPage) break;
        after = rows->back().key;
    }
    // The newest disclosure that had it, for what came last is what was read.
    for (auto it = disclosures.rbegin(); it != disclosures.rend(); ++it) {
        for (std::uint32_t page = 0; page * kEntriesPerPage < it->second; ++page) {
            const auto row =
                get_row<v1::ReceivedPage>(vault, received_key(card.link_id(), it->first, page));
            if (!row) return fail(row.error());
            if (!*row) return fail(vault::VaultError::kDamaged);
            for (const v1::ReceivedDocument& document : (*row)->documents()) {
                const auto entry = decode_row<v1::DisclosedDocument>(document.entry());
                if (entry && entry->resource_type() == type && entry->resource_id() == id)
                    return std::optional(entry->version());
            }
        }
    }
    return std::optional<std::uint32_t>();
}

}  // namespace consilium::services::ehr::exchange
