// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

namespace consilium::consensus {

// Names the calling thread for `top -H` and profilers; at most 15 characters.
inline void name_thread(const char* name) {
    (void)pthread_setname_np(pthread_self(), name);
}

}  // namespace consilium::consensus
