// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "http/message.hpp"
#include "services/ehr/call.hpp"

// Between HTTP and FHIR's interactions.
namespace consilium::services::ehr {

// What the request asks, with everything that it must not keep moved out or copied. A Problem for a
// path or query that cannot be read, a form of the answer that is not offered (406) and a body that
// is not FHIR JSON (415).
[[nodiscard]] Result<Call, Problem> read_request(http::Request& request);

[[nodiscard]] http::Response write_answer(const Answer& answer, const std::string& base);
[[nodiscard]] http::Response write_problem(const Problem& problem);
// A refusal of the server's own, below /fhir.
[[nodiscard]] http::Response write_refusal(std::uint16_t status, std::string_view code,
                                           telemetry::Literal title);

}  // namespace consilium::services::ehr
