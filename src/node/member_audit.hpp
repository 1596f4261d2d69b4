// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "node/fhir_audit_events.hpp"
#include "services/audit/access_log.hpp"
#include "services/audit/log_anchor.hpp"
#include "services/audit/log_routes.hpp"
#include "services/audit/own_log.hpp"
#include "services/ehr/exchange/disclosure_list.hpp"
#include "services/port/author.hpp"
#include "services/port/port.hpp"

namespace consilium::node {

// The patient for whom this member gave out the card with that link; nothing when it gave none.
[[nodiscard]] std::optional<std::string> patient_of_link(const vault::Vault& vault,
                                                         const std::string& link);

// One member's log of accesses to patients' data, put together: the rows in its vault, their head
// on the ledger, and what is shown of them.
class MemberAudit {
 public:
    struct Parts {
        services::audit::LogName name;
        vault::Vault& vault;
        services::Submit& submit;
        const services::Reads& reads;
        services::Author* author = nullptr;  // null: no head is anchored
        std::uint64_t anchor_tick_ms = 0;
        std::function<std::string()> base;  // of the member's FHIR API
        services::ehr::Store& store;
        std::function<UnixMs()> now;
        telemetry::Logger log;
    };

    // Before the server starts. All parts outlive it.
    MemberAudit(const Parts& parts, telemetry::Metrics& metrics);
    // After the server has stopped.
    ~MemberAudit() = default;

    void add_routes(http::Router& router) { routes_.add(router); }
    // Anchors from now on.
    void start();

    [[nodiscard]] services::AccessLog& log() { return log_; }
    [[nodiscard]] services::ehr::OwnEvents& events() { return events_; }
    [[nodiscard]] const services::audit::OwnWord& own_word() const { return own_; }

 private:
    services::audit::ChainedLog log_;
    services::audit::OwnLog own_;
    std::unique_ptr<services::audit::LogAnchor> anchor_;
    services::ehr::exchange::DisclosureList disclosures_;
    FhirAuditEvents events_;
    services::audit::LogRoutes routes_;
};

}  // namespace consilium::node
