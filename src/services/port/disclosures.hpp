// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"

// Disclosures between members as either side keeps them, for its audit.
namespace consilium::services {

struct MemberDisclosure {
    bool incoming = false;     // it came here, from its custodian
    std::string patient;       // the custodian's FHIR id; empty: not known here
    std::string counterparty;  // the other member
    std::string purpose;       // a code of v3-PurposeOfUse
    std::string basis{};       // of one by law, instead of a purpose: "public-health"
    std::string link;          // hexadecimal
    std::uint32_t number = 0;  // of the disclosure under the link, on the ledger
    UnixMs at;
    std::vector<std::pair<std::string, std::string>> resources;  // type and id
};

class Disclosures {
 public:
    virtual ~Disclosures() = default;
    // In order of time; of that patient, or of all, also of patients that are not known here.
    // Nothing when they cannot be read. Thread-safe.
    [[nodiscard]] virtual std::optional<std::vector<MemberDisclosure>> list(
        const std::optional<std::string>& patient) const = 0;
};

}  // namespace consilium::services
