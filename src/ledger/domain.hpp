// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

// The domain tag of every hash and signature of ours. A tag is used for one structure only and
// never changes meaning; a new version gets a new number. docs/formats/hashes.md lists them with
// their parts.
namespace consilium::ledger::domain {

inline constexpr std::string_view kNetwork = "consilium/network/1";
inline constexpr std::string_view kTransaction = "consilium/transaction/1";
inline constexpr std::string_view kPersonal = "consilium/personal/1";
inline constexpr std::string_view kBundle = "consilium/bundle/1";
inline constexpr std::string_view kBundleId = "consilium/bundle-id/1";
inline constexpr std::string_view kKeyPossession = "consilium/key-possession/1";
inline constexpr std::string_view kOutcome = "consilium/outcome/1";
inline constexpr std::string_view kResult = "consilium/result/1";
inline constexpr std::string_view kDocument = "consilium/document/1";
inline constexpr std::string_view kManifestLeaf = "consilium/manifest-leaf/1";
inline constexpr std::string_view kLinkSlot = "consilium/link-slot/1";
inline constexpr std::string_view kSharedRecord = "consilium/shared-record/1";

}  // namespace consilium::ledger::domain
