// SPDX-License-Identifier: Apache-2.0
// Sealed documents: how the bytes are cut into pieces changes nothing, and what a sealer with the
// key made opens to what it sealed, whatever it sealed.
#include <cstdint>

#include "base/assert.hpp"
#include "vault/sealed.hpp"

namespace {

using namespace consilium;

const ledger::NetworkId kNetwork{};
const vault::DocumentName kName{};
const Bytes kKey(vault::kDocumentKeyBytes, 'k');

struct Opened {
    std::optional<vault::SealError> error;
    Bytes plaintext;
};

Opened open(BytesView sealed, std::size_t piece) {
    Opened out;
    vault::OpenStream stream(kNetwork, kName, kKey, [&out](BytesView bytes) {
        out.plaintext += bytes;
        return true;
    });
    for (std::size_t at = 0; at < sealed.size(); at += piece) {
        if (const auto done = stream.update(sealed.substr(at, piece)); !done)
            return {done.error(), {}};
    }
    if (const auto done = stream.finish(); !done) return {done.error(), {}};
    return out;
}

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(reinterpret_cast<const char*>(data), size);
    const Opened whole = open(bytes, size + 1);
    const Opened pieces = open(bytes, 1 + size / 7);
    CONSILIUM_ASSERT(whole.error == pieces.error && whole.plaintext == pieces.plaintext);
    Bytes sealed;
    vault::SealStream stream(kNetwork, kName, kKey, [&sealed](BytesView out) {
        sealed += out;
        return true;
    });
    CONSILIUM_ASSERT(stream.update(bytes).ok() && stream.finish().ok());
    CONSILIUM_ASSERT(sealed.size() == vault::sealed_size(size));
    const Opened back = open(sealed, 1 + size / 3);
    CONSILIUM_ASSERT(!back.error && back.plaintext == bytes);
    // Nobody without the key makes another that opens.
    CONSILIUM_ASSERT(whole.error || bytes.size() >= 20);
    return 0;
}
