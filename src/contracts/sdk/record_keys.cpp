// SPDX-License-Identifier: Apache-2.0
#include "contracts/sdk/record_keys.hpp"

#include "ledger/ids.hpp"

namespace consilium::contracts::sdk {
namespace {

using ledger::ContractId;

StateKey row(IdentityTable table) {
    return {ContractId::kIdentity, static_cast<std::uint8_t>(table)};
}

StateKey row(EhrTable table) {
    return {ContractId::kEhr, static_cast<std::uint8_t>(table)};
}

}  // namespace

// The numbers of the older contracts' tables stand in docs/formats/tables.md for ever; a test holds
// them against the tables that these contracts declare.
StateKey member_row(BytesView member_id) {
    return StateKey(ContractId::kMembership, 1).text(member_id);
}

StateKey node_row(BytesView member_id) {
    return StateKey(ContractId::kMembership, 2).text(member_id);
}

StateKey chart_row(BytesView chart_id) {
    return StateKey(ContractId::kCharts, 1).raw(chart_id);
}

StateKey slot_list(BytesView chart_id) {
    return StateKey(ContractId::kCharts, 2).raw(chart_id);
}

StateKey link_row(BytesView link_id) {
    return StateKey(ContractId::kCharts, 3).raw(link_id);
}

StateKey record_list_rows(BytesView list) {
    return StateKey(ContractId::kDocuments, 1).raw(list);
}

StateKey share_list(BytesView link_id) {
    return StateKey(ContractId::kDocuments, 4).raw(link_id);
}

StateKey consent_list(BytesView link_id) {
    return row(IdentityTable::kConsent).raw(link_id);
}

StateKey consent_row(BytesView link_id, std::uint32_t number) {
    return consent_list(link_id).u32(number);
}

StateKey gate_row(BytesView link_id) {
    return row(IdentityTable::kGate).raw(link_id);
}

StateKey ehr_parameters_row() {
    return row(EhrTable::kParameters);
}

StateKey policy_row(BytesView member_id) {
    return row(EhrTable::kPolicy).text(member_id);
}

StateKey request_list(BytesView id) {
    return row(EhrTable::kRequest).raw(id);
}

StateKey request_row(BytesView id, std::uint32_t number) {
    return request_list(id).u32(number);
}

StateKey disclosure_list(BytesView link_id) {
    return row(EhrTable::kDisclosure).raw(link_id);
}

StateKey disclosure_row(BytesView link_id, std::uint32_t number) {
    return disclosure_list(link_id).u32(number);
}

StateKey accountable_list(BytesView link_id) {
    return row(EhrTable::kAccountable).raw(link_id);
}

StateKey accountable_row(BytesView link_id, std::uint32_t number) {
    return accountable_list(link_id).u32(number);
}

StateKey contribution_list(BytesView link_id) {
    return row(EhrTable::kContribution).raw(link_id);
}

StateKey contribution_row(BytesView link_id, std::uint32_t number) {
    return contribution_list(link_id).u32(number);
}

StateKey inbox_list(BytesView member_id) {
    return row(EhrTable::kInbox).text(member_id);
}

StateKey inbox_row(BytesView member_id, std::uint64_t number) {
    return inbox_list(member_id).u64(number);
}

StateKey clearance_row(BytesView member_id, BytesView user) {
    return row(EhrTable::kClearance).text(member_id).raw(user);
}

StateKey break_glass_day_row(BytesView member_id) {
    return row(EhrTable::kBreakGlassDay).text(member_id);
}

StateKey review_due_list(BytesView member_id) {
    return row(EhrTable::kReviewDue).text(member_id);
}

StateKey review_due_from(BytesView member_id, UnixMs deadline) {
    return review_due_list(member_id).u64(deadline.value);
}

StateKey review_due_row(BytesView member_id, UnixMs deadline, BytesView id, std::uint32_t number) {
    return review_due_from(member_id, deadline).raw(id).u32(number);
}

}  // namespace consilium::contracts::sdk
