// SPDX-License-Identifier: Apache-2.0
#include "services/audit/own_word.hpp"

#include "base/rfc3339.hpp"
#include "consilium/v1/access_log.pb.h"
#include "proto/canonical.hpp"
#include "proto/enum_names.hpp"

namespace consilium::services::audit {
namespace {

using formats::json::Writer;

// What somebody did, between who it was and what it was about.
std::string_view verb_of(v1::LoggedInteraction interaction) {
    switch (interaction) {
        case v1::LOGGED_INTERACTION_READ:
            return "read";
        case v1::LOGGED_INTERACTION_VREAD:
            return "read a version of";
        case v1::LOGGED_INTERACTION_HISTORY:
            return "read the history of";
        case v1::LOGGED_INTERACTION_SEARCH:
            return "searched";
        case v1::LOGGED_INTERACTION_EVERYTHING:
            return "read everything of";
        case v1::LOGGED_INTERACTION_CREATE:
            return "created";
        case v1::LOGGED_INTERACTION_UPDATE:
            return "updated";
        case v1::LOGGED_INTERACTION_PATCH:
            return "patched";
        case v1::LOGGED_INTERACTION_DELETE:
            return "deleted";
        case v1::LOGGED_INTERACTION_BATCH:
            return "sent a batch to";
        case v1::LOGGED_INTERACTION_IMPORT:
            return "imported into";
        case v1::LOGGED_INTERACTION_WORKLIST:
            return "looked at the import's worklist of";
        case v1::LOGGED_INTERACTION_RECEIVED:
            return "read what another member disclosed in";
        default:
            return "called";
    }
}

std::string who_of(const v1::LoggedAccess& access) {
    if (!access.own_patient().empty()) return "The patient";
    if (!access.own_link().empty()) return "The holder of a link";
    return access.subject().empty() ? "Somebody" : access.subject();
}

std::string sentence_of(const v1::LoggedAccess& access) {
    std::string out = who_of(access) + ' ' + std::string(verb_of(access.interaction())) + ' ' +
                      (access.asked().empty() ? "the store" : access.asked());
    if (!access.purpose().empty()) out += " for " + access.purpose();
    if (access.break_glass()) out += ", cleared for emergencies";
    if (access.elsewhere()) out += ", of a record at another member";
    if (access.denied()) return out + "; denied";
    const int resources = access.resources_size();
    if (resources > 0)
        out += ": " + std::to_string(resources) +
               (resources == 1 ? " resource of this patient" : " resources of this patient");
    return out;
}

void write_number(Writer& writer, std::string_view name, std::uint64_t value) {
    writer.name(name);
    writer.number(std::to_string(value));
}

void write_resources(Writer& writer, const v1::LoggedAccess& access) {
    writer.name("resources");
    writer.begin_array();
    for (const v1::LoggedResource& resource : access.resources()) {
        std::string name = resource.type() + '/' + resource.id();
        if (resource.version() != 0) name += "/_history/" + std::to_string(resource.version());
        writer.string(name);
    }
    writer.end_array();
}

void write_row(Writer& writer, const ShownView& shown, std::uint64_t anchored) {
    v1::LoggedView view;
    v1::LoggedAccess access;
    // Whoever made the facts has read them before.
    (void)proto::parse_canonical(shown.view, view);
    (void)proto::parse_canonical(view.access(), access);
    writer.begin_object();
    writer.member("row", "access-log/" + std::to_string(view.sequence()) + '/' +
                             std::to_string(view.place()));
    writer.member("time", to_rfc3339({view.at_unix_ms()}));
    writer.member("sentence", sentence_of(access));
    if (!access.subject().empty()) writer.member("subject", access.subject());
    if (!access.client().empty()) writer.member("client", access.client());
    if (!access.purpose().empty()) writer.member("purpose", access.purpose());
    writer.member("did", proto::name_of(access.interaction()));
    writer.name("denied");
    writer.boolean(access.denied());
    write_number(writer, "status", access.status());
    writer.name("elsewhere");
    writer.boolean(access.elsewhere());
    writer.member("asked", access.asked());
    write_resources(writer, access);
    writer.name("anchored");
    writer.boolean(shown.number < anchored);
    writer.end_object();
}

}  // namespace

void write_own_word(Writer& writer, const Facts& facts) {
    v1::AccessLogHead head;
    if (facts.own.version != 0) (void)proto::parse_canonical(facts.own.head, head);
    writer.name("own_word");
    writer.begin_object();
    writer.member("of", facts.custodian);
    writer.name("head");
    writer.begin_object();
    write_number(writer, "version", facts.own.version);
    if (facts.own.version != 0) {
        writer.member("row", "documents/record/member:" + facts.custodian + '/' +
                                 std::to_string(facts.own.record));
        writer.member("time", to_rfc3339({head.at_unix_ms()}));
        write_number(writer, "log_rows", head.sequence());
    }
    writer.end_object();
    writer.name("rows");
    writer.begin_array();
    for (const ShownView& view : facts.own.views)
        write_row(writer, view, head.views());
    writer.end_array();
    writer.end_object();
}

}  // namespace consilium::services::audit
