// SPDX-License-Identifier: Apache-2.0
#include "vault/sealed.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace consilium::vault {
namespace {

constexpr BytesView kHeader("CSD\x01", 4);
constexpr BytesView kTag = "consilium/sealed/1";
constexpr std::size_t kSealedChunkBytes = kChunkBytes + crypto::kAeadTagBytes;

// STREAM's nonce: a prefix (zero, because the key serves one document), counter, last-chunk flag.
Bytes nonce_of(std::uint32_t chunk, bool last) {
    Bytes nonce(7, '\0');
    append_be32(nonce, chunk);
    nonce.push_back(last ? '\1' : '\0');
    return nonce;
}

Bytes associated_of(const Bytes& prefix, std::uint32_t chunk, bool last) {
    Bytes out = prefix;
    append_be32(out, chunk);
    out.push_back(last ? '\1' : '\0');
    return out;
}

// Network, record and version, as each chunk's associated data begins.
Bytes associated_prefix(const ledger::NetworkId& network, const DocumentName& name) {
    Bytes out(1, static_cast<char>(kTag.size()));
    out.append(kTag).append(network.view()).append(name.record.view());
    append_be32(out, name.version);
    return out;
}

}  // namespace

std::uint64_t sealed_size(std::uint64_t plaintext) {
    const std::uint64_t chunks =
        std::max<std::uint64_t>(1, (plaintext + kChunkBytes - 1) / kChunkBytes);
    return kHeader.size() + plaintext + chunks * crypto::kAeadTagBytes;
}

SealStream::SealStream(const ledger::NetworkId& network, const DocumentName& name, BytesView key,
                       Sink sink)
    : key_(crypto::Aead::kAes256Gcm, key),
      prefix_(associated_prefix(network, name)),
      sink_(std::move(sink)) {}

Status<SealError> SealStream::seal(bool last) {
    sealed_.clear();
    if (chunk_ == 0) sealed_ = kHeader;
    key_.seal_to(sealed_, nonce_of(chunk_, last), associated_of(prefix_, chunk_, last), buffer_);
    ++chunk_;
    buffer_.clear();
    if (!sink_(sealed_)) error_ = SealError::kSink;
    if (error_) return fail(*error_);
    return Done{};
}

Status<SealError> SealStream::update(BytesView plaintext) {
    if (error_) return fail(*error_);
    if (plaintext.size() > kDocumentBytesMax - total_) return fail(SealError::kTooLong);
    total_ += plaintext.size();
    while (!plaintext.empty()) {
        // A full chunk waits until more comes: it could be the last.
        if (buffer_.size() == kChunkBytes) {
            if (auto sealed = seal(false); !sealed) return sealed;
        }
        const std::size_t taken = std::min(plaintext.size(), kChunkBytes - buffer_.size());
        buffer_.append(plaintext.substr(0, taken));
        plaintext.remove_prefix(taken);
    }
    return Done{};
}

Status<SealError> SealStream::finish() {
    if (error_) return fail(*error_);
    CONSILIUM_ASSERT(chunk_ == 0 || !buffer_.empty());
    return seal(true);
}

OpenStream::OpenStream(const ledger::NetworkId& network, const DocumentName& name, BytesView key,
                       Sink sink)
    : key_(crypto::Aead::kAes256Gcm, key),
      prefix_(associated_prefix(network, name)),
      sink_(std::move(sink)),
      header_left_(kHeader.size()) {}

Status<SealError> OpenStream::stop(SealError error) {
    error_ = error;
    buffer_.clear();
    return fail(error);
}

Status<SealError> OpenStream::open(bool last) {
    plaintext_.clear();
    if (!key_.open_to(plaintext_, nonce_of(chunk_, last), associated_of(prefix_, chunk_, last),
                      buffer_)) {
        return stop(SealError::kForged);
    }
    // An empty last chunk after others would be a second form of the same document.
    if (plaintext_.empty() && chunk_ > 0) return stop(SealError::kForged);
    total_ += plaintext_.size();
    if (total_ > kDocumentBytesMax) return stop(SealError::kTooLong);
    ++chunk_;
    buffer_.clear();
    if (!sink_(plaintext_)) return stop(SealError::kSink);
    return Done{};
}

Status<SealError> OpenStream::update(BytesView sealed) {
    if (error_) return fail(*error_);
    const std::size_t in_header = std::min(header_left_, sealed.size());
    if (sealed.substr(0, in_header) != kHeader.substr(kHeader.size() - header_left_, in_header))
        return stop(SealError::kNotSealed);
    header_left_ -= in_header;
    sealed.remove_prefix(in_header);
    while (!sealed.empty()) {
        if (buffer_.size() == kSealedChunkBytes) {
            if (auto opened = open(false); !opened) return opened;
        }
        const std::size_t taken = std::min(sealed.size(), kSealedChunkBytes - buffer_.size());
        buffer_.append(sealed.substr(0, taken));
        sealed.remove_prefix(taken);
    }
    return Done{};
}

Status<SealError> OpenStream::finish() {
    if (error_) return fail(*error_);
    if (header_left_ > 0) return stop(SealError::kNotSealed);
    return open(true);
}

Bytes seal_small(const ledger::NetworkId& network, const DocumentName& name, BytesView key,
                 BytesView plaintext) {
    CONSILIUM_ASSERT(plaintext.size() <= kChunkBytes);
    Bytes out;
    out.reserve(kHeader.size() + plaintext.size() + crypto::kAeadTagBytes);
    out += kHeader;
    crypto::AeadKey(crypto::Aead::kAes256Gcm, key)
        .seal_to(out, nonce_of(0, true), associated_of(associated_prefix(network, name), 0, true),
                 plaintext);
    return out;
}

Result<Bytes, SealError> open_small(const ledger::NetworkId& network, const DocumentName& name,
                                    BytesView key, BytesView sealed) {
    if (sealed.substr(0, kHeader.size()) != kHeader) return fail(SealError::kNotSealed);
    sealed.remove_prefix(kHeader.size());
    if (sealed.size() > kSealedChunkBytes) return fail(SealError::kTooLong);
    Bytes out;
    if (!crypto::AeadKey(crypto::Aead::kAes256Gcm, key)
             .open_to(out, nonce_of(0, true),
                      associated_of(associated_prefix(network, name), 0, true), sealed)) {
        return fail(SealError::kForged);
    }
    return out;
}

}  // namespace consilium::vault
