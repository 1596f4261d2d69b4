// SPDX-License-Identifier: Apache-2.0
#include "services/identity/patient_tokens.hpp"

#include "base/hex.hpp"
#include "consilium/v1/charts.pb.h"
#include "crypto/random.hpp"
#include "crypto/secret.hpp"
#include "crypto/sign.hpp"
#include "proto/canonical.hpp"
#include "wallet/challenge.hpp"

namespace consilium::services::identity {
namespace {

// docs/formats/tables.md: contract 3, table 3, the link's id.
constexpr BytesView kLinkRows{"\x03\x03", 2};
constexpr std::uint64_t kSweepEveryMs = 10'000;

}  // namespace

const char* to_string(PatientError error) {
    switch (error) {
        case PatientError::kMalformed:
            return "malformed";
        case PatientError::kChallenge:
            return "challenge";
        case PatientError::kExpired:
            return "expired";
        case PatientError::kUsed:
            return "used";
        case PatientError::kRefused:
            return "refused";
        case PatientError::kBusy:
            return "busy";
        case PatientError::kToken:
            return "token";
    }
    return "unknown";
}

PatientTokens::PatientTokens(Ports ports, std::function<UnixMs()> now)
    : ports_(ports), now_(std::move(now)), key_(crypto::SecretBytes::random(32).view()) {}

Bytes PatientTokens::code_of(BytesView challenge) const {
    return key_.code({"consilium/issued-challenge/1", challenge}).bytes();
}

Bytes PatientTokens::challenge(const ledger::LinkId& link) const {
    v1::PatientChallenge challenge;
    challenge.set_network_id(ports_.network.bytes());
    challenge.set_member_id(ports_.member);
    challenge.set_link_id(link.bytes());
    challenge.set_nonce(crypto::random_bytes(wallet::kNonceBytes));
    challenge.set_expires_unix_ms(now_().value + wallet::kChallengeLifeMs);
    v1::IssuedChallenge issued;
    issued.set_challenge(proto::encode(challenge));
    issued.set_code(code_of(issued.challenge()));
    return proto::encode(issued);
}

std::optional<PatientError> PatientTokens::use(BytesView nonce, UnixMs expires, UnixMs now) {
    const std::lock_guard lock(mutex_);
    if (now.value >= swept_.value + kSweepEveryMs) {
        swept_ = now;
        for (auto at = used_.begin(); at != used_.end();)
            at = at->second <= now ? used_.erase(at) : std::next(at);
    }
    if (used_.count(Bytes(nonce)) != 0) return PatientError::kUsed;
    if (used_.size() >= kUsedMax) return PatientError::kBusy;
    used_.emplace(nonce, expires);
    return std::nullopt;
}

Result<PatientToken, PatientError> PatientTokens::token(BytesView issued_bytes,
                                                        BytesView signature) {
    v1::IssuedChallenge issued;
    if (!proto::parse_canonical(issued_bytes, issued)) return fail(PatientError::kMalformed);
    if (!crypto::equal_in_constant_time(issued.code(), code_of(issued.challenge())))
        return fail(PatientError::kChallenge);
    const auto challenge = wallet::read_challenge(issued.challenge());
    if (!challenge) return fail(PatientError::kMalformed);
    const UnixMs now = now_();
    const wallet::Expected expected{ports_.network, ports_.member, now};
    if (const auto error = wallet::check_challenge(*challenge, expected)) {
        return fail(*error == wallet::ChallengeError::kExpired ? PatientError::kExpired
                                                               : PatientError::kChallenge);
    }
    const auto row =
        ports_.reads.state(Bytes(kLinkRows).append(challenge->link_id()), std::nullopt, false);
    if (!row) return fail(PatientError::kBusy);
    v1::Link link;
    const bool known = row->value && proto::parse_canonical(*row->value, link) && !link.closed() &&
                       (link.custodian() == ports_.member || link.counterparty() == ports_.member);
    const auto algorithm = crypto::algorithm_from_id(static_cast<std::uint32_t>(link.algorithm()));
    if (!known || !algorithm ||
        !crypto::verify(*algorithm, link.public_key(),
                        wallet::challenge_digest(issued.challenge()).view(), signature)) {
        return fail(PatientError::kRefused);
    }
    // Only now, so that nobody uses up another's challenge.
    if (const auto error = use(challenge->nonce(), {challenge->expires_unix_ms()}, now))
        return fail(*error);
    PatientToken out;
    out.link = to_hex(challenge->link_id());
    http::TokenRequest request;
    request.subject = "link-" + out.link;
    request.client_id = "wallet";
    request.scope = std::string(kPatientScope);
    request.lifetime_ms = out.life_ms;
    request.purpose_of_use = "PATRQT";
    request.link = out.link;
    auto made = ports_.tokens.issue(request, now);
    if (!made) return fail(PatientError::kToken);
    out.token = std::move(*made);
    return out;
}

}  // namespace consilium::services::identity
