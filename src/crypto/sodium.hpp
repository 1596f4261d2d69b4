// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace consilium::crypto {

// Starts libsodium once. Called by every function here that uses it; cheap after the first time.
void require_sodium();

}  // namespace consilium::crypto
