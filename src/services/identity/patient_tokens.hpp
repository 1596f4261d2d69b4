// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/derive.hpp"
#include "http/token.hpp"
#include "ledger/ids.hpp"
#include "services/port/port.hpp"

// Access tokens for patients, who prove themselves with the key of a link and need no account:
// docs/formats/wallet.md, "Tokens". Thread-safe; reads the ledger on the caller's thread.
namespace consilium::services::identity {

// At level patient: reading and searching what is under the link.
inline constexpr std::string_view kPatientScope = "patient/*.rs";
inline constexpr std::uint64_t kPatientTokenLifeMs = 900'000;
// Challenges that were used and whose time is not over; beyond it nobody is let in for a moment.
inline constexpr std::size_t kUsedMax = 65'536;

enum class PatientError : std::uint8_t {
    kMalformed,  // no challenge of a node's, or no signature
    kChallenge,  // not given out by this node since it started, or another's
    kExpired,    // its time is over
    kUsed,       // it was used before
    // The link is unknown here, closed, or has another key. Which of these is not told.
    kRefused,
    kBusy,   // too many at once, or the ledger cannot be read: again in a moment
    kToken,  // the token could not be made
};
[[nodiscard]] const char* to_string(PatientError error);

struct PatientToken {
    std::string token;
    std::string link;  // hexadecimal
    std::uint64_t life_ms = kPatientTokenLifeMs;
};

class PatientTokens {
 public:
    struct Ports {
        const ledger::NetworkId& network;
        const ledger::MemberId& member;
        const Reads& reads;
        const http::Tokens& tokens;
    };
    // `now` is the wall clock.
    PatientTokens(Ports ports, std::function<UnixMs()> now);

    // v1::IssuedChallenge for any link, known or not. Nothing is kept of it.
    [[nodiscard]] Bytes challenge(const ledger::LinkId& link) const;
    // For the key of the link: `signature` over wallet::challenge_digest().
    [[nodiscard]] Result<PatientToken, PatientError> token(BytesView issued, BytesView signature);

 private:
    [[nodiscard]] Bytes code_of(BytesView challenge) const;
    [[nodiscard]] std::optional<PatientError> use(BytesView nonce, UnixMs expires, UnixMs now);

    const Ports ports_;
    const std::function<UnixMs()> now_;
    const crypto::HmacKey key_;
    std::mutex mutex_;
    std::map<Bytes, UnixMs> used_;  // nonces, with the end of their time
    UnixMs swept_;
};

}  // namespace consilium::services::identity
