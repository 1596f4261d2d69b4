// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "proto/canonical.hpp"

namespace consilium::cli {

// The command messages of the contracts: 2 membership, 3 charts, 4 documents.
[[nodiscard]] std::vector<std::uint32_t> contract_ids();
[[nodiscard]] std::string_view contract_name(std::uint32_t contract);
// Null for a contract that has no commands.
[[nodiscard]] std::unique_ptr<google::protobuf::Message> command_message(std::uint32_t contract);
[[nodiscard]] const proto::MessageShape* command_shape(std::uint32_t contract);

}  // namespace consilium::cli
