// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "consilium/v1/ehr.pb.h"
#include "consilium/v1/identity.pb.h"
#include "consilium/v1/membership.pb.h"
#include "ledger/manifest.hpp"
#include "ledger/outcome.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/world.hpp"

namespace consilium::sim {

// One command and what its giver learns when it has been applied; `number` is what it assigned.
struct PlannedCommand {
    std::uint32_t contract = 0;
    Bytes payload;
    bool assigns = false;
    std::function<void(std::uint64_t number)> learn;
};

// A transaction that a client of that member wants done.
struct Planned {
    std::size_t member = 0;
    Bytes transaction;
    bool garbage = false;  // not a transaction at all: the node must say so
    std::vector<PlannedCommand> commands;
};

// Draws what clients do: all commands of all contracts, most of them sensible after what the
// clients have learnt, some of them against a rule on purpose.
class Workload {
 public:
    Workload(World& world, Random random) : world_(world), random_(random) {}

    [[nodiscard]] Planned next(UnixMs wall);
    // The client has the outcome.
    static void learned(const Planned& planned, const ledger::Outcome& outcome);

 private:
    struct Entry {  // of a list of records
        std::uint32_t version = 1;
        std::shared_ptr<const ledger::Manifest> manifest;
    };
    struct List {
        std::size_t custodian = 0;
        Bytes chart;                 // empty: the member's own
        std::vector<Entry> entries;  // by sequence - 1; unknown ones are default
    };
    struct LinkInfo {
        Bytes id;
        std::size_t custodian = 0;
        std::size_t counterparty = 0;
        std::shared_ptr<const crypto::SigningKey> patient;
        std::uint32_t shares = 0;
        bool closed = false;
        std::uint32_t gate_version = 0;
        std::uint32_t consents = 0;
        std::uint32_t requests = 0;
        std::vector<Bytes> sent;  // commitments of disclosures, by number - 1
        std::uint32_t contributions = 0;
    };
    struct Fresh {  // a request without a card
        Bytes id;
        std::size_t custodian = 0;
        std::size_t requester = 0;
    };

    [[nodiscard]] std::vector<PlannedCommand> membership(std::size_t member, UnixMs wall);
    [[nodiscard]] PlannedCommand membership_one(std::size_t member, UnixMs wall);
    [[nodiscard]] PlannedCommand register_key(std::size_t member, UnixMs wall);
    [[nodiscard]] PlannedCommand register_users(std::size_t member, UnixMs wall);
    [[nodiscard]] PlannedCommand revoke_user(std::size_t member);
    [[nodiscard]] PlannedCommand chart_one(std::size_t member);
    [[nodiscard]] PlannedCommand open_chart(std::size_t member);
    [[nodiscard]] PlannedCommand open_link(std::size_t member);
    [[nodiscard]] PlannedCommand document_one(std::size_t member);
    [[nodiscard]] PlannedCommand anchor(std::size_t member);
    [[nodiscard]] PlannedCommand touch_record(std::size_t member);
    [[nodiscard]] PlannedCommand share_one(std::size_t member);
    [[nodiscard]] PlannedCommand garbage_command();
    [[nodiscard]] Planned close_by_patient(UnixMs wall);
    [[nodiscard]] Planned consent_by_patient(UnixMs wall);

    // What identity and ehr offer; `member` and `role` become ones that may give the command.
    // `link` and `at` are places in links_.
    [[nodiscard]] PlannedCommand exchange_one(std::size_t& member, v1::Role& role, UnixMs wall);
    [[nodiscard]] PlannedCommand consent(std::size_t link, bool paper, UnixMs wall);
    [[nodiscard]] PlannedCommand request(std::size_t link);
    [[nodiscard]] PlannedCommand request_without_card(std::size_t member, std::size_t custodian);
    [[nodiscard]] PlannedCommand bind(std::size_t link);
    [[nodiscard]] PlannedCommand refuse(std::size_t at);
    [[nodiscard]] PlannedCommand send(std::size_t at);
    [[nodiscard]] PlannedCommand disclose_by_law(std::size_t at);
    [[nodiscard]] PlannedCommand acknowledge(std::size_t at);
    [[nodiscard]] PlannedCommand contribute(std::size_t at);
    [[nodiscard]] PlannedCommand decide(std::size_t at);
    [[nodiscard]] PlannedCommand clear(std::size_t member);
    [[nodiscard]] PlannedCommand review(std::size_t at);
    [[nodiscard]] PlannedCommand set_policy(std::size_t member);
    [[nodiscard]] std::size_t some_link();
    // Mostly one of the numbers up to `last`.
    [[nodiscard]] std::uint32_t some_number(std::size_t last);
    [[nodiscard]] v1::PurposeOfUse some_purpose();

    [[nodiscard]] v1::Body body(std::size_t member, v1::Role role, UnixMs wall);
    [[nodiscard]] Bytes user_of(std::size_t member, v1::Role role);
    [[nodiscard]] Bytes id() { return random_.bytes(16); }
    // A list of that member's, or (rarely) of another's; nothing known yet: its own list.
    [[nodiscard]] std::size_t some_list(std::size_t member);
    [[nodiscard]] std::size_t own_list(std::size_t member);
    [[nodiscard]] std::uint32_t share_number(const LinkInfo& link);

    World& world_;
    Random random_;
    std::vector<List> lists_;
    std::vector<LinkInfo> links_;
    std::vector<Fresh> fresh_;
    std::map<std::size_t, std::uint32_t> policy_versions_;           // by member
    std::optional<std::pair<std::size_t, v1::Body>> signed_before_;  // to be replayed
    std::shared_ptr<const crypto::SigningKey> signer_before_;
};

}  // namespace consilium::sim
