// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "http/router.hpp"
#include "services/ehr/exchange/cards.hpp"
#include "services/ehr/exchange/exchange.hpp"
#include "services/port/work_queue.hpp"

// The exchange over HTTP: docs/exchange.md.
//   POST /v1/cards                  keep a card that was shown to us (scope ChartCard.c)
//   GET  /v1/cards                  the cards that we keep (ChartCard.r)
//   POST /v1/cards/issued           open a link in a patient's chart and answer its card
//   (ChartCard.c) GET  /v1/exchange/requests      what we asked of others (Disclosure.r) GET
//   /v1/exchange/served        what others asked of us (Disclosure.r) GET  /v1/exchange/disclosures
//   what came to us (Disclosure.r); with ?link=HEX of that link GET
//   /v1/exchange/disclosures/{link}/{number}   and its resources, a FHIR Bundle
// Lists are pages: ?after=NEXT of the former page, ?limit=1..1000.
namespace consilium::services::ehr::exchange {

class ExchangeRoutes {
 public:
    // All outlive it; it outlives the server's use of its routes.
    ExchangeRoutes(const Ports& ports, Exchange& exchange, Cards& cards, unsigned threads);
    void add(http::Router& router);

 private:
    using Answer = std::function<http::Response()>;
    void later(http::Responder responder, Answer answer);

    const Ports& ports_;
    Exchange& exchange_;
    Cards& cards_;
    WorkQueue work_;
};

}  // namespace consilium::services::ehr::exchange
