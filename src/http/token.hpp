// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

// Access tokens: JWT (RFC 7519) by the profile of RFC 9068, signed ES256 and nothing else, issued
// by a member's node to the member's users and systems. Scopes are written as SMART App Launch 2
// writes them, so that OAuth flows can be added later without changing a token.
namespace consilium::http {

// What a route asks for: a letter of SMART v2 (c, r, u, d, s) on a resource, such as c on Ledger.
struct Scope {
    std::string_view resource;
    char permission = 'r';
    // A node's own resource, not one of FHIR's: at level user and system a scope for all resources
    // (*), which SMART gives to FHIR clients, does not grant it.
    bool by_name{false};
};

// A token's scopes: "user/Ledger.cr system/Ledger.rs patient/*.r". Scopes of other shapes, and
// scopes with search parameters, grant nothing.
class Scopes {
 public:
    [[nodiscard]] static Scopes parse(std::string_view text);
    // By a scope of level user or system. A patient's scope never grants a resource of the node.
    [[nodiscard]] bool grants(const Scope& wanted) const;
    // By a scope of level patient: only within the record of Principal::patient or Principal::link.
    [[nodiscard]] bool grants_patient(const Scope& wanted) const;

 private:
    struct Grant {
        bool patient = false;  // level patient, else user or system
        std::string resource;  // or "*"
        std::string permissions;
    };
    [[nodiscard]] bool grants(const Scope& wanted, bool patient) const;
    std::vector<Grant> grants_;
};

// Who is asking, as a verified token says.
struct Principal {
    std::string subject;    // opaque id of a user or a system of the member
    std::string client_id;  // the application through which they ask
    std::string token_id;   // jti
    Scopes scopes;
    UnixMs not_before;
    UnixMs expires;
    // Why they ask: a code of HL7 v3-PurposeOfUse (TREAT, HPAYMT, ...); empty: none was claimed.
    std::string purpose_of_use;
    bool break_glass = false;  // cleared for emergency access (45 CFR 164.312(a)(2)(ii))
    // Whose record they may see at level patient: the FHIR id of a Patient, as SMART's launch
    // context has it, or a link (32 hex digits) that the patient's own key proved.
    std::string patient;
    std::string link;
};

enum class TokenError {
    kMalformed,   // not three parts of base64url JSON, too long, or a claim is missing
    kAlgorithm,   // anything but ES256, "none" included
    kType,        // typ is not at+jwt
    kUnknownKey,  // kid names no key of ours
    kSignature,
    kIssuer,
    kAudience,
    kExpired,
    kNotYetValid,  // nbf or iat in the future
    kLibrary,      // the token or key could not be made
};

[[nodiscard]] const char* to_string(TokenError error);

inline constexpr std::size_t kTokenBytesMax = 4096;
inline constexpr std::uint64_t kTokenLifetimeMsMax = 24ULL * 3600 * 1000;
// iat and nbf may be this far ahead of our clock.
inline constexpr std::uint64_t kClockSkewMs = 5000;

// A fresh P-256 key, PEM (PKCS #8).
[[nodiscard]] Result<std::string, TokenError> make_token_key();

struct TokenRequest {
    std::string subject;
    std::string client_id;
    std::string scope;
    std::uint64_t lifetime_ms = 3600ULL * 1000;  // 1 s to 24 h
    std::string purpose_of_use{};                // 2 to 16 capital letters
    bool break_glass = false;
    std::string patient{};  // a FHIR id
    std::string link{};     // 32 hex digits, lower case
};

// Makes and verifies the tokens of one node. Thread-safe.
class Tokens {
 public:
    // `issuer` and `audience` are the node's URL or name. The first key signs, all of them verify,
    // so that a key can be rotated while old tokens live.
    [[nodiscard]] static Result<std::unique_ptr<Tokens>, TokenError> create(
        std::string issuer, std::string audience, std::vector<std::string> keys_pem,
        std::size_t remembered_max = 4096);
    ~Tokens();

    [[nodiscard]] Result<std::string, TokenError> issue(const TokenRequest& request,
                                                        UnixMs now) const;

    // A token that was verified before is recognised by its SHA-256 and only its times are looked
    // at; at most `remembered_max` are remembered, the oldest go first.
    [[nodiscard]] Result<std::shared_ptr<const Principal>, TokenError> verify(
        std::string_view token, UnixMs now);

    // The public keys as a JWK set (RFC 7517), for /.well-known/jwks.json.
    [[nodiscard]] const std::string& jwks() const;

 private:
    struct State;
    explicit Tokens(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace consilium::http
