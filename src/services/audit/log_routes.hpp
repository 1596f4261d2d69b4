// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "http/router.hpp"
#include "services/audit/audit_event.hpp"
#include "services/port/access_log.hpp"
#include "services/port/disclosures.hpp"
#include "services/port/port.hpp"
#include "services/port/work_queue.hpp"

// Who saw what, over HTTP: docs/audit.md, "A member's own accesses".
//   GET /v1/audit/events             AuditEvents, one a line
//   GET /v1/audit/disclosures        the same of disclosures to and from other members
//   GET /v1/audit/log                how far the log is, and how far it is anchored
//   GET /v1/audit/log/verification   whether it is whole
// With the scope user/AuditEvent.r all of it; with a patient's token its own events.
namespace consilium::services::audit {

inline constexpr std::size_t kEventRowsDefault = 1000;
inline constexpr std::size_t kEventRowsMax = 10'000;
// A page ends with the row that reaches it; of disclosures there are no more in an answer.
inline constexpr std::size_t kEventBytesMax = std::size_t{16} << 20U;

class LogRoutes {
 public:
    struct Ports {
        const vault::Vault& vault;
        AccessLog& log;
        const Reads& reads;
        LogName name;
        std::function<std::string()> base;  // of the member's FHIR API
        // The FHIR id of the patient whose link that is; nothing for another.
        std::function<std::optional<std::string>(const std::string& link)> patient_of_link;
        const Disclosures* disclosures = nullptr;  // null: there are none
    };
    // Ports must outlive it.
    explicit LogRoutes(Ports ports);
    // The routes refer to this object.
    void add(http::Router& router);

    // The events of a patient, or all, that the token may see, one a line; the status of a refusal.
    struct Query {
        std::optional<std::string> patient;
        LogRange range;
    };
    [[nodiscard]] Result<std::string, std::uint16_t> events(const http::Principal& principal,
                                                            Query query);
    // The same of disclosures, all in one answer; 413 where that is too much.
    [[nodiscard]] Result<std::string, std::uint16_t> disclosures(const http::Principal& principal,
                                                                 Query query);

 private:
    using Lines = Result<std::string, std::uint16_t> (LogRoutes::*)(const http::Principal&, Query);
    void add_lines(http::Router& router, const char* path, bool paged, Lines lines);
    // Those of one page, up to row `newest`.
    [[nodiscard]] std::optional<std::string> page(const http::Principal& principal,
                                                  const Query& query, std::uint64_t newest) const;
    // Whether the principal may see them, once the log has it.
    [[nodiscard]] Status<std::uint16_t> enter(const http::Principal& principal, Query& query);
    [[nodiscard]] http::Response answer_log() const;
    [[nodiscard]] http::Response answer_verification() const;
    // Whose own token it is.
    [[nodiscard]] std::optional<std::string> own_patient_of(const http::Principal& principal) const;
    [[nodiscard]] bool may_see(const http::Principal& principal, Query& query) const;
    void later(http::Responder responder, std::function<http::Response()> answer);

    const Ports ports_;
    WorkQueue work_;
};

}  // namespace consilium::services::audit
