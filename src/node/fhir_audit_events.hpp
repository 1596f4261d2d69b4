// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "services/audit/event_search.hpp"
#include "services/ehr/cursor.hpp"
#include "services/ehr/ehr_service.hpp"

namespace consilium::node {

// The member's access log under FHIR: GET AuditEvent with R4's search parameters, POST
// AuditEvent/_search, and GET AuditEvent/ID of what these found. docs/audit.md. Thread-safe.
class FhirAuditEvents final : public services::ehr::OwnEvents {
 public:
    struct Parts {
        services::ehr::Store& store;
        services::audit::LogName name;
        std::function<std::string()> base;
        // The FHIR id of the patient whose link that is; nothing for another.
        std::function<std::optional<std::string>(const std::string& link)> patient_of_link;
    };
    explicit FhirAuditEvents(Parts parts);

    // Whether the call is about them; then what it answers.
    [[nodiscard]] bool is_about(const services::ehr::Call& call) const override;
    [[nodiscard]] services::ehr::Reply answer(const services::ehr::Call& call,
                                              const http::Principal& principal) override;

 private:
    // Whom the token may see: everybody, with the privacy officer's scope, or the patient whose it
    // is. Nothing: nobody.
    struct Right {
        bool all = false;
        std::string own;
    };
    [[nodiscard]] std::optional<Right> right_of(const http::Principal& principal,
                                                char permission) const;
    [[nodiscard]] services::ehr::Reply search(const services::ehr::Call& call, const Right& right);
    [[nodiscard]] services::ehr::Reply read(const std::string& id, const Right& right) const;

    const Parts parts_;
    services::ehr::Cursors cursors_;
};

}  // namespace consilium::node
