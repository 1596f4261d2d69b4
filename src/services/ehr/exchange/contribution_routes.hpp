// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/router.hpp"
#include "services/ehr/exchange/contribution_desk.hpp"
#include "services/ehr/exchange/shown.hpp"
#include "services/port/work_queue.hpp"

// Contributions over HTTP: docs/exchange.md.
//   GET  /v1/exchange/offers                          what we offered to others (Contribution.r)
//   GET  /v1/exchange/contributions                   what others offered to us (Contribution.r);
//                                                     ?state=waiting: the worklist
//   GET  /v1/exchange/contributions/{link}/{number}   one of them, with its resource
//   POST /v1/exchange/contributions/{link}/{number}   {"verdict":"accept"}, or {"verdict":"reject",
//                                                     "reason":"outdated"} (Contribution.u)
namespace consilium::services::ehr::exchange {

class ContributionRoutes {
 public:
    // All outlive it; it outlives the server's use of its routes.
    ContributionRoutes(const Ports& ports, ContributionDesk& desk, unsigned threads);
    void add(http::Router& router);

 private:
    using Answer = std::function<http::Response()>;
    void add_one(http::Router& router);
    // What it answers is shown once the access log has it.
    void later(http::Responder responder, Shown what, const http::Principal& principal,
               Answer answer);

    const Ports& ports_;
    ContributionDesk& desk_;
    WorkQueue work_;
};

}  // namespace consilium::services::ehr::exchange
