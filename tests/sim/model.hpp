// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "consilium/v1/ehr.pb.h"
#include "consilium/v1/genesis.pb.h"
#include "consilium/v1/identity.pb.h"
#include "consilium/v1/membership.pb.h"
#include "ledger/bundle.hpp"
#include "ledger/ids.hpp"
#include "ledger/outcome.hpp"
#include "ledger/transaction.hpp"

namespace consilium::sim {

using Rows = std::map<Bytes, Bytes>;  // the whole state, by key

// A slow and obvious second implementation of what a block does to the ledger, written from the
// rules of the contracts and not from their code: plain containers, everything copied before each
// transaction, no cache, no overlay. It says what every item and transaction must come to and what
// every row of the state must be.
class Model {
 public:
    Model(const v1::GenesisState& genesis, const ledger::NetworkId& network);

    // What became of one item: nothing when it is refused whole.
    using ItemOutcomes = std::optional<std::vector<ledger::Outcome>>;
    [[nodiscard]] std::vector<ItemOutcomes> apply_block(Height height, UnixMs time,
                                                        std::span<const Bytes> items);

    // Every row, as docs/formats/tables.md lays it out.
    [[nodiscard]] Rows rows() const;

 private:
    struct Actor {
        Bytes member;
        std::uint32_t key_id = 0;
        Bytes user;
        v1::Role role = v1::ROLE_UNSPECIFIED;
        std::vector<std::pair<v1::Algorithm, Bytes>> signers;
    };
    struct Window {
        std::uint64_t top = 0;
        std::set<std::uint64_t> used;
    };
    struct Key {
        v1::MemberKey row;
        std::optional<Height> retired;
    };
    struct ChartState {
        Bytes custodian;
        std::vector<Bytes> slots;
    };
    struct RecordState {
        v1::Record row;
        std::vector<Bytes> former;  // commitments of versions 1, 2, ...
    };
    struct Consents {
        std::vector<v1::Consent> all;     // number 1, 2, ...
        std::vector<std::uint32_t> live;  // those that the gate still lists
        std::uint32_t version = 0;
    };
    // What ehr keeps; a list's number n stands at n - 1.
    struct Exchange {
        std::map<Bytes, v1::Policy> policies;
        std::map<Bytes, std::vector<v1::AccessRequest>> requests;  // by link or fresh id
        std::map<Bytes, std::vector<v1::Disclosure>> disclosures;  // by link
        std::map<Bytes, std::vector<v1::AccountableDisclosure>> accountable;
        std::map<Bytes, std::vector<v1::Contribution>> contributions;
        std::map<Bytes, std::vector<v1::InboxEntry>> inboxes;         // by custodian
        std::map<std::pair<Bytes, Bytes>, v1::Clearance> clearances;  // by member and user
        std::map<Bytes, v1::BreakGlassDay> days;                      // by member
        // Member, deadline, link or fresh id, number.
        std::set<std::tuple<Bytes, std::uint64_t, Bytes, std::uint32_t>> reviews_due;
    };
    // All of the ledger's content; copied before a transaction and put back when it is rejected.
    struct State {
        std::map<Bytes, v1::Member> members;
        std::map<Bytes, v1::Node> nodes;
        std::map<Bytes, std::vector<Key>> keys;
        std::map<std::pair<Bytes, Bytes>, v1::User> users;
        std::map<Bytes, v1::KeyUse> key_uses;  // by public key
        std::map<Bytes, ChartState> charts;
        std::map<Bytes, v1::Link> links;
        std::map<Bytes, Bytes> patient_keys;              // public key -> link
        std::map<Bytes, std::vector<RecordState>> lists;  // by list name
        std::map<std::pair<Bytes, std::pair<std::uint64_t, std::uint32_t>>, std::uint64_t> touched;
        std::map<Bytes, std::vector<v1::Share>> shares;  // by link
        std::map<Bytes, Consents> consents;              // by link
        Exchange ehr;
    };
    // A command's rejection code, 0 when it applies; numbers that it assigned go to assigned_.
    using Code = std::uint32_t;

    [[nodiscard]] ItemOutcomes apply_item(BytesView item);
    [[nodiscard]] ledger::Outcome apply_transaction(const ledger::BundleView& bundle,
                                                    BytesView bytes);
    [[nodiscard]] std::optional<ledger::Rejection> judge(const ledger::BundleView& bundle,
                                                         const ledger::TransactionView& transaction,
                                                         const Hash32& digest) const;
    [[nodiscard]] ledger::Outcome run(const ledger::TransactionView& transaction,
                                      const Actor& actor);

    // Of the message alone.
    [[nodiscard]] Code check(std::uint32_t contract, BytesView payload) const;
    [[nodiscard]] Code check(const v1::MembershipCommand& command) const;
    [[nodiscard]] Code check(const v1::ChartsCommand& command) const;
    [[nodiscard]] Code check(const v1::DocumentsCommand& command) const;
    [[nodiscard]] Code check(const v1::IdentityCommand& command) const;
    [[nodiscard]] Code check(const v1::EhrCommand& command) const;
    // On the state.
    [[nodiscard]] Code apply(std::uint32_t contract, BytesView payload, const Actor& actor);
    [[nodiscard]] Code apply(const v1::MembershipCommand& command, const Actor& actor);
    [[nodiscard]] Code apply(const v1::ChartsCommand& command, const Actor& actor);
    [[nodiscard]] Code apply(const v1::DocumentsCommand& command, const Actor& actor);
    [[nodiscard]] Code apply(const v1::IdentityCommand& command, const Actor& actor);
    [[nodiscard]] Code apply(const v1::EhrCommand& command, const Actor& actor);

    [[nodiscard]] Code register_key(const v1::RegisterKey& command, const Actor& actor);
    [[nodiscard]] Code add_user(const Bytes& member, const v1::UserDay& day);
    [[nodiscard]] Code open_link(const v1::OpenLink& command, const Actor& actor);
    [[nodiscard]] Code close_link(const v1::CloseLink& command, const Actor& actor);
    [[nodiscard]] Code write_record(const v1::DocumentsCommand& command, const Actor& actor);
    [[nodiscard]] Code write_share(const v1::DocumentsCommand& command, const Actor& actor);
    [[nodiscard]] Code find_record(const v1::RecordRef& ref, const Actor& actor,
                                   RecordState** found);
    [[nodiscard]] Code touch(const Bytes& list, const v1::ManifestLeaf& leaf, RecordState** found);
    void append(const Bytes& list, v1::Record row);
    [[nodiscard]] Code grant_consent(const v1::GrantConsent& command);
    [[nodiscard]] Code revoke_consent(const v1::RevokeConsent& command);

    // The gate and what it asks.
    [[nodiscard]] v1::GateDecision decide(const Bytes& link_id, const Bytes& requester,
                                          v1::PurposeOfUse purpose, v1::AccessAction action) const;
    [[nodiscard]] std::pair<v1::GateDecision, v1::PolicyRule> ask_policy(
        const Bytes& custodian, v1::PurposeOfUse purpose) const;
    [[nodiscard]] std::uint32_t in_force(const Bytes& link_id, v1::ConsentProvision provision,
                                         v1::PurposeOfUse purpose, v1::AccessAction action) const;
    [[nodiscard]] std::uint64_t expiry(const Bytes& custodian) const;
    [[nodiscard]] v1::DecisionRule may_break_glass(const Actor& actor) const;
    void break_glass(v1::AccessRequest& request, const Bytes& id, std::uint32_t number,
                     const Actor& actor);
    void notify(const Bytes& custodian, v1::InboxKind kind, const Bytes& id, std::size_t number);
    void account(const Bytes& link_id, std::uint32_t number, v1::LegalBasis basis);
    [[nodiscard]] v1::AccessRequest* find_request(const Bytes& id, std::uint32_t number);

    [[nodiscard]] Code set_policy(const v1::SetPolicy& command, const Actor& actor);
    [[nodiscard]] Code request(const v1::RequestAccess& command, const Actor& actor);
    [[nodiscard]] Code request(const v1::RequestWithoutCard& command, const Actor& actor);
    [[nodiscard]] Code bind(const v1::BindRequest& command, const Actor& actor);
    [[nodiscard]] Code refuse(const v1::RefuseRequest& command, const Actor& actor);
    [[nodiscard]] Code send(const v1::SendDisclosure& command, const Actor& actor);
    [[nodiscard]] Code by_law(const v1::DiscloseByLaw& command, const Actor& actor);
    [[nodiscard]] Code acknowledge(const v1::AcknowledgeDisclosure& command, const Actor& actor);
    [[nodiscard]] Code offer(const v1::OfferContribution& command, const Actor& actor);
    [[nodiscard]] Code decide_contribution(const v1::EhrCommand& command, const Actor& actor);
    [[nodiscard]] Code clear_users(const v1::ClearUsers& command, const Actor& actor);
    [[nodiscard]] Code review(const v1::ReviewBreakGlass& command, const Actor& actor);

    void add_ledger_rows(Rows& out) const;
    void add_membership_rows(Rows& out) const;
    void add_chart_rows(Rows& out) const;
    void add_document_rows(Rows& out) const;
    void add_identity_rows(Rows& out) const;
    void add_ehr_rows(Rows& out) const;

    const ledger::NetworkId network_;
    const UnixMs genesis_time_;
    const std::uint32_t protocol_version_;
    const v1::EhrParameters ehr_parameters_;
    Height height_ = 0;
    UnixMs time_;
    State state_;
    std::map<std::pair<Bytes, std::uint32_t>, Window> windows_;
    std::set<std::pair<std::uint64_t, Bytes>> replays_;  // not_after, digest
    std::vector<std::uint64_t> assigned_;
    std::set<std::pair<v1::Algorithm, Bytes>> asked_;  // keys whose word the commands want
};

// "same", or the first row that differs.
[[nodiscard]] std::string compare_rows(const Rows& expected, const Rows& found);

}  // namespace consilium::sim
