// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

namespace consilium::fuzz {

// A good file changed as the input says: what random bytes never reach, the fuzzer then finds near
// something valid. The input is a list of edits, four bytes each: two of a place (from the end when
// the highest bit is set), one of a kind, one of a byte.
inline Bytes edited(Bytes file, BytesView edits) {
    for (; edits.size() >= 4 && !file.empty(); edits.remove_prefix(4)) {
        const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(edits[i]); };
        const std::size_t distance = ((at(0) & 0x7fU) << 8U) | at(1);
        const std::size_t place = (at(0) & 0x80U) != 0 ? file.size() - 1 - distance % file.size()
                                                       : distance % file.size();
        const char byte = edits[3];
        switch (at(2) % 6) {
            case 0:
                file[place] = static_cast<char>(file[place] ^ byte);
                break;
            case 1:
                file[place] = byte;
                break;
            case 2:
                file.insert(place, 1, byte);
                break;
            case 3:
                file.erase(place, at(3) % 40U + 1U);
                break;
            case 4:
                file.insert(place, file.substr(place, at(3) % 40U + 1U));
                break;
            default:
                file.resize(place);
                break;
        }
    }
    return file;
}

}  // namespace consilium::fuzz
