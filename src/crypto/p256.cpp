// SPDX-License-Identifier: Apache-2.0
#include "crypto/p256.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#include <array>
#include <memory>

#include "base/assert.hpp"
#include "crypto/octets.hpp"

namespace consilium::crypto::p256 {
namespace {

template <auto Free>
struct Deleter {
    template <typename T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Number = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;
using Point = std::unique_ptr<EC_POINT, Deleter<EC_POINT_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

// The group and half its order, never freed: used until the process ends.
struct Curve {
    const EC_GROUP* group;
    const BIGNUM* order;
    const BIGNUM* half_order;
};

const Curve& curve() {
    static const Curve instance = [] {
        EC_GROUP* group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
        CONSILIUM_ASSERT(group != nullptr);
        BIGNUM* half = BN_dup(EC_GROUP_get0_order(group));
        CONSILIUM_ASSERT(half != nullptr && BN_rshift1(half, half) == 1);
        return Curve{group, EC_GROUP_get0_order(group), half};
    }();
    return instance;
}

Number number_from(BytesView bytes) {
    return Number(BN_bin2bn(data_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

// An EVP key of the public key, with the private scalar when there is one.
Key make_key(BytesView public_key, const BIGNUM* scalar) {
    const ParamBuilder builder(OSSL_PARAM_BLD_new());
    CONSILIUM_ASSERT(builder != nullptr);
    bool built = OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                                 "prime256v1", 0) == 1 &&
                 OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                  public_key.data(), public_key.size()) == 1;
    if (scalar != nullptr) {
        built =
            built && OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1;
    }
    CONSILIUM_ASSERT(built);
    const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* key = nullptr;
    CONSILIUM_ASSERT(params != nullptr && context != nullptr &&
                     EVP_PKEY_fromdata_init(context.get()) == 1);
    const int selection = scalar != nullptr ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    if (EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1) return nullptr;
    return Key(key);
}

// r || s, s in the lower half, as DER; empty when a number is out of range.
Bytes der_of(BytesView signature) {
    Number r = number_from(signature.substr(0, 32));
    Number s = number_from(signature.substr(32));
    CONSILIUM_ASSERT(r != nullptr && s != nullptr);
    if (BN_is_zero(r.get()) == 1 || BN_is_zero(s.get()) == 1) return {};
    if (BN_cmp(r.get(), curve().order) >= 0 || BN_cmp(s.get(), curve().half_order) > 0) return {};
    const Signature pair(ECDSA_SIG_new());
    CONSILIUM_ASSERT(pair != nullptr && ECDSA_SIG_set0(pair.get(), r.get(), s.get()) == 1);
    (void)r.release();
    (void)s.release();
    const int size = i2d_ECDSA_SIG(pair.get(), nullptr);
    CONSILIUM_ASSERT(size > 0);
    Bytes out(static_cast<std::size_t>(size), '\0');
    unsigned char* at = data_of(out.data());
    CONSILIUM_ASSERT(i2d_ECDSA_SIG(pair.get(), &at) == size);
    return out;
}

// DER to r || s with s in the lower half: s and n - s are both right, we write one of them.
Bytes raw_of(BytesView der) {
    const unsigned char* at = data_of(der);
    const Signature pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    CONSILIUM_ASSERT(pair != nullptr);
    const Number s(BN_dup(ECDSA_SIG_get0_s(pair.get())));
    CONSILIUM_ASSERT(s != nullptr);
    if (BN_cmp(s.get(), curve().half_order) > 0) {
        CONSILIUM_ASSERT(BN_sub(s.get(), curve().order, s.get()) == 1);
    }
    Bytes out(kSignatureBytes, '\0');
    CONSILIUM_ASSERT(BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), data_of(out.data()), 32) == 32);
    CONSILIUM_ASSERT(BN_bn2binpad(s.get(), data_of(out.data()) + 32, 32) == 32);
    return out;
}

}  // namespace

bool is_public_key(BytesView key) {
    if (key.size() != kPublicKeyBytes) return false;
    const Point point(EC_POINT_new(curve().group));
    CONSILIUM_ASSERT(point != nullptr);
    // Refuses x >= p, a point off the curve, and every form but the compressed one at this length.
    return EC_POINT_oct2point(curve().group, point.get(), data_of(key), key.size(), nullptr) == 1;
}

std::optional<Bytes> public_key_of(BytesView scalar) {
    if (scalar.size() != kScalarBytes) return std::nullopt;
    const Number number = number_from(scalar);
    CONSILIUM_ASSERT(number != nullptr);
    if (BN_is_zero(number.get()) == 1 || BN_cmp(number.get(), curve().order) >= 0)
        return std::nullopt;
    const Point point(EC_POINT_new(curve().group));
    CONSILIUM_ASSERT(point != nullptr && EC_POINT_mul(curve().group, point.get(), number.get(),
                                                      nullptr, nullptr, nullptr) == 1);
    Bytes out(kPublicKeyBytes, '\0');
    CONSILIUM_ASSERT(EC_POINT_point2oct(curve().group, point.get(), POINT_CONVERSION_COMPRESSED,
                                        data_of(out.data()), out.size(), nullptr) == out.size());
    return out;
}

Bytes sign(BytesView scalar, BytesView public_key, BytesView message) {
    const Number number = number_from(scalar);
    CONSILIUM_ASSERT(number != nullptr);
    const Key key = make_key(public_key, number.get());
    const DigestContext context(EVP_MD_CTX_new());
    CONSILIUM_ASSERT(key != nullptr && context != nullptr &&
                     EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr,
                                           key.get(), nullptr) == 1);
    std::array<unsigned char, 80> der{};
    std::size_t size = der.size();
    CONSILIUM_ASSERT(
        EVP_DigestSign(context.get(), der.data(), &size, data_of(message), message.size()) == 1);
    return raw_of(BytesView(reinterpret_cast<const char*>(der.data()), size));
}

bool verify(BytesView key, BytesView message, BytesView signature) {
    if (signature.size() != kSignatureBytes || !is_public_key(key)) return false;
    const Bytes der = der_of(signature);
    if (der.empty()) return false;
    const Key loaded = make_key(key, nullptr);
    const DigestContext context(EVP_MD_CTX_new());
    if (loaded == nullptr) return false;
    CONSILIUM_ASSERT(context != nullptr &&
                     EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr,
                                             loaded.get(), nullptr) == 1);
    return EVP_DigestVerify(context.get(), data_of(der), der.size(), data_of(message),
                            message.size()) == 1;
}

}  // namespace consilium::crypto::p256
