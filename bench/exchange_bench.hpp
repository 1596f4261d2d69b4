// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "figures.hpp"

namespace consilium::bench {

// The example consortium of four members in one process, each with a vault, over mutual TLS: the
// clinic reads a record of 237 entries that the hospital keeps, with the patient's consent, each
// time as a request of its own on the ledger. The median, from the client's request to the last
// byte of the answer. In a folder of its own below the settings'.
[[nodiscard]] Result<double, std::string> measure_cross_member_read_ms(const Settings& settings);

}  // namespace consilium::bench
