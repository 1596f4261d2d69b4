// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/tables.hpp"

#include "consilium/v1/ehr.pb.h"
#include "contracts/sdk/record_keys.hpp"

namespace consilium::contracts::ehr {
namespace {

using sdk::EhrTable;
using sdk::FieldKind;
using sdk::KeyField;

constexpr KeyField kByMember[] = {{"member", FieldKind::kText}};
constexpr KeyField kById[] = {{"id", FieldKind::kId16}, {"number", FieldKind::kU32}};
constexpr KeyField kByLink[] = {{"link", FieldKind::kId16}, {"number", FieldKind::kU32}};
constexpr KeyField kByInbox[] = {{"member", FieldKind::kText}, {"number", FieldKind::kU64}};
constexpr KeyField kByUser[] = {{"member", FieldKind::kText}, {"user", FieldKind::kId16}};
constexpr KeyField kByDeadline[] = {{"member", FieldKind::kText},
                                    {"deadline", FieldKind::kU64},
                                    {"id", FieldKind::kId16},
                                    {"number", FieldKind::kU32}};

sdk::TableInfo info(EhrTable table, std::string_view name, std::span<const KeyField> fields,
                    const google::protobuf::Descriptor* value) {
    return {ledger::ContractId::kEhr, static_cast<std::uint8_t>(table), name, fields, value};
}

}  // namespace

std::span<const sdk::TableInfo> tables() {
    static const sdk::TableInfo all[] = {
        info(EhrTable::kParameters, "ehr/parameters", {}, v1::EhrParameters::descriptor()),
        info(EhrTable::kPolicy, "ehr/policy", kByMember, v1::Policy::descriptor()),
        info(EhrTable::kRequest, "ehr/request", kById, v1::AccessRequest::descriptor()),
        info(EhrTable::kDisclosure, "ehr/disclosure", kByLink, v1::Disclosure::descriptor()),
        info(EhrTable::kAccountable, "ehr/accountable", kByLink,
             v1::AccountableDisclosure::descriptor()),
        info(EhrTable::kContribution, "ehr/contribution", kByLink, v1::Contribution::descriptor()),
        info(EhrTable::kInbox, "ehr/inbox", kByInbox, v1::InboxEntry::descriptor()),
        info(EhrTable::kClearance, "ehr/clearance", kByUser, v1::Clearance::descriptor()),
        info(EhrTable::kBreakGlassDay, "ehr/break-glass-day", kByMember,
             v1::BreakGlassDay::descriptor()),
        info(EhrTable::kReviewDue, "ehr/review-due", kByDeadline, v1::ReviewDue::descriptor()),
    };
    return all;
}

}  // namespace consilium::contracts::ehr
