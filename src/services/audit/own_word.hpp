// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/json/write.hpp"
#include "services/audit/facts.hpp"

// The part of the access report that tells what the custodian's own access log says: who looked at
// the patient's data at its own node. docs/accounting.md. Pure.
namespace consilium::services::audit {

// As the member "own_word" of an object. Views must be canonical, as who made them gave them.
void write_own_word(formats::json::Writer& writer, const Facts& facts);

}  // namespace consilium::services::audit
