// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "http/router.hpp"
#include "services/audit/package.hpp"
#include "services/port/work_queue.hpp"

// Who saw what of a patient, over HTTP: docs/accounting.md.
//   GET /v1/audit/accounting?patient=ID[&from=TIME][&to=TIME]  the accounting of disclosures
//   GET /v1/audit/access-report?patient=ID                     all that happened to the chart
//   GET /v1/audit/package?patient=ID[&from][&to][&documents=1] all with its proofs, a tar archive
// Scope user/Audit.r, for any patient of this member's; documents=1 asks for user/Audit.s too. A
// patient's token (level patient) is for the patient's own, and may leave `patient` out.
namespace consilium::services::audit {

class AuditRoutes {
 public:
    // What the ports refer to outlives it; it outlives the server's use of its routes.
    explicit AuditRoutes(Ports ports);
    void add_routes(http::Router& router);

 private:
    struct Question;
    using Answer = http::Response (AuditRoutes::*)(const Question& question) const;
    void add_route(http::Router& router, const char* pattern, bool archive, Answer answer);
    [[nodiscard]] http::Response for_whom(Question& question, const http::Principal& principal,
                                          Answer answer) const;
    // The answer, once the access log has it.
    [[nodiscard]] http::Response logged(const Question& question, const http::Principal& principal,
                                        http::Response answer) const;
    [[nodiscard]] http::Response accounting(const Question& question) const;
    [[nodiscard]] http::Response access(const Question& question) const;
    [[nodiscard]] http::Response package(const Question& question) const;

    const Ports ports_;
    WorkQueue work_;
};

}  // namespace consilium::services::audit
