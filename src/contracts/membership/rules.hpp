// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "consilium/v1/membership.pb.h"
#include "contracts/membership/rejection.hpp"
#include "contracts/sdk/context.hpp"

// The rules of single commands, used by commands and genesis alike.
namespace consilium::contracts::membership {

// What the message alone tells.
[[nodiscard]] Rejection check_public_key(v1::Algorithm algorithm, BytesView public_key);
[[nodiscard]] Rejection check_user_day(const v1::UserDay& day);
[[nodiscard]] Rejection check_tls_key(BytesView tls_key_sha256);
// What the moment tells.
[[nodiscard]] Rejection check_user_period(const v1::UserDay& day, UnixMs now);

// Write one row, or say why not.
[[nodiscard]] Rejection add_key(sdk::Context& context, BytesView member_id, v1::Algorithm algorithm,
                                BytesView public_key, UnixMs not_after);
[[nodiscard]] Rejection add_user(sdk::Context& context, BytesView member_id,
                                 const v1::UserDay& day);

}  // namespace consilium::contracts::membership
