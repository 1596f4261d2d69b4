// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "http/router.hpp"
#include "services/ehr/exchange/cards.hpp"
#include "services/ehr/exchange/exchange.hpp"
#include "services/port/work_queue.hpp"

// Emergency access over HTTP: docs/exchange.md, "Emergencies".
//   POST /v1/emergency                          break the glass (scope Emergency.c, a token with
//                                               purpose_of_use BTG and break_glass)
//   GET  /v1/emergency/clearances               who may (EmergencyClearance.r)
//   POST /v1/emergency/clearances               clear, or withdraw it (EmergencyClearance.u)
//   GET  /v1/emergency/reviews                  what this member owes (EmergencyReview.r)
//   GET  /v1/emergency/reviews/{id}/{number}    one, reviewed or not
//   POST /v1/emergency/reviews/{id}/{number}    review it (EmergencyReview.u)
// A scope for all resources (*) does not grant the privacy officer's.
namespace consilium::services::ehr::exchange {

class EmergencyRoutes {
 public:
    // All outlive it; it outlives the server's use of its routes. `base` is that of the member's
    // FHIR API.
    EmergencyRoutes(const Ports& ports, Exchange& exchange, Cards& cards,
                    std::function<std::string()> base, unsigned threads);
    void add(http::Router& router);

 private:
    void later(http::Responder responder, std::function<void(http::Responder&)> work);
    void break_glass(const std::string& body, const http::Principal& principal,
                     http::Responder& responder);
    [[nodiscard]] http::Response decide(const std::string& body, const std::string& officer);
    [[nodiscard]] http::Response clearances(const std::vector<std::string>& of) const;
    [[nodiscard]] http::Response worklist(const Bytes& after, std::size_t limit) const;
    [[nodiscard]] http::Response show(const Bytes& id, std::uint32_t number,
                                      std::uint16_t status) const;
    [[nodiscard]] http::Response review(const Bytes& id, std::uint32_t number,
                                        const std::string& body, const std::string& officer);
    void add_reviews(http::Router& router);

    const Ports& ports_;
    Exchange& exchange_;
    Cards& cards_;
    const std::function<std::string()> base_;
    WorkQueue work_;
};

}  // namespace consilium::services::ehr::exchange
