// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "http/message.hpp"
#include "ledger/outcome.hpp"
#include "services/port/port.hpp"

namespace consilium::services::ledger_api {

using Describe = std::function<ledger::RejectionText(std::uint32_t, std::uint32_t)>;

// {"transaction_id","height","bundle_index","transaction_index","result":"applied"|"rejected",
//  "assigned":[..]} or, rejected, "rejection":{contract,code,command_index,name,text,retry}.
void append_outcome_json(std::string& out, const Committed& committed, const Describe& describe);

// v1.CommittedOutcome.
[[nodiscard]] Bytes encode_committed(const Committed& committed);

// The answer to a submission or a look-up, as the client wants it.
[[nodiscard]] http::Response outcome_answer(const Committed& committed, http::Media media,
                                            const Describe& describe);

// Stable codes of problem documents.
[[nodiscard]] const char* problem_code(SubmitError error);
[[nodiscard]] const char* problem_code(ReadError error);
[[nodiscard]] std::uint16_t problem_status(SubmitError error);
[[nodiscard]] http::Response submit_problem(SubmitError error);
[[nodiscard]] http::Response read_problem(ReadError error);

[[nodiscard]] std::string to_base64(BytesView bytes);  // RFC 4648 section 4, with padding

}  // namespace consilium::services::ledger_api
