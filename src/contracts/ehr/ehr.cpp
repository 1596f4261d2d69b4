// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/ehr.hpp"

#include "contracts/ehr/break_glass.hpp"
#include "contracts/ehr/contributions.hpp"
#include "contracts/ehr/disclosures.hpp"
#include "contracts/ehr/policy.hpp"
#include "contracts/ehr/requests.hpp"
#include "contracts/ehr/tables.hpp"
#include "contracts/sdk/record_keys.hpp"

namespace consilium::contracts::ehr {
namespace {

using Command = v1::EhrCommand;

}  // namespace

Ehr::Ehr() : TypedContract(ledger::ContractId::kEhr, "ehr", ehr::tables()) {}

Rejection Ehr::validate(const Command& command) const {
    switch (command.kind_case()) {
        case Command::kSetPolicy:
            return validate_policy(command.set_policy());
        case Command::kRequestAccess:
            return validate_request(command.request_access());
        case Command::kRequestWithoutCard:
            return validate_without_card(command.request_without_card());
        case Command::kBindRequest:
            return validate_bind(command.bind_request());
        case Command::kRefuseRequest:
            return validate_refuse(command.refuse_request());
        case Command::kSendDisclosure:
            return validate_send(command.send_disclosure());
        case Command::kDiscloseByLaw:
            return validate_by_law(command.disclose_by_law());
        case Command::kAcknowledgeDisclosure:
            return validate_acknowledge(command.acknowledge_disclosure());
        case Command::kOfferContribution:
            return validate_offer(command.offer_contribution());
        case Command::kAcceptContribution:
            return validate_accept(command.accept_contribution());
        case Command::kRejectContribution:
            return validate_reject(command.reject_contribution());
        case Command::kClearUsers:
            return validate_clear(command.clear_users());
        case Command::kReviewBreakGlass:
            return validate_review(command.review_break_glass());
        case Command::KIND_NOT_SET:
            break;
    }
    return Rejection::kMalformed;
}

// Who may give a command is a matter of the role alone; whose link or request it is, the rules of
// each command say.
Rejection Ehr::authorize_command(const Command& command, sdk::Context& context) const {
    const auto only = [&](std::initializer_list<v1::Role> roles) {
        return context.has_role(roles) ? Rejection::kNone : Rejection::kRole;
    };
    switch (command.kind_case()) {
        case Command::kSetPolicy:
            return only({v1::ROLE_PRIVACY_OFFICER, v1::ROLE_ADMINISTRATOR});
        case Command::kRequestAccess:
        case Command::kRequestWithoutCard:
        case Command::kSendDisclosure:
        case Command::kAcknowledgeDisclosure:
        case Command::kOfferContribution:
        case Command::kAcceptContribution:
        case Command::kRejectContribution:
            return only({v1::ROLE_SERVICE, v1::ROLE_CLINICIAN, v1::ROLE_CLERK});
        case Command::kBindRequest:
        case Command::kRefuseRequest:
            return only(
                {v1::ROLE_SERVICE, v1::ROLE_CLINICIAN, v1::ROLE_CLERK, v1::ROLE_PRIVACY_OFFICER});
        case Command::kDiscloseByLaw:
            return only({v1::ROLE_SERVICE, v1::ROLE_CLERK, v1::ROLE_PRIVACY_OFFICER});
        case Command::kClearUsers:
        case Command::kReviewBreakGlass:
            return only({v1::ROLE_PRIVACY_OFFICER});
        case Command::KIND_NOT_SET:
            break;
    }
    return Rejection::kMalformed;
}

Rejection Ehr::apply_command(const Command& command, sdk::Context& context) const {
    switch (command.kind_case()) {
        case Command::kSetPolicy:
            return apply_policy(command.set_policy(), context);
        case Command::kRequestAccess:
            return apply_request(command.request_access(), context);
        case Command::kRequestWithoutCard:
            return apply_without_card(command.request_without_card(), context);
        case Command::kBindRequest:
            return apply_bind(command.bind_request(), context);
        case Command::kRefuseRequest:
            return apply_refuse(command.refuse_request(), context);
        case Command::kSendDisclosure:
            return apply_send(command.send_disclosure(), context);
        case Command::kDiscloseByLaw:
            return apply_by_law(command.disclose_by_law(), context);
        case Command::kAcknowledgeDisclosure:
            return apply_acknowledge(command.acknowledge_disclosure(), context);
        case Command::kOfferContribution:
            return apply_offer(command.offer_contribution(), context);
        case Command::kAcceptContribution:
            return apply_accept(command.accept_contribution(), context);
        case Command::kRejectContribution:
            return apply_reject(command.reject_contribution(), context);
        case Command::kClearUsers:
            return apply_clear(command.clear_users(), context);
        case Command::kReviewBreakGlass:
            return apply_review(command.review_break_glass(), context);
        case Command::KIND_NOT_SET:
            break;
    }
    return Rejection::kMalformed;
}

bool Ehr::genesis(const v1::GenesisState& genesis, sdk::Context& context) const {
    if (!genesis.has_ehr()) return true;
    if (!are_parameters(genesis.ehr())) return false;
    context.put(sdk::ehr_parameters_row(), genesis.ehr());
    return true;
}

}  // namespace consilium::contracts::ehr
