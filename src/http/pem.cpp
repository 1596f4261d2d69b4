// SPDX-License-Identifier: Apache-2.0
#include "http/pem.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace consilium::http {

std::string bio_text(bio_st* bio) {
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(length)};
}

std::optional<std::string> private_key_to_pem(evp_pkey_st* key) {
    const Owned<BIO, BIO_free_all> out(BIO_new(BIO_s_secmem()));
    if (!out ||
        PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
        return std::nullopt;
    }
    return bio_text(out.get());
}

}  // namespace consilium::http
