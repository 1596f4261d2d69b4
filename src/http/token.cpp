// SPDX-License-Identifier: Apache-2.0
#include "http/token.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <boost/json.hpp>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "base/assert.hpp"
#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "http/pem.hpp"

namespace consilium::http {
namespace {

namespace json = boost::json;

struct Key {
    std::string id;  // RFC 7638 thumbprint
    std::string jwk;
    Owned<EVP_PKEY, EVP_PKEY_free> secret;
};

std::string to_base64url(BytesView bytes) {
    static constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = (bits << 8U) | static_cast<std::uint8_t>(c);
        for (count += 8; count >= 6; count -= 6)
            out += kDigits[(bits >> static_cast<unsigned>(count - 6)) & 63U];
    }
    if (count > 0) out += kDigits[(bits << static_cast<unsigned>(6 - count)) & 63U];
    return out;
}

std::optional<Bytes> from_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    Bytes out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        std::uint32_t digit = 0;
        if (c >= 'A' && c <= 'Z')
            digit = static_cast<std::uint32_t>(c - 'A');
        else if (c >= 'a' && c <= 'z')
            digit = static_cast<std::uint32_t>(c - 'a') + 26;
        else if (c >= '0' && c <= '9')
            digit = static_cast<std::uint32_t>(c - '0') + 52;
        else if (c == '-')
            digit = 62;
        else if (c == '_')
            digit = 63;
        else
            return std::nullopt;
        bits = (bits << 6U) | digit;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out += static_cast<char>(bits >> static_cast<unsigned>(count));
        }
    }
    // One value has one text: what is left of the last digit must be zero.
    if ((bits & ((1U << static_cast<unsigned>(count)) - 1)) != 0) return std::nullopt;
    return out;
}

std::optional<Bytes> coordinate(EVP_PKEY* key, const char* name) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return std::nullopt;
    Bytes out(32, '\0');
    const int written = BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()), 32);
    BN_free(number);
    if (written != 32) return std::nullopt;
    return out;
}

std::optional<Key> read_key(const std::string& pem) {
    const Owned<BIO, BIO_free_all> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    Owned<EVP_PKEY, EVP_PKEY_free> key(
        in ? PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr) : nullptr);
    std::array<char, 32> group{};
    std::size_t length = 0;
    if (!key || EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), &length) != 1 ||
        std::string_view(group.data(), length) != "prime256v1") {
        return std::nullopt;
    }
    const auto x = coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_X);
    const auto y = coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
    if (!x || !y) return std::nullopt;
    // The members in the order that RFC 7638 hashes.
    const std::string parameters = R"("crv":"P-256","kty":"EC","x":")" + to_base64url(*x) +
                                   R"(","y":")" + to_base64url(*y) + '"';
    Key made;
    made.id = to_base64url(crypto::sha256("{" + parameters + "}").view());
    made.jwk = "{" + parameters + R"(,"use":"sig","alg":"ES256","kid":")" + made.id + "\"}";
    made.secret = std::move(key);
    return made;
}

// A part of a token as a JSON object.
std::optional<json::object> read_object(std::string_view part) {
    const auto bytes = from_base64url(part);
    if (!bytes) return std::nullopt;
    json::error_code ec;
    json::parse_options options;
    options.max_depth = 4;
    auto value = json::parse(*bytes, ec, {}, options);
    if (ec || !value.is_object()) return std::nullopt;
    return std::move(value.as_object());
}

std::string_view text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return {value->as_string().data(), value->as_string().size()};
}

// Seconds of a NumericDate as milliseconds; fractions are dropped.
std::optional<UnixMs> time_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    constexpr std::int64_t kSecondsMax = 253'402'300'799;  // the year 9999
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    const auto seconds = value->as_int64();
    if (seconds < 0 || seconds > kSecondsMax) return std::nullopt;
    return UnixMs{static_cast<std::uint64_t>(seconds) * 1000};
}

bool is_audience(const json::object& claims, std::string_view audience) {
    const auto* value = claims.if_contains("aud");
    if (value == nullptr) return false;
    const auto same = [&](const json::value& one) {
        return one.is_string() &&
               std::string_view(one.as_string().data(), one.as_string().size()) == audience;
    };
    if (!value->is_array()) return same(*value);
    return std::any_of(value->as_array().begin(), value->as_array().end(), same);
}

// r||s, 64 bytes, of ECDSA with P-256 and SHA-256 (RFC 7518 section 3.4).
std::optional<Bytes> sign_es256(const Key& key, BytesView message) {
    const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
    std::array<unsigned char, 80> der{};
    std::size_t length = der.size();
    if (!context ||
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.secret.get()) != 1 ||
        EVP_DigestSign(context.get(), der.data(), &length,
                       reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) != 1) {
        return std::nullopt;
    }
    const unsigned char* at = der.data();
    const Owned<ECDSA_SIG, ECDSA_SIG_free> parts(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(length)));
    Bytes out(64, '\0');
    auto* to = reinterpret_cast<unsigned char*>(out.data());
    if (!parts || BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), to, 32) != 32 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), to + 32, 32) != 32) {
        return std::nullopt;
    }
    return out;
}

// The one algorithm there is: what the token's header says never chooses how it is checked.
bool verify_es256(const Key& key, BytesView message, BytesView signature) {
    if (signature.size() != 64) return false;
    const auto* from = reinterpret_cast<const unsigned char*>(signature.data());
    const Owned<ECDSA_SIG, ECDSA_SIG_free> parts(ECDSA_SIG_new());
    BIGNUM* r = BN_bin2bn(from, 32, nullptr);
    BIGNUM* s = BN_bin2bn(from + 32, 32, nullptr);
    if (!parts || ECDSA_SIG_set0(parts.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return false;
    }
    unsigned char* der = nullptr;
    const int length = i2d_ECDSA_SIG(parts.get(), &der);
    if (length <= 0) return false;
    const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
    const bool holds = context &&
                       EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr,
                                            key.secret.get()) == 1 &&
                       EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(length),
                                        reinterpret_cast<const unsigned char*>(message.data()),
                                        message.size()) == 1;
    OPENSSL_free(der);
    return holds;
}

TokenError check_times(const Principal& principal, UnixMs now, bool& valid) {
    valid = false;
    if (now >= principal.expires) return TokenError::kExpired;
    if (principal.not_before.value > now.value + kClockSkewMs) return TokenError::kNotYetValid;
    valid = true;
    return TokenError::kExpired;
}

bool is_made_of(std::string_view text, std::size_t least, std::size_t most, bool (*one)(char)) {
    return text.size() >= least && text.size() <= most &&
           std::all_of(text.begin(), text.end(), one);
}

bool is_purpose(std::string_view text) {
    return is_made_of(text, 2, 16, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_fhir_id(std::string_view text) {
    return is_made_of(text, 1, 64, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.';
    });
}

bool is_link(std::string_view text) {
    return is_made_of(text, 32, 32,
                      [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// A claim that may be missing, but is no other than it should be. False when it is.
bool read_claim(const json::object& claims, std::string_view name,
                bool (*is_good)(std::string_view), std::string& to) {
    if (!claims.contains(name)) return true;
    to = text_of(claims, name);
    return is_good(to);
}

// What of a token says more than who asks. False when a claim is not what it should be: to ignore
// it would widen or narrow what the token was meant for.
bool read_context(const json::object& claims, Principal& to) {
    if (const auto* value = claims.if_contains("break_glass")) {
        if (!value->is_bool()) return false;
        to.break_glass = value->as_bool();
    }
    return read_claim(claims, "purpose_of_use", is_purpose, to.purpose_of_use) &&
           read_claim(claims, "patient", is_fhir_id, to.patient) &&
           read_claim(claims, "link", is_link, to.link);
}

}  // namespace

const char* to_string(TokenError error) {
    switch (error) {
        case TokenError::kMalformed:
            return "malformed";
        case TokenError::kAlgorithm:
            return "algorithm";
        case TokenError::kType:
            return "type";
        case TokenError::kUnknownKey:
            return "unknown-key";
        case TokenError::kSignature:
            return "signature";
        case TokenError::kIssuer:
            return "issuer";
        case TokenError::kAudience:
            return "audience";
        case TokenError::kExpired:
            return "expired";
        case TokenError::kNotYetValid:
            return "not-yet-valid";
        case TokenError::kLibrary:
            return "library";
    }
    return "unknown";
}

Scopes Scopes::parse(std::string_view text) {
    Scopes out;
    while (!text.empty()) {
        const auto space = text.find(' ');
        auto scope = text.substr(0, space);
        text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
        const auto slash = scope.find('/');
        const auto dot = scope.rfind('.');
        if (slash == std::string_view::npos || dot == std::string_view::npos || dot < slash)
            continue;
        const auto level = scope.substr(0, slash);
        const auto resource = scope.substr(slash + 1, dot - slash - 1);
        const auto permissions = scope.substr(dot + 1);
        // SMART v2 wants the letters in this order, each at most once.
        static constexpr std::string_view kLetters = "cruds";
        std::size_t next = 0;
        const bool ordered = std::all_of(permissions.begin(), permissions.end(), [&](char c) {
            const auto at = kLetters.find(c, next);
            next = at + 1;
            return at != std::string_view::npos;
        });
        const bool patient = level == "patient";
        if ((level != "user" && level != "system" && !patient) || resource.empty() ||
            permissions.empty() || !ordered) {
            continue;
        }
        out.grants_.push_back({patient, std::string(resource), std::string(permissions)});
    }
    return out;
}

bool Scopes::grants(const Scope& wanted) const {
    return grants(wanted, false);
}

bool Scopes::grants_patient(const Scope& wanted) const {
    return grants(wanted, true);
}

bool Scopes::grants(const Scope& wanted, bool patient) const {
    return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
        return grant.patient == patient &&
               ((grant.resource == "*" && (patient || !wanted.by_name)) ||
                grant.resource == wanted.resource) &&
               grant.permissions.find(wanted.permission) != std::string::npos;
    });
}

Result<std::string, TokenError> make_token_key() {
    const Owned<EVP_PKEY, EVP_PKEY_free> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    if (!key) return fail(TokenError::kLibrary);
    auto pem = private_key_to_pem(key.get());
    if (!pem) return fail(TokenError::kLibrary);
    return std::move(*pem);
}

struct Tokens::State {
    std::string issuer;
    std::string audience;
    std::vector<Key> keys;
    std::string jwks;
    std::size_t remembered_max = 0;
    std::mutex mutex;
    std::unordered_map<Hash32, std::shared_ptr<const Principal>, FixedBytesHash> remembered;
    std::deque<Hash32> order;  // of remembered, oldest first

    [[nodiscard]] std::shared_ptr<const Principal> find(const Hash32& digest) {
        const std::lock_guard lock(mutex);
        const auto found = remembered.find(digest);
        return found == remembered.end() ? nullptr : found->second;
    }
    void remember(const Hash32& digest, std::shared_ptr<const Principal> principal) {
        const std::lock_guard lock(mutex);
        if (!remembered.emplace(digest, std::move(principal)).second) return;
        order.push_back(digest);
        if (order.size() <= remembered_max) return;
        remembered.erase(order.front());
        order.pop_front();
    }
    [[nodiscard]] Result<std::shared_ptr<const Principal>, TokenError> check(std::string_view token,
                                                                             UnixMs now) const;
    [[nodiscard]] Result<std::shared_ptr<const Principal>, TokenError> read_claims(
        const json::object& claims, UnixMs now) const;
};

Result<std::shared_ptr<const Principal>, TokenError> Tokens::State::check(std::string_view token,
                                                                          UnixMs now) const {
    const auto first = token.find('.');
    const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos) return fail(TokenError::kMalformed);
    const auto header = read_object(token.substr(0, first));
    const auto claims = read_object(token.substr(first + 1, second - first - 1));
    if (!header || !claims) return fail(TokenError::kMalformed);
    // Extensions that must be understood are not (RFC 7515 section 4.1.11).
    if (header->contains("crit")) return fail(TokenError::kMalformed);
    if (text_of(*header, "alg") != "ES256") return fail(TokenError::kAlgorithm);
    const auto type = text_of(*header, "typ");
    if (type != "at+jwt" && type != "application/at+jwt") return fail(TokenError::kType);
    const auto id = text_of(*header, "kid");
    const auto key =
        std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.id == id; });
    if (key == keys.end()) return fail(TokenError::kUnknownKey);
    const auto signature = from_base64url(token.substr(second + 1));
    if (!signature || !verify_es256(*key, token.substr(0, second), *signature)) {
        return fail(TokenError::kSignature);
    }
    return read_claims(*claims, now);
}

Result<std::shared_ptr<const Principal>, TokenError> Tokens::State::read_claims(
    const json::object& claims, UnixMs now) const {
    if (text_of(claims, "iss") != issuer) return fail(TokenError::kIssuer);
    if (!is_audience(claims, audience)) return fail(TokenError::kAudience);
    auto principal = std::make_shared<Principal>();
    principal->subject = text_of(claims, "sub");
    principal->client_id = text_of(claims, "client_id");
    principal->token_id = text_of(claims, "jti");
    principal->scopes = Scopes::parse(text_of(claims, "scope"));
    const auto issued = time_of(claims, "iat");
    const auto expires = time_of(claims, "exp");
    const bool has_not_before = claims.contains("nbf");
    const auto not_before = has_not_before ? time_of(claims, "nbf") : issued;
    if (!read_context(claims, *principal)) return fail(TokenError::kMalformed);
    if (principal->subject.empty() || principal->client_id.empty() || principal->token_id.empty() ||
        !issued || !expires || !not_before) {
        return fail(TokenError::kMalformed);
    }
    principal->expires = *expires;
    principal->not_before = std::max(*issued, *not_before);
    bool valid = false;
    const auto error = check_times(*principal, now, valid);
    if (!valid) return fail(error);
    return std::shared_ptr<const Principal>(std::move(principal));
}

Tokens::Tokens(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tokens::~Tokens() = default;

Result<std::unique_ptr<Tokens>, TokenError> Tokens::create(std::string issuer, std::string audience,
                                                           std::vector<std::string> keys_pem,
                                                           std::size_t remembered_max) {
    CONSILIUM_ASSERT(!issuer.empty() && !audience.empty() && remembered_max > 0);
    auto state = std::make_unique<State>();
    state->issuer = std::move(issuer);
    state->audience = std::move(audience);
    state->remembered_max = remembered_max;
    for (const auto& pem : keys_pem) {
        auto key = read_key(pem);
        if (!key) return fail(TokenError::kLibrary);
        state->jwks += (state->jwks.empty() ? "{\"keys\":[" : ",") + key->jwk;
        state->keys.push_back(std::move(*key));
    }
    if (state->keys.empty()) return fail(TokenError::kLibrary);
    state->jwks += "]}";
    return std::unique_ptr<Tokens>(new Tokens(std::move(state)));
}

Result<std::string, TokenError> Tokens::issue(const TokenRequest& request, UnixMs now) const {
    if (request.subject.empty() || request.client_id.empty() || request.lifetime_ms < 1000 ||
        request.lifetime_ms > kTokenLifetimeMsMax) {
        return fail(TokenError::kMalformed);
    }
    json::object claims;
    claims["iss"] = state_->issuer;
    claims["sub"] = request.subject;
    claims["aud"] = state_->audience;
    claims["iat"] = now.value / 1000;
    claims["exp"] = (now.value + request.lifetime_ms) / 1000;
    claims["jti"] = to_hex(crypto::random_bytes(16));
    claims["client_id"] = request.client_id;
    claims["scope"] = request.scope;
    if (!request.purpose_of_use.empty()) claims["purpose_of_use"] = request.purpose_of_use;
    if (request.break_glass) claims["break_glass"] = true;
    if (!request.patient.empty()) claims["patient"] = request.patient;
    if (!request.link.empty()) claims["link"] = request.link;
    Principal checked;
    if (!read_context(claims, checked)) return fail(TokenError::kMalformed);
    const auto& key = state_->keys.front();
    const std::string header = R"({"alg":"ES256","typ":"at+jwt","kid":")" + key.id + "\"}";
    std::string token = to_base64url(header) + '.' + to_base64url(json::serialize(claims));
    const auto signature = sign_es256(key, token);
    if (!signature) return fail(TokenError::kLibrary);
    token += '.' + to_base64url(*signature);
    if (token.size() > kTokenBytesMax) return fail(TokenError::kMalformed);
    return token;
}

Result<std::shared_ptr<const Principal>, TokenError> Tokens::verify(std::string_view token,
                                                                    UnixMs now) {
    if (token.size() > kTokenBytesMax) return fail(TokenError::kMalformed);
    const Hash32 digest = crypto::sha256(token);
    if (auto known = state_->find(digest)) {
        bool valid = false;
        const auto error = check_times(*known, now, valid);
        if (!valid) return fail(error);
        return known;
    }
    auto checked = state_->check(token, now);
    if (checked) state_->remember(digest, *checked);
    return checked;
}

const std::string& Tokens::jwks() const {
    return state_->jwks;
}

}  // namespace consilium::http
