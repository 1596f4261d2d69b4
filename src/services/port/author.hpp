// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "consilium/v1/ledger.pb.h"
#include "ledger/ids.hpp"

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
    // The member's ids of today in that role, in the order of its list; an author that speaks for
    // roles alone names none.
    [[nodiscard]] virtual Result<std::vector<ledger::UserId>, AuthorError> users(v1::Role role) {
        (void)role;
        return std::vector<ledger::UserId>();
    }
    // As compose(), by that id of today.
    [[nodiscard]] virtual Result<Bytes, AuthorError> compose_as(
        const ledger::UserId& user, v1::Role role, const std::vector<v1::Command>& commands) {
        (void)user, (void)role, (void)commands;
        return fail(AuthorError::kNoUser);
    }
};

inline constexpr std::uint64_t kAuthoredLifeMs = 300'000;

}  // namespace consilium::services
