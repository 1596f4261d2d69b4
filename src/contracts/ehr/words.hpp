// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

// What the fields of ehr's commands may hold.
namespace consilium::contracts::ehr {

[[nodiscard]] inline bool is_id(BytesView id) {
    return id.size() == 16 && id.find_first_not_of('\0') != BytesView::npos;
}

[[nodiscard]] inline bool is_commitment(BytesView bytes) {
    return bytes.size() == Hash32::kSize;
}

[[nodiscard]] inline bool is_absent_or_commitment(BytesView bytes) {
    return bytes.empty() || is_commitment(bytes);
}

}  // namespace consilium::contracts::ehr
