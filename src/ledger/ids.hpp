// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/limits.hpp"

namespace consilium::ledger {

using NetworkId = Id<struct NetworkIdTag, 32>;
using TransactionId = Id<struct TransactionIdTag, 32>;
using BundleId = Id<struct BundleIdTag, 32>;

// Random 128-bit ids. Never derived from a person or from each other (45 CFR 164.514(c)).
using UserId = Id<struct UserIdTag, 16>;
using ChartId = Id<struct ChartIdTag, 16>;
using LinkId = Id<struct LinkIdTag, 16>;
using RecordId = Id<struct RecordIdTag, 16>;

// A member's id: 2..64 characters a-z, 0-9 and '-', the first a letter, no '-' at the end.
using MemberId = std::string;
[[nodiscard]] bool is_member_id(std::string_view text);

// Numbers of the contracts: the first byte of every state key of theirs, and Command.contract.
enum class ContractId : std::uint32_t {
    kLedger = 1,
    kMembership = 2,
    kCharts = 3,
    kDocuments = 4,
    kIdentity = 5,
    kEhr = 6
};

}  // namespace consilium::ledger
