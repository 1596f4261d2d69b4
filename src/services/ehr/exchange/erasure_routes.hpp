// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/router.hpp"
#include "services/ehr/exchange/erasures.hpp"
#include "services/ehr/exchange/sheddings.hpp"
#include "services/port/work_queue.hpp"

// Erasure over HTTP: docs/exchange.md.
//   POST   /v1/records/erase                   erase a document at all holders (scope Erasure.c)
//   GET    /v1/records/erasures                what was erased here, and how far (Erasure.r)
//   GET    /v1/records/erasures/{id}           one, and each holder
//   GET    /v1/records/holds                   what is kept whoever orders its erasure (Hold.r)
//   POST   /v1/records/holds                   keep what a disclosure brought (Hold.c)
//   DELETE /v1/records/holds/{link}/{number}   no longer (Hold.d)
namespace consilium::services::ehr::exchange {

class ErasureRoutes {
 public:
    // All outlive it; it outlives the server's use of its routes.
    ErasureRoutes(const Ports& ports, Erasures& erasures, Sheddings& sheddings, unsigned threads);
    void add(http::Router& router);

 private:
    using Answer = std::function<http::Response()>;
    void add_holds(http::Router& router);
    void later(http::Responder responder, Answer answer);

    const Ports& ports_;
    Erasures& erasures_;
    Sheddings& sheddings_;
    WorkQueue work_;
};

}  // namespace consilium::services::ehr::exchange
