// SPDX-License-Identifier: Apache-2.0
#include "wallet/challenge.hpp"

#include "crypto/hash.hpp"
#include "proto/canonical.hpp"

namespace consilium::wallet {

Hash32 challenge_digest(BytesView challenge) {
    return crypto::tagged_hash("consilium/patient-challenge/1", {challenge});
}

const char* to_string(ChallengeError error) {
    switch (error) {
        case ChallengeError::kMalformed:
            return "malformed";
        case ChallengeError::kNetwork:
            return "network";
        case ChallengeError::kMember:
            return "member";
        case ChallengeError::kExpired:
            return "expired";
    }
    return "unknown";
}

std::optional<v1::PatientChallenge> read_challenge(BytesView challenge) {
    v1::PatientChallenge read;
    if (!proto::parse_canonical(challenge, read) ||
        read.network_id().size() != ledger::NetworkId::kSize ||
        !ledger::is_member_id(read.member_id()) || read.link_id().size() != ledger::LinkId::kSize ||
        read.nonce().size() != kNonceBytes) {
        return std::nullopt;
    }
    return read;
}

std::optional<ChallengeError> check_challenge(const v1::PatientChallenge& challenge,
                                              const Expected& expected) {
    if (challenge.network_id() != expected.network.view()) return ChallengeError::kNetwork;
    if (challenge.member_id() != expected.member) return ChallengeError::kMember;
    // Clocks may differ by half of its life.
    if (challenge.expires_unix_ms() <= expected.now.value ||
        challenge.expires_unix_ms() > expected.now.value + kChallengeLifeMs + kChallengeLifeMs / 2)
        return ChallengeError::kExpired;
    return std::nullopt;
}

}  // namespace consilium::wallet
