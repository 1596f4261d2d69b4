// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "services/ehr/exchange/ports.hpp"

// What a custodian does with versions of its own before they leave, whatever lets them leave.
// Reads the vault; thread-safe.
namespace consilium::services::ehr::exchange {

// The version with its verdict; nothing when it was erased.
[[nodiscard]] Result<std::optional<v1::JudgedVersion>, RecordsError> judge_version(
    const Ports& ports, const CurrentVersion& version, std::string_view patient);

// What is sent of those that were judged.
struct Sendable {
    std::vector<Bytes> entries;  // v1.DisclosedDocument
    std::uint64_t bytes = 0;     // of plaintext
};
[[nodiscard]] Sendable sendable(std::span<const v1::JudgedVersion> judged);

// The commitment to a fine decision: what was asked or ordered, and what was judged.
[[nodiscard]] Hash32 decide(const Hash32& asked, std::span<const v1::JudgedVersion> judged,
                            BytesView salt);

// Seals what is sent to `reply_key`, into a delivery whose salt and header are set. kErased when a
// document was erased since it was judged; kInvalid when the key is none.
[[nodiscard]] Status<vault::VaultError> seal_judged(const Ports& ports, BytesView reply_key,
                                                    std::span<const v1::JudgedVersion> judged,
                                                    v1::RecordDelivery& delivery);

}  // namespace consilium::services::ehr::exchange
