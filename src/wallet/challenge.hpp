// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "consilium/v1/wallet.pb.h"
#include "ledger/ids.hpp"

// How a patient's key proves itself to a node: the node names what is to be signed, the key signs
// it. docs/formats/wallet.md. Pure; thread-safe.
namespace consilium::wallet {

inline constexpr std::size_t kNonceBytes = 32;
inline constexpr std::uint64_t kChallengeLifeMs = 120'000;

// What is signed: H("consilium/patient-challenge/1", challenge).
[[nodiscard]] Hash32 challenge_digest(BytesView challenge);

enum class ChallengeError : std::uint8_t {
    kMalformed,
    kNetwork,  // of another network
    kMember,   // of another member's node
    kExpired,  // its time is over, or further off than any node says
};
[[nodiscard]] const char* to_string(ChallengeError error);

// The challenge as that member's node would have made it; what the wallet checks before it signs,
// so that no node can have it sign for another.
struct Expected {
    const ledger::NetworkId& network;
    const ledger::MemberId& member;
    UnixMs now;
};
[[nodiscard]] std::optional<ChallengeError> check_challenge(const v1::PatientChallenge& challenge,
                                                            const Expected& expected);
// Nothing unless the bytes are a canonical challenge with fields of the right lengths.
[[nodiscard]] std::optional<v1::PatientChallenge> read_challenge(BytesView challenge);

}  // namespace consilium::wallet
