// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "consilium/v1/ledger.pb.h"

namespace consilium::services {

enum class AuthorError {
    kNoUser,     // the member has no user id in that role for today: more must be registered
    kUserList,   // the list of user ids cannot be read
    kMalformed,  // the commands make no transaction: too many, too large
};

[[nodiscard]] const char* to_string(AuthorError error);

// Makes the transactions that a service gives by itself: by the member's user of today in a role.
class Author {
 public:
    virtual ~Author() = default;
    // Canonical bytes of a v1::Transaction with a fresh nonce that may apply for kAuthoredLifeMs.
    // Thread-safe.
    [[nodiscard]] virtual Result<Bytes, AuthorError> compose(
        v1::Role role, const std::vector<v1::Command>& commands) = 0;
};

inline constexpr std::uint64_t kAuthoredLifeMs = 300'000;

}  // namespace consilium::services
