// SPDX-License-Identifier: Apache-2.0
#include "services/audit/acts.hpp"

#include <algorithm>
#include <array>

#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "consilium/v1/ehr.pb.h"
#include "consilium/v1/identity.pb.h"
#include "contracts/sdk/record_keys.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"

namespace consilium::services::audit {
namespace {

template <typename Row>
std::optional<Row> decode(BytesView value) {
    Row out;
    if (!proto::parse_canonical(value, out)) return std::nullopt;
    return out;
}

using Acts = std::optional<std::vector<Act>>;

Acts acts_of_link(const Bytes& value) {
    const auto row = decode<v1::Link>(value);
    if (!row) return std::nullopt;
    return row->closed() ? std::vector{Act::kOpened, Act::kClosed} : std::vector{Act::kOpened};
}

Acts acts_of_consent(const Bytes& value) {
    const auto row = decode<v1::Consent>(value);
    if (!row) return std::nullopt;
    return row->status() == v1::CONSENT_STATUS_REVOKED ? std::vector{Act::kGranted, Act::kRevoked}
                                                       : std::vector{Act::kGranted};
}

Acts acts_of_request(const Bytes& value) {
    const auto row = decode<v1::AccessRequest>(value);
    if (!row) return std::nullopt;
    std::vector<Act> out{Act::kRequested};
    if (!row->fresh_id().empty()) out.push_back(Act::kBound);
    if (row->gate().decision() == v1::ACCESS_DECISION_REFUSED) out.push_back(Act::kRefused);
    if (row->disclosure() != 0) out.push_back(Act::kServed);
    if (row->has_requester_review()) out.push_back(Act::kRequesterReview);
    if (row->has_custodian_review()) out.push_back(Act::kCustodianReview);
    return out;
}

Acts acts_of_disclosure(const Bytes& value) {
    const auto row = decode<v1::Disclosure>(value);
    if (!row) return std::nullopt;
    return row->status() == v1::DISCLOSURE_STATUS_SENT
               ? std::vector{Act::kDisclosed}
               : std::vector{Act::kDisclosed, Act::kAcknowledged};
}

Acts acts_of_contribution(const Bytes& value) {
    const auto row = decode<v1::Contribution>(value);
    if (!row) return std::nullopt;
    const bool decided = row->status() == v1::CONTRIBUTION_STATUS_ACCEPTED ||
                         row->status() == v1::CONTRIBUTION_STATUS_REJECTED;
    return decided ? std::vector{Act::kOffered, Act::kDecided} : std::vector{Act::kOffered};
}

Acts acts_of_share(const Bytes& value) {
    const auto row = decode<v1::Share>(value);
    if (!row) return std::nullopt;
    std::vector<Act> out{Act::kOffered};
    if (row->status() != v1::SHARE_STATUS_OFFERED) out.push_back(Act::kTaken);
    if (row->status() == v1::SHARE_STATUS_SHREDDED) out.push_back(Act::kShareShredded);
    if (row->status() == v1::SHARE_STATUS_RETAINED) out.push_back(Act::kShareRetained);
    return out;
}

template <typename Row, typename Test>
bool is_so(const Bytes& value, const Test& test) {
    const auto row = decode<Row>(value);
    return row && test(*row);
}

template <typename A, typename B>
bool same(const A& a, const B& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

// One command of a transaction against one row.
struct Match {
    Act act;
    const LedgerRow& row;
    const AppliedTransaction& transaction;
    BytesView user;
    std::uint32_t request;

    [[nodiscard]] bool here(const std::string& link) const { return link == row.link.view(); }
    [[nodiscard]] bool assigned() const {
        const auto& numbers = transaction.outcome.assigned;
        return std::find(numbers.begin(), numbers.end(), row.number) != numbers.end();
    }

    [[nodiscard]] bool charts(const v1::ChartsCommand& command) const {
        if (row.kind != RowKind::kLink) return false;
        if (act == Act::kClosed) return here(command.close_link().link_id());
        const auto link = decode<v1::Link>(row.value);
        const auto& open = command.open_link();
        return act == Act::kOpened && link && here(open.link_id()) &&
               open.counterparty() == link->counterparty() &&
               open.public_key() == link->public_key() && transaction.member == link->custodian();
    }

    [[nodiscard]] bool identity(const v1::IdentityCommand& command) const {
        if (row.kind != RowKind::kConsent) return false;
        if (act == Act::kRevoked) {
            const auto& revoke = command.revoke_consent();
            return here(revoke.link_id()) && revoke.number() == row.number;
        }
        const auto consent = decode<v1::Consent>(row.value);
        const auto& grant = command.grant_consent();
        return act == Act::kGranted && consent && here(grant.link_id()) && assigned() &&
               grant.provision() == consent->provision() &&
               same(grant.purposes(), consent->purposes()) &&
               same(grant.actions(), consent->actions()) &&
               grant.valid_from_unix_ms() == consent->valid_from_unix_ms() &&
               grant.valid_until_unix_ms() == consent->valid_until_unix_ms() &&
               grant.paper_commitment() == consent->paper_commitment();
    }

    [[nodiscard]] bool documents(const v1::DocumentsCommand& command) const {
        const auto share = decode<v1::Share>(row.value);
        if (row.kind != RowKind::kShare || !share) return false;
        switch (act) {
            case Act::kOffered:
                return here(command.share_record().link_id()) && assigned() &&
                       command.share_record().record_commitment() == share->record_commitment();
            case Act::kTaken:
                return here(command.acknowledge_share().link_id()) &&
                       command.acknowledge_share().sequence() == row.number;
            case Act::kShareShredded:
                return here(command.shred_share().link_id()) &&
                       command.shred_share().sequence() == row.number &&
                       command.shred_share().basis() == share->shred_basis();
            case Act::kShareRetained:
                return here(command.retain_share().link_id()) &&
                       command.retain_share().sequence() == row.number &&
                       command.retain_share().reason() == share->retention_reason();
            default:
                return false;
        }
    }

    [[nodiscard]] bool is_request(const v1::EhrCommand& command,
                                  const v1::AccessRequest& asked) const {
        const auto& with = command.request_access();
        const auto& without = command.request_without_card();
        if (asked.requester() != transaction.member || asked.user() != user) return false;
        if (asked.fresh_id().empty()) {
            return here(with.link_id()) && assigned() &&
                   with.request_commitment() == asked.request_commitment() &&
                   with.purpose() == asked.purpose();
        }
        return without.request_id() == asked.fresh_id() &&
               without.request_commitment() == asked.request_commitment() &&
               without.purpose() == asked.purpose();
    }

    [[nodiscard]] bool is_review(const v1::EhrCommand& command, const v1::AccessRequest& asked,
                                 const v1::Review& review, const std::string& by) const {
        const auto& made = command.review_break_glass();
        const bool named = (here(made.id()) && made.number() == row.number) ||
                           (!asked.fresh_id().empty() && made.id() == asked.fresh_id());
        return named && transaction.member == by && made.verdict() == review.verdict() &&
               made.commitment() == review.commitment() && review.user() == user;
    }

    [[nodiscard]] bool on_request(const v1::EhrCommand& command) const {
        const auto asked = decode<v1::AccessRequest>(row.value);
        if (!asked) return false;
        const auto& bind = command.bind_request();
        const bool binds = !asked->fresh_id().empty() && bind.request_id() == asked->fresh_id() &&
                           here(bind.link_id());
        switch (act) {
            case Act::kRequested:
                return is_request(command, *asked);
            case Act::kBound:
                return binds && assigned() && transaction.member == asked->custodian();
            case Act::kRefused:
                if (transaction.member != asked->custodian()) return false;
                if (binds && bind.refusal() != v1::REFUSAL_REASON_UNSPECIFIED)
                    return bind.refusal() == asked->refusal();
                return here(command.refuse_request().link_id()) &&
                       command.refuse_request().number() == row.number &&
                       command.refuse_request().refusal() == asked->refusal();
            case Act::kServed:
                return here(command.send_disclosure().link_id()) &&
                       command.send_disclosure().request() == row.number &&
                       transaction.member == asked->custodian();
            case Act::kRequesterReview:
                return is_review(command, *asked, asked->requester_review(), asked->requester());
            case Act::kCustodianReview:
                return is_review(command, *asked, asked->custodian_review(), asked->custodian());
            default:
                return false;
        }
    }

    // A disclosure under a grant or by law.
    [[nodiscard]] bool discloses(const v1::EhrCommand& command, BytesView commitment) const {
        const auto& send = command.send_disclosure();
        const auto& law = command.disclose_by_law();
        return assigned() && ((here(send.link_id()) && send.commitment() == commitment) ||
                              (here(law.link_id()) && law.commitment() == commitment));
    }

    [[nodiscard]] bool on_disclosure(const v1::EhrCommand& command) const {
        const auto sent = decode<v1::Disclosure>(row.value);
        if (!sent) return false;
        if (act == Act::kDisclosed) return discloses(command, sent->commitment());
        const auto& acknowledge = command.acknowledge_disclosure();
        const Bytes& received = sent->status() == v1::DISCLOSURE_STATUS_DISPUTED
                                    ? sent->received_commitment()
                                    : sent->commitment();
        return act == Act::kAcknowledged && here(acknowledge.link_id()) &&
               acknowledge.number() == row.number && acknowledge.commitment() == received;
    }

    [[nodiscard]] bool on_accountable(const v1::EhrCommand& command) const {
        const auto accounted = decode<v1::AccountableDisclosure>(row.value);
        if (!accounted || act != Act::kAccounted) return false;
        if (accounted->basis() == v1::LEGAL_BASIS_NONE) {
            const auto& review = command.review_break_glass();
            return here(review.id()) && review.number() == request &&
                   review.verdict() == v1::REVIEW_VERDICT_UNJUSTIFIED;
        }
        const auto& send = command.send_disclosure();
        const auto& law = command.disclose_by_law();
        return (here(send.link_id()) && send.commitment() == accounted->commitment()) ||
               (here(law.link_id()) && law.commitment() == accounted->commitment() &&
                law.basis() == accounted->basis());
    }

    [[nodiscard]] bool on_contribution(const v1::EhrCommand& command) const {
        const auto offered = decode<v1::Contribution>(row.value);
        if (!offered) return false;
        if (act == Act::kOffered) {
            const auto& offer = command.offer_contribution();
            return here(offer.link_id()) && assigned() &&
                   offer.commitment() == offered->commitment() && offered->user() == user;
        }
        if (act != Act::kDecided) return false;
        if (offered->status() == v1::CONTRIBUTION_STATUS_ACCEPTED) {
            const auto& accept = command.accept_contribution();
            return here(accept.link_id()) && accept.number() == row.number &&
                   accept.record_commitment() == offered->record_commitment();
        }
        const auto& reject = command.reject_contribution();
        return here(reject.link_id()) && reject.number() == row.number &&
               reject.rejection() == offered->rejection();
    }

    [[nodiscard]] bool ehr(const v1::EhrCommand& command) const {
        switch (row.kind) {
            case RowKind::kRequest:
                return on_request(command);
            case RowKind::kDisclosure:
                return on_disclosure(command);
            case RowKind::kAccountable:
                return on_accountable(command);
            case RowKind::kContribution:
                return on_contribution(command);
            default:
                return false;
        }
    }
};

bool matches(const Match& match, const ledger::CommandView& command) {
    const auto as = [&](auto message, auto test) {
        return proto::parse_canonical(command.payload, message).ok() && (match.*test)(message);
    };
    switch (static_cast<ledger::ContractId>(command.contract)) {
        case ledger::ContractId::kCharts:
            return as(v1::ChartsCommand(), &Match::charts);
        case ledger::ContractId::kDocuments:
            return as(v1::DocumentsCommand(), &Match::documents);
        case ledger::ContractId::kIdentity:
            return as(v1::IdentityCommand(), &Match::identity);
        case ledger::ContractId::kEhr:
            return as(v1::EhrCommand(), &Match::ehr);
        default:
            return false;
    }
}

}  // namespace

std::string_view name_of(Act act) {
    constexpr std::array<std::string_view, 18> kNames{"opened",
                                                      "closed",
                                                      "granted",
                                                      "revoked",
                                                      "requested",
                                                      "bound",
                                                      "refused",
                                                      "served",
                                                      "reviewed-by-requester",
                                                      "reviewed-by-custodian",
                                                      "disclosed",
                                                      "acknowledged",
                                                      "accounted",
                                                      "offered",
                                                      "decided",
                                                      "taken",
                                                      "shredded",
                                                      "retained"};
    return kNames.at(static_cast<std::size_t>(act));
}

std::optional<std::vector<Act>> acts_of(const LedgerRow& row) {
    switch (row.kind) {
        case RowKind::kLink:
            return acts_of_link(row.value);
        case RowKind::kConsent:
            return acts_of_consent(row.value);
        case RowKind::kRequest:
            return acts_of_request(row.value);
        case RowKind::kDisclosure:
            return acts_of_disclosure(row.value);
        case RowKind::kAccountable:
            if (!decode<v1::AccountableDisclosure>(row.value)) return std::nullopt;
            return std::vector{Act::kAccounted};
        case RowKind::kContribution:
            return acts_of_contribution(row.value);
        case RowKind::kShare:
            break;
    }
    return acts_of_share(row.value);
}

bool has_happened(Act act, RowKind kind, const std::optional<Bytes>& value) {
    if (!value) return false;
    // Under its fresh id a request is there from the start.
    if (act == Act::kRequested) return true;
    const auto acts = acts_of({kind, {}, 0, *value});
    if (!acts) return false;
    // What was kept for a while and then erased shows the later alone.
    if (act == Act::kTaken && kind == RowKind::kShare)
        return is_so<v1::Share>(
            *value, [](const auto& share) { return share.status() != v1::SHARE_STATUS_OFFERED; });
    return std::find(acts->begin(), acts->end(), act) != acts->end();
}

std::optional<Bytes> fresh_id_of(const LedgerRow& row) {
    if (row.kind != RowKind::kRequest) return std::nullopt;
    const auto asked = decode<v1::AccessRequest>(row.value);
    if (!asked || asked->fresh_id().empty()) return std::nullopt;
    return asked->fresh_id();
}

Bytes shows_in(Act act, const LedgerRow& row) {
    const auto fresh = fresh_id_of(row);
    if (act == Act::kRequested && fresh)
        return Bytes(contracts::sdk::request_row(*fresh, 1).view());
    return row_key(row.kind, row.link, row.number);
}

bool is_act(Act act, const LedgerRow& row, const AppliedTransaction& transaction,
            std::uint32_t request) {
    const auto decoded = ledger::decode_transaction(transaction.bytes);
    if (!decoded || !transaction.outcome.applied()) return false;
    const Match match{act, row, transaction, decoded->user, request};
    return std::any_of(decoded->commands.begin(), decoded->commands.end(),
                       [&](const auto& command) { return matches(match, command); });
}

std::uint32_t request_behind(const LedgerRow& row, const std::vector<TracedRow>& rows) {
    if (row.kind != RowKind::kAccountable) return 0;
    const auto accounted = decode<v1::AccountableDisclosure>(row.value);
    if (!accounted) return 0;
    for (const TracedRow& other : rows) {
        if (other.row.kind != RowKind::kDisclosure || other.row.link != row.link ||
            other.row.number != accounted->disclosure())
            continue;
        const auto disclosure = decode<v1::Disclosure>(other.row.value);
        return disclosure ? disclosure->request() : 0;
    }
    return 0;
}

}  // namespace consilium::services::audit
