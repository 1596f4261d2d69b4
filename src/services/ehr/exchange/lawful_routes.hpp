// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/router.hpp"
#include "services/ehr/exchange/exchange.hpp"
#include "services/port/work_queue.hpp"

// Disclosures by law over HTTP: docs/exchange.md.
//   POST /v1/exchange/disclosures   order one (scope Disclosure.c)
//   GET  /v1/exchange/orders        those that were ordered here (Disclosure.r), in pages
namespace consilium::services::ehr::exchange {

class LawfulRoutes {
 public:
    // All outlive it; it outlives the server's use of its routes.
    LawfulRoutes(const Ports& ports, Exchange& exchange, unsigned threads);
    void add(http::Router& router);

 private:
    const Ports& ports_;
    Exchange& exchange_;
    WorkQueue work_;
};

}  // namespace consilium::services::ehr::exchange
