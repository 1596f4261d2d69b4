// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/message.h>

#include "formats/json/write.hpp"

namespace consilium::services::audit {

// A row of the ledger as an object: every field that is set, in the order of its numbers. Bytes are
// hexadecimal, enumerators by name, 64-bit numbers as numbers, and a field "x_unix_ms" is "x" with
// a time of RFC 3339.
void write_message(formats::json::Writer& writer, const google::protobuf::Message& message);

}  // namespace consilium::services::audit
