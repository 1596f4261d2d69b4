// SPDX-License-Identifier: Apache-2.0
#include "contracts/documents/records.hpp"
#include "contracts/documents/tables.hpp"

namespace consilium::contracts::documents {
namespace {

Result<v1::Link, Rejection> find_link(BytesView link_id, sdk::Context& context) {
    ledger::LinkId id;
    if (!assign(id, link_id)) return fail(Rejection::kId);
    auto link = context.lookups().charts->link(context.state(), id);
    if (!link) return fail(Rejection::kLinkUnknown);
    return std::move(*link);
}

// A share that this member received and still holds.
Result<v1::Share, Rejection> find_received(BytesView link_id, std::uint32_t number,
                                           sdk::Context& context) {
    const auto link = find_link(link_id, context);
    if (!link) return fail(link.error());
    if (link->counterparty() != context.member_id()) return fail(Rejection::kNotCounterparty);
    auto share = context.get<v1::Share>(share_key(link_id, number));
    if (!share) return fail(Rejection::kShareUnknown);
    if (share->status() == v1::SHARE_STATUS_OFFERED) return fail(Rejection::kNotAcknowledged);
    if (share->status() == v1::SHARE_STATUS_SHREDDED) return fail(Rejection::kShredded);
    return std::move(*share);
}

}  // namespace

Rejection apply_share(const v1::ShareRecord& command, sdk::Context& context) {
    const auto link = find_link(command.link_id(), context);
    if (!link) return link.error();
    if (link->custodian() != context.member_id()) return Rejection::kNotLinkCustodian;
    if (link->closed()) return Rejection::kLinkClosed;
    const auto number = context.next_number(share_prefix(command.link_id()), 4);
    if (!number) return Rejection::kNumbersUsedUp;
    v1::Share share;
    share.set_record_commitment(command.record_commitment());
    share.set_status(v1::SHARE_STATUS_OFFERED);
    context.put(share_key(command.link_id(), static_cast<std::uint32_t>(*number)), share);
    context.assign(*number);
    return Rejection::kNone;
}

Rejection apply_acknowledge(const v1::AcknowledgeShare& command, sdk::Context& context) {
    const auto link = find_link(command.link_id(), context);
    if (!link) return link.error();
    if (link->counterparty() != context.member_id()) return Rejection::kNotCounterparty;
    const auto key = share_key(command.link_id(), command.sequence());
    auto share = context.get<v1::Share>(key);
    if (!share) return Rejection::kShareUnknown;
    if (share->status() != v1::SHARE_STATUS_OFFERED) return Rejection::kAcknowledged;
    if (link->closed()) return Rejection::kLinkClosed;
    share->set_status(v1::SHARE_STATUS_ACKNOWLEDGED);
    context.put(key, *share);
    return Rejection::kNone;
}

// Erasing and keeping are possible on a closed link too: the copy is still there.
Rejection apply_shred_share(const v1::ShredShare& command, sdk::Context& context) {
    auto share = find_received(command.link_id(), command.sequence(), context);
    if (!share) return share.error();
    share->set_status(v1::SHARE_STATUS_SHREDDED);
    share->set_shred_basis(command.basis());
    share->clear_retention_reason();
    share->set_last_backup_expires_unix_ms(command.last_backup_expires_unix_ms());
    context.put(share_key(command.link_id(), command.sequence()), *share);
    return Rejection::kNone;
}

Rejection apply_retain_share(const v1::RetainShare& command, sdk::Context& context) {
    auto share = find_received(command.link_id(), command.sequence(), context);
    if (!share) return share.error();
    if (share->retention_reason() == command.reason()) return Rejection::kRetained;
    share->set_status(v1::SHARE_STATUS_RETAINED);
    share->set_retention_reason(command.reason());
    context.put(share_key(command.link_id(), command.sequence()), *share);
    return Rejection::kNone;
}

}  // namespace consilium::contracts::documents
