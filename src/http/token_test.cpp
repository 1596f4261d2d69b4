// SPDX-License-Identifier: Apache-2.0
#include "http/token.hpp"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <boost/json.hpp>

#include "http/pem.hpp"

namespace consilium::http {
namespace {

constexpr UnixMs kNow{1'800'000'000'000};

std::string base64url(std::string_view bytes) {
    static constexpr char kDigits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : bytes) {
        bits = (bits << 8U) | static_cast<unsigned char>(c);
        count += 8;
        while (count >= 6) {
            count -= 6;
            out += kDigits[(bits >> count) & 63U];
        }
    }
    if (count > 0) out += kDigits[(bits << (6 - count)) & 63U];
    return out;
}

// What a token is made of, so that each test spoils one thing.
struct Parts {
    std::string type = "at+jwt";
    std::string key_id;
    std::string claims;
    std::string algorithm = "ES256";
    std::string key;  // PEM, or the shared secret of HS256
    std::string more_header;
};

std::string es256(const std::string& pem, const std::string& message) {
    const Owned<BIO, BIO_free_all> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const Owned<EVP_PKEY, EVP_PKEY_free> key(
        PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
    const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
    EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()), 1);
    std::array<unsigned char, 80> der{};
    std::size_t length = der.size();
    EXPECT_EQ(
        EVP_DigestSign(context.get(), der.data(), &length,
                       reinterpret_cast<const unsigned char*>(message.data()), message.size()),
        1);
    const unsigned char* at = der.data();
    const Owned<ECDSA_SIG, ECDSA_SIG_free> parts(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(length)));
    std::array<unsigned char, 64> out{};
    BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), out.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), out.data() + 32, 32);
    return {reinterpret_cast<const char*>(out.data()), out.size()};
}

std::string hs256(const std::string& key, const std::string& message) {
    std::array<unsigned char, 32> out{};
    unsigned length = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(message.data()), message.size(), out.data(),
         &length);
    return {reinterpret_cast<const char*>(out.data()), length};
}

std::string sign(const Parts& parts) {
    const std::string header = R"({"alg":")" + parts.algorithm + R"(","typ":")" + parts.type +
                               R"(","kid":")" + parts.key_id + '"' + parts.more_header + "}";
    const std::string message = base64url(header) + "." + base64url(parts.claims);
    if (parts.algorithm == "none") return message + ".";
    return message + "." +
           base64url(parts.algorithm == "HS256" ? hs256(parts.key, message)
                                                : es256(parts.key, message));
}

std::string public_pem(const std::string& private_pem) {
    const Owned<BIO, BIO_free_all> in(
        BIO_new_mem_buf(private_pem.data(), static_cast<int>(private_pem.size())));
    const Owned<EVP_PKEY, EVP_PKEY_free> key(
        PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
    const Owned<BIO, BIO_free_all> out(BIO_new(BIO_s_mem()));
    EXPECT_EQ(PEM_write_bio_PUBKEY(out.get(), key.get()), 1);
    return bio_text(out.get());
}

class TokenTest : public ::testing::Test {
 protected:
    std::string key_pem = *make_token_key();
    std::unique_ptr<Tokens> tokens =
        *Tokens::create("https://a.example", "https://a.example", {key_pem});

    std::string key_id() {
        const auto jwks = boost::json::parse(tokens->jwks());
        const auto& id = jwks.at("keys").at(0).at("kid").as_string();
        return {id.data(), id.size()};
    }
    // Claims that hold, with one replaced ("name": json) or left out (empty json).
    std::string claims(const std::string& name = "", const std::string& json = "") {
        boost::json::object out;
        out["iss"] = "https://a.example";
        out["aud"] = "https://a.example";
        out["sub"] = "user-1";
        out["iat"] = kNow.value / 1000;
        out["exp"] = kNow.value / 1000 + 60;
        out["jti"] = "1";
        out["client_id"] = "cli";
        out["scope"] = "system/Ledger.cr";
        if (!name.empty()) out.erase(name);
        if (!json.empty()) out[name] = boost::json::parse(json);
        return boost::json::serialize(out);
    }
    Parts parts(const std::string& claims_json) {
        Parts out;
        out.key_id = key_id();
        out.claims = claims_json;
        out.key = key_pem;
        return out;
    }
    std::string outcome(std::string_view token, UnixMs now = kNow) {
        const auto result = tokens->verify(token, now);
        return result ? "ok" : to_string(result.error());
    }
};

TEST_F(TokenTest, issues_what_it_verifies) {
    const auto token = tokens->issue({"user-1", "cli", "system/Ledger.cr", 60'000}, kNow);
    ASSERT_TRUE(token.ok());
    const auto principal = tokens->verify(*token, kNow);
    ASSERT_TRUE(principal.ok());
    EXPECT_EQ((*principal)->subject, "user-1");
    EXPECT_EQ((*principal)->client_id, "cli");
    EXPECT_EQ((*principal)->expires.value, kNow.value + 60'000);
    EXPECT_TRUE((*principal)->scopes.grants({"Ledger", 'c'}));
    // The second time it is remembered: the very same object.
    EXPECT_EQ(*tokens->verify(*token, kNow), *principal);
    EXPECT_EQ(outcome(sign(parts(claims()))), "ok");
}

TEST_F(TokenTest, a_remembered_token_still_expires) {
    const auto token = tokens->issue({"user-1", "cli", "", 60'000}, kNow);
    EXPECT_EQ(outcome(*token), "ok");
    EXPECT_EQ(outcome(*token, {kNow.value + 59'999}), "ok");
    EXPECT_EQ(outcome(*token, {kNow.value + 60'000}), "expired");
}

TEST_F(TokenTest, refuses_lifetimes_out_of_range) {
    EXPECT_FALSE(tokens->issue({"u", "c", "", 999}, kNow).ok());
    EXPECT_TRUE(tokens->issue({"u", "c", "", 1000}, kNow).ok());
    EXPECT_TRUE(tokens->issue({"u", "c", "", kTokenLifetimeMsMax}, kNow).ok());
    EXPECT_FALSE(tokens->issue({"u", "c", "", kTokenLifetimeMsMax + 1}, kNow).ok());
    EXPECT_FALSE(tokens->issue({"", "c", "", 1000}, kNow).ok());
    EXPECT_FALSE(tokens->issue({"u", "", "", 1000}, kNow).ok());
}

TEST_F(TokenTest, refuses_other_algorithms) {
    auto none = parts(claims());
    none.algorithm = "none";
    EXPECT_EQ(outcome(sign(none)), "algorithm");
    // The header of "none" with a made-up signature.
    const auto header = base64url(R"({"alg":"none","typ":"at+jwt","kid":")" + key_id() + "\"}");
    EXPECT_EQ(outcome(header + "." + base64url(claims()) + "." + base64url(std::string(64, 'x'))),
              "algorithm");
    // The public key is public: as a shared secret it must not pass.
    auto shared = parts(claims());
    shared.algorithm = "HS256";
    shared.key = public_pem(key_pem);
    EXPECT_EQ(outcome(sign(shared)), "algorithm");
    // ES256 claimed for an HMAC.
    const auto by_hmac = [&](const std::string& algorithms) {
        const auto message =
            base64url("{" + algorithms + R"("typ":"at+jwt","kid":")" + key_id() + "\"}") + "." +
            base64url(claims());
        return outcome(message + "." + base64url(hs256(shared.key, message)));
    };
    EXPECT_EQ(by_hmac(R"("alg":"ES256",)"), "signature");
    EXPECT_NE(by_hmac(R"("alg":"HS256","alg":"ES256",)"), "ok");
    EXPECT_NE(by_hmac(R"("alg":"ES256","alg":"HS256",)"), "ok");
    EXPECT_NE(by_hmac(R"("alg":["ES256"],)"), "ok");
}

TEST_F(TokenTest, refuses_other_keys_and_types) {
    auto other_key = parts(claims());
    other_key.key = *make_token_key();
    EXPECT_EQ(outcome(sign(other_key)), "signature");
    auto other_id = parts(claims());
    other_id.key_id = "unknown";
    EXPECT_EQ(outcome(sign(other_id)), "unknown-key");
    auto type = parts(claims());
    type.type = "JWT";
    EXPECT_EQ(outcome(sign(type)), "type");
    auto critical = parts(claims());
    critical.more_header = R"(,"crit":["x"])";
    EXPECT_EQ(outcome(sign(critical)), "malformed");
}

TEST_F(TokenTest, refuses_claims_that_do_not_hold) {
    const auto with = [this](const std::string& name, const std::string& json) {
        return outcome(sign(parts(claims(name, json))));
    };
    const auto s = kNow.value / 1000;
    EXPECT_EQ(with("iss", "\"https://b.example\""), "issuer");
    EXPECT_EQ(with("iss", ""), "issuer");
    EXPECT_EQ(with("aud", "\"https://b.example\""), "audience");
    EXPECT_EQ(with("aud", R"(["https://b.example","https://a.example"])"), "ok");
    EXPECT_EQ(with("aud", R"(["https://b.example"])"), "audience");
    EXPECT_EQ(with("aud", ""), "audience");
    EXPECT_EQ(with("exp", std::to_string(s)), "expired");
    EXPECT_EQ(with("exp", std::to_string(s + 1)), "ok");
    EXPECT_EQ(with("exp", ""), "malformed");
    EXPECT_EQ(with("exp", "\"soon\""), "malformed");
    EXPECT_EQ(with("exp", "-1"), "malformed");
    EXPECT_EQ(with("exp", "1e300"), "malformed");
    EXPECT_EQ(with("nbf", std::to_string(s + 5)), "ok");
    EXPECT_EQ(with("nbf", std::to_string(s + 6)), "not-yet-valid");
    EXPECT_EQ(with("nbf", "\"x\""), "malformed");
    EXPECT_EQ(with("iat", std::to_string(s + 6)), "not-yet-valid");
    EXPECT_EQ(with("iat", ""), "malformed");
    EXPECT_EQ(with("sub", ""), "malformed");
    EXPECT_EQ(with("sub", "\"\""), "malformed");
    EXPECT_EQ(with("jti", ""), "malformed");
    EXPECT_EQ(with("client_id", ""), "malformed");
    EXPECT_EQ(with("scope", ""), "ok");  // and grants nothing
}

TEST_F(TokenTest, carries_purpose_clearance_and_whose_record) {
    TokenRequest request{"user-1", "app", "patient/*.r", 60'000};
    request.purpose_of_use = "TREAT";
    request.break_glass = true;
    request.patient = "a-1.b";
    request.link = std::string(32, 'f');
    const auto full = *tokens->verify(*tokens->issue(request, kNow), kNow);
    EXPECT_EQ(full->purpose_of_use, "TREAT");
    EXPECT_TRUE(full->break_glass);
    EXPECT_EQ(full->patient, "a-1.b");
    EXPECT_EQ(full->link, std::string(32, 'f'));
    const auto plain = *tokens->verify(*tokens->issue({"user-1", "app", "", 60'000}, kNow), kNow);
    EXPECT_EQ(plain->purpose_of_use + plain->patient + plain->link, "");
    EXPECT_FALSE(plain->break_glass);
}

TEST_F(TokenTest, refuses_a_context_that_is_none) {
    const auto with = [this](const std::string& name, const std::string& json) {
        return outcome(sign(parts(claims(name, json))));
    };
    EXPECT_EQ(with("break_glass", "true"), "ok");
    EXPECT_EQ(with("break_glass", "\"true\""), "malformed");
    EXPECT_EQ(with("break_glass", "1"), "malformed");
    EXPECT_EQ(with("purpose_of_use", "\"TREAT\""), "ok");
    EXPECT_EQ(with("purpose_of_use", '"' + std::string(16, 'A') + '"'), "ok");
    for (const auto& wrong : {std::string("\"\""), std::string("\"A\""), std::string("\"treat\""),
                              std::string(R"(["TREAT"])"), '"' + std::string(17, 'A') + '"'}) {
        EXPECT_EQ(with("purpose_of_use", wrong), "malformed") << wrong;
    }
    EXPECT_EQ(with("patient", '"' + std::string(64, 'a') + '"'), "ok");
    EXPECT_EQ(with("patient", '"' + std::string(65, 'a') + '"'), "malformed");
    EXPECT_EQ(with("patient", "\"a/b\""), "malformed");
    EXPECT_EQ(with("link", '"' + std::string(31, 'a') + '"'), "malformed");
    EXPECT_EQ(with("link", '"' + std::string(32, 'A') + '"'), "malformed");
    TokenRequest request{"user-1", "app", "", 60'000};
    request.purpose_of_use = "treat";
    EXPECT_FALSE(tokens->issue(request, kNow).ok());
}

TEST_F(TokenTest, refuses_every_truncation_and_every_changed_character) {
    const auto token = *tokens->issue({"user-1", "cli", "system/Ledger.cr", 60'000}, kNow);
    for (std::size_t i = 0; i < token.size(); ++i)
        EXPECT_NE(outcome(std::string_view(token).substr(0, i)), "ok") << i;
    for (std::size_t i = 0; i < token.size(); i += 7) {
        auto changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_NE(outcome(changed), "ok") << i;
    }
    EXPECT_NE(outcome(token + "."), "ok");
    EXPECT_NE(outcome(token + "A"), "ok");
    EXPECT_NE(outcome(token + "AAAA"), "ok");
    EXPECT_NE(outcome(" " + token), "ok");
    EXPECT_EQ(outcome(token), "ok");
}

TEST_F(TokenTest, limits_the_length) {
    const auto token_of = [this](std::size_t padding) {
        return sign(parts(claims("sub", '"' + std::string(padding, 'a') + '"')));
    };
    // Three bytes of padding are four characters; go up to the limit and one step over it.
    std::size_t padding = (kTokenBytesMax - token_of(0).size()) * 3 / 4;
    while (token_of(padding).size() > kTokenBytesMax)
        --padding;
    EXPECT_EQ(outcome(token_of(padding)), "ok");
    EXPECT_EQ(outcome(token_of(padding + 3)), "malformed");
    EXPECT_EQ(outcome(std::string(1'000'000, 'a')), "malformed");
    EXPECT_EQ(outcome(""), "malformed");
    EXPECT_EQ(outcome(".."), "malformed");
    EXPECT_EQ(outcome(base64url(std::string(1000, '[')) + ".e30.AA"), "malformed");
}

TEST_F(TokenTest, verifies_with_older_keys_after_a_rotation) {
    const auto old_token = *tokens->issue({"user-1", "cli", "", 60'000}, kNow);
    const auto rotated =
        *Tokens::create("https://a.example", "https://a.example", {*make_token_key(), key_pem});
    EXPECT_TRUE(rotated->verify(old_token, kNow).ok());
    const auto new_token = *rotated->issue({"user-1", "cli", "", 60'000}, kNow);
    EXPECT_TRUE(rotated->verify(new_token, kNow).ok());
    EXPECT_EQ(outcome(new_token), "unknown-key");
    EXPECT_FALSE(Tokens::create("i", "a", {"nonsense"}).ok());
    EXPECT_FALSE(Tokens::create("i", "a", {}).ok());
}

TEST_F(TokenTest, remembers_a_bounded_number) {
    const auto small = *Tokens::create("i", "a", {key_pem}, 2);
    std::vector<std::string> made;
    std::vector<std::shared_ptr<const Principal>> seen;
    for (int i = 0; i < 3; ++i) {
        made.push_back(*small->issue({"u", "c", "", 60'000}, kNow));
        seen.push_back(*small->verify(made.back(), kNow));
    }
    EXPECT_EQ(*small->verify(made[2], kNow), seen[2]);
    EXPECT_EQ(*small->verify(made[1], kNow), seen[1]);
    EXPECT_NE(*small->verify(made[0], kNow), seen[0]);  // forgotten, so verified again
}

TEST(Scopes, keeps_a_patients_scopes_apart) {
    const auto scopes = Scopes::parse("patient/*.rs user/Task.c");
    EXPECT_TRUE(scopes.grants_patient({"Observation", 'r'}));
    EXPECT_FALSE(scopes.grants({"Observation", 'r'}));
    EXPECT_FALSE(scopes.grants_patient({"Observation", 'c'}));
    EXPECT_TRUE(scopes.grants({"Task", 'c'}));
    EXPECT_FALSE(scopes.grants_patient({"Task", 'c'}));
}

TEST(Scopes, a_scope_for_all_resources_is_for_fhirs) {
    const Scope fhir{"Observation", 'd'};
    const Scope own{"Erasure", 'd', true};
    for (const char* level : {"user", "system"}) {
        const auto all = Scopes::parse(level + std::string("/*.cruds"));
        EXPECT_TRUE(all.grants(fhir));
        EXPECT_FALSE(all.grants(own));
        EXPECT_TRUE(Scopes::parse(level + std::string("/Erasure.d")).grants(own));
        EXPECT_FALSE(Scopes::parse(level + std::string("/Erasure.r")).grants(own));
    }
    // A patient's is for all of their own record.
    const auto patient = Scopes::parse("patient/*.rs");
    EXPECT_TRUE(patient.grants_patient({"Audit", 'r', true}));
    EXPECT_FALSE(patient.grants({"Audit", 'r', true}));
}

TEST(Scopes, grants_by_smart_v2_scopes) {
    const auto grants = [](std::string_view text, char permission) {
        return Scopes::parse(text).grants({"Ledger", permission});
    };
    EXPECT_TRUE(grants("system/Ledger.c", 'c'));
    EXPECT_TRUE(grants("openid user/Ledger.cr launch", 'r'));
    EXPECT_TRUE(grants("system/*.cruds", 'r'));
    EXPECT_FALSE(grants("system/Ledger.r", 'c'));
    EXPECT_FALSE(grants("patient/Ledger.c", 'c'));
    EXPECT_FALSE(grants("system/Other.c", 'c'));
    EXPECT_FALSE(grants("system/Ledger.rc", 'c'));  // not in SMART's order
    EXPECT_FALSE(grants("system/Ledger.cc", 'c'));
    EXPECT_FALSE(grants("system/Ledger.c?x=y", 'c'));
    EXPECT_FALSE(grants("system/Ledger.write", 'c'));
    EXPECT_FALSE(grants("system/Ledger.", 'c'));
    EXPECT_FALSE(grants("system/Ledger", 'c'));
    EXPECT_FALSE(grants("system/.c", 'c'));
    EXPECT_FALSE(grants("", 'c'));
    EXPECT_FALSE(grants("a.b/c", 'c'));
}

}  // namespace
}  // namespace consilium::http
