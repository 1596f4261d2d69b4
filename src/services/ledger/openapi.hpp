// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace consilium::services::ledger_api {

// The OpenAPI 3.1 document of the ledger's routes, JSON.
[[nodiscard]] std::string_view openapi_document();

}  // namespace consilium::services::ledger_api
