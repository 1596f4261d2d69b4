// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "consilium/v1/exchange.pb.h"
#include "services/port/disclosures.hpp"
#include "vault/vault.hpp"

namespace consilium::services::ehr::exchange {

// What this member sent to others on their requests, and what came here on ours. Thread-safe.
class DisclosureList final : public Disclosures {
 public:
    explicit DisclosureList(const vault::Vault& vault) : vault_(vault) {}
    [[nodiscard]] std::optional<std::vector<MemberDisclosure>> list(
        const std::optional<std::string>& patient) const override;

 private:
    using List = std::vector<MemberDisclosure>;
    [[nodiscard]] bool add_sent(const vault::Row& row, const std::optional<std::string>& patient,
                                List& to) const;
    [[nodiscard]] bool add_received(const vault::Row& row,
                                    const std::optional<std::string>& patient, List& to) const;
    const vault::Vault& vault_;
};

}  // namespace consilium::services::ehr::exchange
