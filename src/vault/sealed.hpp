// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.hpp"
#include "crypto/aead.hpp"
#include "vault/document.hpp"

// A document sealed in chunks, as docs/formats/sealed.md gives it: AES-256-GCM in the STREAM
// construction (Hoang, Reyhanitabar, Rogaway and Vizár, 2015), one key per document version.
// Network, record, version, the chunk's number and whether it is the last are part of what is
// authenticated, so chunks cannot be cut off, added, reordered or taken from elsewhere. Both
// directions hold one chunk in memory. Neither is thread-safe.
namespace consilium::vault {

inline constexpr std::size_t kChunkBytes = 1024U * 1024U;

enum class SealError : std::uint8_t {
    kTooLong,    // more than kDocumentBytesMax of plaintext
    kNotSealed,  // does not begin as sealed documents do
    kForged,     // a chunk is not what was sealed under that name with that key, or is missing
    kSink,       // the receiver of the bytes refused them
};

// Takes the next bytes; false to stop.
using Sink = std::function<bool(BytesView)>;

// The length of what SealStream writes for `plaintext` bytes.
[[nodiscard]] std::uint64_t sealed_size(std::uint64_t plaintext);

class SealStream {
 public:
    // `key` is kDocumentKeyBytes of randomness that has sealed nothing before.
    SealStream(const ledger::NetworkId& network, const DocumentName& name, BytesView key,
               Sink sink);

    [[nodiscard]] Status<SealError> update(BytesView plaintext);
    // Call once, last. What was written before is a sealed document only after it. Once the sink
    // has refused bytes every call answers so.
    [[nodiscard]] Status<SealError> finish();

 private:
    [[nodiscard]] Status<SealError> seal(bool last);

    crypto::AeadKey key_;
    Bytes prefix_;
    Sink sink_;
    Bytes buffer_;
    Bytes sealed_;
    std::uint64_t total_ = 0;
    std::uint32_t chunk_ = 0;
    std::optional<SealError> error_;  // what was written is no document any more
};

class OpenStream {
 public:
    OpenStream(const ledger::NetworkId& network, const DocumentName& name, BytesView key,
               Sink sink);

    // Hands on each chunk once it has proven genuine. That none is missing at the end only finish()
    // says: who acts on chunks before must be able to take it back. After an error every call
    // answers that error.
    [[nodiscard]] Status<SealError> update(BytesView sealed);
    [[nodiscard]] Status<SealError> finish();

 private:
    [[nodiscard]] Status<SealError> open(bool last);
    [[nodiscard]] Status<SealError> stop(SealError error);

    crypto::AeadKey key_;
    Bytes prefix_;
    Sink sink_;
    Bytes buffer_;
    Bytes plaintext_;
    std::size_t header_left_;
    std::uint64_t total_ = 0;
    std::uint32_t chunk_ = 0;
    std::optional<SealError> error_;
};

// The same bytes for a document of at most kChunkBytes, in one step.
[[nodiscard]] Bytes seal_small(const ledger::NetworkId& network, const DocumentName& name,
                               BytesView key, BytesView plaintext);
[[nodiscard]] Result<Bytes, SealError> open_small(const ledger::NetworkId& network,
                                                  const DocumentName& name, BytesView key,
                                                  BytesView sealed);

}  // namespace consilium::vault
