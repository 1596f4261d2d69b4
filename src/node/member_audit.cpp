// SPDX-License-Identifier: Apache-2.0
#include "node/member_audit.hpp"

#include "base/hex.hpp"
#include "consilium/v1/exchange.pb.h"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::node {

std::optional<std::string> patient_of_link(const vault::Vault& vault, const std::string& link) {
    namespace ex = services::ehr::exchange;
    const auto id = fixed_from_hex<ledger::LinkId>(link);
    if (!id) return std::nullopt;
    const auto issued = ex::get_row<v1::IssuedCard>(vault, ex::issued_key(id->view()));
    if (!issued || !*issued) return std::nullopt;
    return (*issued)->patient();
}

MemberAudit::MemberAudit(const Parts& parts, telemetry::Metrics& metrics)
    : log_(parts.vault, parts.name, parts.now, parts.log, metrics),
      own_(log_, parts.reads),
      disclosures_(parts.vault),
      events_({parts.store, parts.name, parts.base,
               [&vault = parts.vault](const std::string& link) {
                   return patient_of_link(vault, link);
               }}),
      routes_(
          {parts.vault, log_, parts.reads, parts.name, parts.base,
           [&vault = parts.vault](const std::string& link) { return patient_of_link(vault, link); },
           &disclosures_}) {
    if (parts.author == nullptr) return;
    anchor_ = std::make_unique<services::audit::LogAnchor>(
        log_, services::audit::LogAnchor::Ports{parts.submit, parts.reads, *parts.author},
        parts.anchor_tick_ms, parts.log, metrics);
}

void MemberAudit::start() {
    if (anchor_) anchor_->start();
}

}  // namespace consilium::node
