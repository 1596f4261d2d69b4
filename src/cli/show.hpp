// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "cli/output.hpp"
#include "consilium/v1/receipt.pb.h"

// Bytes of the ledger for people and programs: ids and hashes in hexadecimal, enumerators by name,
// state keys as paths.
namespace consilium::cli {

using Rows = std::vector<std::pair<Bytes, Bytes>>;

// One message, by the fields that are set.
[[nodiscard]] boost::json::object message_json(const google::protobuf::Message& message);
// {"key": path, "value": {...}} of each row.
[[nodiscard]] boost::json::array rows_json(const Rows& rows);
void print_rows(const Rows& rows, std::string_view indent, Context& context);

// v1::Transaction with its body and the commands of known contracts decoded.
[[nodiscard]] boost::json::object transaction_json(BytesView transaction);
// "open_chart, anchor_manifest".
[[nodiscard]] std::string commands_text(BytesView transaction);
[[nodiscard]] boost::json::object receipt_json(const v1::Receipt& receipt);

// The opposite of message_json: sets the fields of `to` that `from` names. Bytes are hexadecimal,
// enumerators as `consilium` shows them, numbers are numbers; a time, ".._unix_ms", may be written
// as RFC 3339 and under its name without that ending. Answers nothing when all is well, else where
// and what is wrong: ".open_chart.slots[1]: must be a string".
[[nodiscard]] std::string read_message(const boost::json::value& from,
                                       google::protobuf::Message& to);

}  // namespace consilium::cli
