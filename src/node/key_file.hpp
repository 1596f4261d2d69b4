// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "crypto/sign.hpp"

namespace consilium::node {

// A private key in a file: four lines of text, and nothing else.
//   consilium-key 1
//   algorithm ed25519            (or p256)
//   public <hex>
//   secret <hex of the 32-byte seed or scalar>
// The file must be readable by its owner only (mode 0600 or stricter) and the public key must be
// that of the secret. Errors are sentences that name the file and say how to mend it; they never
// show a byte of the secret.

[[nodiscard]] std::string format_key_file(const crypto::SigningKey& key);
[[nodiscard]] Result<crypto::SigningKey, std::string> parse_key_file(std::string_view text);

[[nodiscard]] Result<crypto::SigningKey, std::string> load_key_file(
    const std::filesystem::path& path);

// Creates the file with mode 0600; refuses to replace one.
[[nodiscard]] Status<std::string> save_key_file(const std::filesystem::path& path,
                                                const crypto::SigningKey& key);

// Writes a file that only its owner may read, synced to disk. With `replace` an existing file is
// replaced as a whole or not at all; without, an existing file is an error.
[[nodiscard]] Status<std::string> write_private_file(const std::filesystem::path& path,
                                                     std::string_view content, bool replace);

[[nodiscard]] std::string_view algorithm_name(crypto::Algorithm algorithm);  // "ed25519", "p256"

}  // namespace consilium::node
