// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "figures.hpp"

namespace consilium::bench {

// The HTTP layer alone: TLS, parsing, tokens, routes and answers, over a node that answers every
// transaction at once from another thread and keeps nothing. What is left for the ledger is the
// difference to measure_http().
[[nodiscard]] Result<HttpFigures, std::string> measure_http_layer(const Settings& settings);

}  // namespace consilium::bench
