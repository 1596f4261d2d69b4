// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "services/audit/audit_event.hpp"
#include "services/port/disclosures.hpp"

namespace consilium::services::audit {

// A disclosure between members as an AuditEvent in BALP's profiles PrivacyDisclosure.Source (where
// it left) or PrivacyDisclosure.Recipient (where it came). Its id is "sent-" or "received-", the
// link, '-' and the number of the disclosure. Pure.
[[nodiscard]] std::string disclosure_event(const MemberDisclosure& disclosure,
                                           const EventNames& names);

}  // namespace consilium::services::audit
