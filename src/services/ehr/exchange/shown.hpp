// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "http/message.hpp"
#include "services/port/access_log.hpp"

// What the exchange's routes show and order is told to the member's access log, like what the FHIR
// API shows: docs/audit.md.
namespace consilium::services::ehr::exchange {

// What was asked of a route.
struct Shown {
    Interaction interaction = Interaction::kOperation;
    std::string asked{};  // what the address names: "exchange/contributions/HEX/1"
    std::string query{};
    bool elsewhere = false;  // the record lies at another member
    std::string patient{};   // whom the order names; empty: nobody, or the answer says it
};

// Below "/v1/", as Shown::asked has it.
[[nodiscard]] std::string asked_of(std::string_view path);

// Puts into the access whom and what the answer's body shows. A FHIR resource or Bundle: its
// resources. Else an object, or a list of them in "items": of each the member "patient", the
// "resource" that it holds, and the versions that "record", "provenance" and "sent" name.
void note_shown(BytesView body, Access& access);

// The answer, once the access log has it: what was shown or done, and what was denied (403). Other
// refusals show nothing. Null for no log: the answer.
[[nodiscard]] http::Response show(AccessLog* log, const http::Principal& principal,
                                  const Shown& shown, http::Response answer);

// What answers when nothing can be logged: before anything is changed, and in the place of what
// would have been shown.
[[nodiscard]] http::Response not_logged();
// False when an order must not be carried out because it could not be logged.
[[nodiscard]] inline bool is_ready(AccessLog* log) {
    return log == nullptr || log->ready();
}

}  // namespace consilium::services::ehr::exchange
