// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

// Bytes as the libraries of this room take them. For its .cpp files only.
namespace consilium::crypto {

inline const unsigned char* data_of(BytesView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* data_of(char* bytes) {
    return reinterpret_cast<unsigned char*>(bytes);
}

}  // namespace consilium::crypto
