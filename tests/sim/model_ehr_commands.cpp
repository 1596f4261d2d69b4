// SPDX-License-Identifier: Apache-2.0
// The model of ehr: what its commands must hold and who may give them.
#include <algorithm>

#include "contracts/ehr/rejection.hpp"
#include "tests/sim/model.hpp"

namespace consilium::sim {
namespace {

using contracts::ehr::Rejection;
using Command = v1::EhrCommand;

std::uint32_t code(Rejection rejection) {
    return static_cast<std::uint32_t>(rejection);
}

// The first rule that is broken, in the order given.
struct Rule {
    bool kept;
    Rejection rejection;
};

std::uint32_t first_broken(std::initializer_list<Rule> rules) {
    for (const Rule& rule : rules) {
        if (!rule.kept) return code(rule.rejection);
    }
    return 0;
}

Rule id(BytesView value) {
    return {value.size() == 16 && value != Bytes(16, '\0'), Rejection::kId};
}

Rule commitment(BytesView value) {
    return {value.size() == 32, Rejection::kCommitment};
}

Rule absent_or_commitment(BytesView value) {
    return {value.empty() || value.size() == 32, Rejection::kCommitment};
}

template <typename Question>
std::uint32_t check_question(const Question& question) {
    const bool emergency = question.purpose() == v1::PURPOSE_OF_USE_BTG;
    return first_broken({{question.purpose() != 0, Rejection::kPurpose},
                         {question.action() == v1::ACCESS_ACTION_READ, Rejection::kAction},
                         commitment(question.request_commitment()),
                         {emergency == (question.emergency() != 0), Rejection::kEmergency}});
}

std::uint32_t check_policy(const v1::SetPolicy& policy) {
    int last = 0;
    for (const v1::PolicyEntry& entry : policy.entries()) {
        if (entry.parameter() <= last || entry.rule() == 0) return code(Rejection::kPolicy);
        last = entry.parameter();
    }
    const std::uint64_t life = policy.grant_life_ms();
    return life == 0 || (life >= 1'000 && life <= 604'800'000) ? 0 : code(Rejection::kGrantLife);
}

std::uint32_t check_bind(const v1::BindRequest& bind) {
    const bool refused = bind.refusal() != 0;
    const bool unknown = bind.refusal() == v1::REFUSAL_REASON_PATIENT_UNKNOWN;
    return first_broken({id(bind.request_id()),
                         absent_or_commitment(bind.refusal_commitment()),
                         {refused || bind.refusal_commitment().empty(), Rejection::kRefusal},
                         {bind.link_id().empty() || id(bind.link_id()).kept, Rejection::kId},
                         {!bind.link_id().empty() || unknown, Rejection::kRefusal}});
}

std::uint32_t check_clear(const v1::ClearUsers& clear) {
    const std::set<Bytes> distinct(clear.users().begin(), clear.users().end());
    const bool sized = std::all_of(distinct.begin(), distinct.end(),
                                   [](const Bytes& user) { return user.size() == 16; });
    const auto count = static_cast<std::size_t>(clear.users_size());
    return sized && count >= 1 && count <= 256 && distinct.size() == count
               ? 0
               : code(Rejection::kUserBatch);
}

std::uint32_t check_disclosure(const Command& command) {
    if (command.has_send_disclosure()) {
        const auto& send = command.send_disclosure();
        return first_broken({id(send.link_id()),
                             {send.request() != 0, Rejection::kRequestUnknown},
                             commitment(send.commitment()),
                             absent_or_commitment(send.decision_commitment())});
    }
    if (command.has_disclose_by_law()) {
        const auto& by_law = command.disclose_by_law();
        const bool law = by_law.basis() != 0 && by_law.basis() != v1::LEGAL_BASIS_NONE;
        return first_broken({id(by_law.link_id()),
                             {law, Rejection::kBasis},
                             commitment(by_law.commitment()),
                             absent_or_commitment(by_law.decision_commitment())});
    }
    const auto& acknowledge = command.acknowledge_disclosure();
    return first_broken({id(acknowledge.link_id()),
                         {acknowledge.number() != 0, Rejection::kDisclosureUnknown},
                         commitment(acknowledge.commitment())});
}

std::uint32_t check_contribution(const Command& command) {
    if (command.has_offer_contribution()) {
        const auto& offer = command.offer_contribution();
        const bool fits = offer.purpose() != 0 && offer.purpose() != v1::PURPOSE_OF_USE_BTG;
        return first_broken(
            {id(offer.link_id()), {fits, Rejection::kPurpose}, commitment(offer.commitment())});
    }
    if (command.has_accept_contribution()) {
        const auto& accept = command.accept_contribution();
        return first_broken({id(accept.link_id()),
                             {accept.number() != 0, Rejection::kContributionUnknown},
                             commitment(accept.record_commitment())});
    }
    const auto& reject = command.reject_contribution();
    return first_broken({id(reject.link_id()),
                         {reject.number() != 0, Rejection::kContributionUnknown},
                         {reject.rejection() != 0, Rejection::kReason}});
}

// The roles that may not give a command of any kind are left out.
std::set<v1::Role> roles_of(Command::KindCase kind) {
    switch (kind) {
        case Command::kSetPolicy:
            return {v1::ROLE_PRIVACY_OFFICER, v1::ROLE_ADMINISTRATOR};
        case Command::kBindRequest:
        case Command::kRefuseRequest:
            return {v1::ROLE_SERVICE, v1::ROLE_CLINICIAN, v1::ROLE_CLERK, v1::ROLE_PRIVACY_OFFICER};
        case Command::kDiscloseByLaw:
            return {v1::ROLE_SERVICE, v1::ROLE_CLERK, v1::ROLE_PRIVACY_OFFICER};
        case Command::kClearUsers:
        case Command::kReviewBreakGlass:
            return {v1::ROLE_PRIVACY_OFFICER};
        default:
            return {v1::ROLE_SERVICE, v1::ROLE_CLINICIAN, v1::ROLE_CLERK};
    }
}

// The link that a command names and that must exist, if it names one.
std::optional<Bytes> link_of(const Command& command) {
    switch (command.kind_case()) {
        case Command::kRequestAccess:
            return command.request_access().link_id();
        case Command::kRefuseRequest:
            return command.refuse_request().link_id();
        case Command::kSendDisclosure:
            return command.send_disclosure().link_id();
        case Command::kDiscloseByLaw:
            return command.disclose_by_law().link_id();
        case Command::kAcknowledgeDisclosure:
            return command.acknowledge_disclosure().link_id();
        case Command::kOfferContribution:
            return command.offer_contribution().link_id();
        case Command::kAcceptContribution:
            return command.accept_contribution().link_id();
        case Command::kRejectContribution:
            return command.reject_contribution().link_id();
        default:
            return std::nullopt;
    }
}

}  // namespace

Model::Code Model::check(const Command& command) const {
    switch (command.kind_case()) {
        case Command::kSetPolicy:
            return check_policy(command.set_policy());
        case Command::kRequestAccess:
            if (!id(command.request_access().link_id()).kept) return code(Rejection::kId);
            return check_question(command.request_access());
        case Command::kRequestWithoutCard: {
            const auto& request = command.request_without_card();
            if (!id(request.request_id()).kept) return code(Rejection::kId);
            if (!ledger::is_member_id(request.custodian())) return code(Rejection::kCustodian);
            return check_question(request);
        }
        case Command::kBindRequest:
            return check_bind(command.bind_request());
        case Command::kRefuseRequest: {
            const auto& refuse = command.refuse_request();
            return first_broken({id(refuse.link_id()),
                                 {refuse.number() != 0, Rejection::kRequestUnknown},
                                 {refuse.refusal() != 0, Rejection::kRefusal},
                                 absent_or_commitment(refuse.refusal_commitment())});
        }
        case Command::kSendDisclosure:
        case Command::kDiscloseByLaw:
        case Command::kAcknowledgeDisclosure:
            return check_disclosure(command);
        case Command::kOfferContribution:
        case Command::kAcceptContribution:
        case Command::kRejectContribution:
            return check_contribution(command);
        case Command::kClearUsers:
            return check_clear(command.clear_users());
        case Command::kReviewBreakGlass: {
            const auto& review = command.review_break_glass();
            return first_broken({{review.id().size() == 16, Rejection::kId},
                                 {review.number() != 0, Rejection::kRequestUnknown},
                                 {review.verdict() != 0, Rejection::kVerdict},
                                 commitment(review.commitment())});
        }
        case Command::KIND_NOT_SET:
            break;
    }
    return code(Rejection::kMalformed);
}

Model::Code Model::apply(const Command& command, const Actor& actor) {
    if (!roles_of(command.kind_case()).contains(actor.role)) return code(Rejection::kRole);
    const auto link = link_of(command);
    if (link && !state_.links.contains(*link)) return code(Rejection::kLinkUnknown);
    switch (command.kind_case()) {
        case Command::kSetPolicy:
            return set_policy(command.set_policy(), actor);
        case Command::kRequestAccess:
            return request(command.request_access(), actor);
        case Command::kRequestWithoutCard:
            return request(command.request_without_card(), actor);
        case Command::kBindRequest:
            return bind(command.bind_request(), actor);
        case Command::kRefuseRequest:
            return refuse(command.refuse_request(), actor);
        case Command::kSendDisclosure:
            return send(command.send_disclosure(), actor);
        case Command::kDiscloseByLaw:
            return by_law(command.disclose_by_law(), actor);
        case Command::kAcknowledgeDisclosure:
            return acknowledge(command.acknowledge_disclosure(), actor);
        case Command::kOfferContribution:
            return offer(command.offer_contribution(), actor);
        case Command::kAcceptContribution:
        case Command::kRejectContribution:
            return decide_contribution(command, actor);
        case Command::kClearUsers:
            return clear_users(command.clear_users(), actor);
        case Command::kReviewBreakGlass:
            return review(command.review_break_glass(), actor);
        case Command::KIND_NOT_SET:
            break;
    }
    return code(Rejection::kMalformed);
}

}  // namespace consilium::sim
