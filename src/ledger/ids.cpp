// SPDX-License-Identifier: Apache-2.0
#include "ledger/ids.hpp"

#include <algorithm>

namespace consilium::ledger {

bool is_member_id(std::string_view text) {
    if (text.size() < 2 || text.size() > limits::kIdentifierBytesMax) return false;
    const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto allowed = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; };
    return letter(text.front()) && text.back() != '-' &&
           std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace consilium::ledger
