// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "services/port/disclosures.hpp"
#include "vault/vault.hpp"

namespace consilium::services::ehr::exchange {

// What this member sent to others, on their requests and by law, and what came here. Thread-safe.
// Of whom it is that something came, tells the card by which it was asked for, else a card that is
// kept of that link, else the Patient that came along; else it is not known here.
class DisclosureList final : public Disclosures {
 public:
    explicit DisclosureList(const vault::Vault& vault) : vault_(vault) {}
    [[nodiscard]] std::optional<std::vector<MemberDisclosure>> list(
        const std::optional<std::string>& patient) const override;

 private:
    const vault::Vault& vault_;
};

}  // namespace consilium::services::ehr::exchange
