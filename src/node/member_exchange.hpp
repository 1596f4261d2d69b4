// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>

#include "http/router.hpp"
#include "services/ehr/ehr_service.hpp"
#include "services/ehr/exchange/cards.hpp"
#include "services/ehr/exchange/contribution_desk.hpp"
#include "services/ehr/exchange/contribution_routes.hpp"
#include "services/ehr/exchange/contributor.hpp"
#include "services/ehr/exchange/delivery_channel.hpp"
#include "services/ehr/exchange/emergency_routes.hpp"
#include "services/ehr/exchange/erasure_routes.hpp"
#include "services/ehr/exchange/exchange.hpp"
#include "services/ehr/exchange/exchange_routes.hpp"
#include "services/ehr/exchange/lawful_routes.hpp"
#include "services/ehr/exchange/remote_reads.hpp"
#include "services/ehr/exchange/remote_writes.hpp"
#include "services/ehr/exchange/slot_refills.hpp"
#include "services/ehr/exchange/store_records.hpp"
#include "telemetry/metrics.hpp"

namespace consilium::node {

// One member's exchange of records with others, put together: its FHIR store as the custodian's
// records, the pinned channel between nodes, and the FHIR API, which reads of patients elsewhere by
// their cards.
class MemberExchange {
 public:
    struct Parts {
        ledger::MemberId member;
        ledger::NetworkId network;
        services::Submit& submit;
        services::Events& events;
        services::Reads& reads;
        services::Author& author;
        vault::Vault& vault;
        vault::delivery::Channel& channel;
        services::ehr::EhrService& ehr;
        std::function<std::string()> base;  // of the member's FHIR API, as FhirOptions::base
        std::function<UnixMs()> now;
        telemetry::Logger log;
        telemetry::Metrics& metrics;
        std::uint64_t backup_days = 0;  // that backups of the vault are kept; 0: none are made
        services::AccessLog* access_log = nullptr;  // told of what is shown; null: nobody is
    };

    // Before channel and server start. All parts outlive it.
    explicit MemberExchange(const Parts& parts);
    // After channel and server have stopped.
    ~MemberExchange();
    MemberExchange(const MemberExchange&) = delete;
    MemberExchange& operator=(const MemberExchange&) = delete;

    void add_routes(http::Router& router) {
        routes_.add(router);
        lawful_routes_.add(router);
        emergencies_.add(router);
        erasure_routes_.add(router);
        contribution_routes_.add(router);
    }
    // Goes on with what is not finished. Once the member's url is known.
    void start() { exchange_.start(); }

 private:
    // What the FHIR service's threads see of this object, which may go before their last call.
    struct Door {
        std::shared_mutex mutex;
        const services::ehr::exchange::RemoteReads* reads = nullptr;
        const services::ehr::exchange::RemoteWrites* writes = nullptr;
    };

    services::ehr::exchange::StoreRecords records_;
    services::ehr::exchange::StoreHeldRecords held_;
    services::ehr::exchange::DeliveryChannel channel_;
    const services::ehr::exchange::Ports ports_;
    services::ehr::AgentWrites agent_writes_;
    services::ehr::exchange::Exchange exchange_;
    services::ehr::exchange::Contributor& contributor_;  // of exchange_
    services::ehr::exchange::ContributionDesk& desk_;    // of exchange_
    services::ehr::exchange::Cards cards_;
    services::ehr::exchange::RemoteReads remote_;
    services::ehr::exchange::RemoteWrites remote_writes_;
    services::ehr::exchange::ExchangeRoutes routes_;
    services::ehr::exchange::LawfulRoutes lawful_routes_;
    services::ehr::exchange::EmergencyRoutes emergencies_;
    services::ehr::exchange::ErasureRoutes erasure_routes_;
    services::ehr::exchange::ContributionRoutes contribution_routes_;
    std::shared_ptr<Door> door_ = std::make_shared<Door>();
};

}  // namespace consilium::node
