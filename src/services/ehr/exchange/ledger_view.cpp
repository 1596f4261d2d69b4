// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/ledger_view.hpp"

#include "base/limits.hpp"
#include "contracts/sdk/record_keys.hpp"
#include "proto/canonical.hpp"

namespace consilium::services::ehr::exchange {

namespace sdk = contracts::sdk;

template <typename Row>
LedgerView::Read<Row> LedgerView::read(BytesView key) const {
    const auto answer = reads_.state(key, std::nullopt, false);
    if (!answer) return fail(answer.error());
    if (!answer->value) return std::optional<Row>();
    Row row;
    // What contracts wrote is canonical, so anything else is a fault of the disk.
    if (!proto::parse_canonical(*answer->value, row)) return fail(ReadError::kDisk);
    return std::optional<Row>(std::move(row));
}

LedgerView::Read<v1::AccessRequest> LedgerView::request(BytesView id, std::uint32_t number) const {
    return read<v1::AccessRequest>(sdk::request_row(id, number));
}

LedgerView::Read<v1::Disclosure> LedgerView::disclosure(BytesView link,
                                                        std::uint32_t number) const {
    return read<v1::Disclosure>(sdk::disclosure_row(link, number));
}

LedgerView::Read<v1::Contribution> LedgerView::contribution(BytesView link,
                                                            std::uint32_t number) const {
    return read<v1::Contribution>(sdk::contribution_row(link, number));
}

LedgerView::Read<v1::Link> LedgerView::link(BytesView link) const {
    return read<v1::Link>(sdk::link_row(link));
}

LedgerView::Read<v1::Record> LedgerView::record(BytesView list, std::uint64_t sequence) const {
    return read<v1::Record>(sdk::record_list_rows(list).u64(sequence));
}

LedgerView::Read<v1::Share> LedgerView::share(BytesView link, std::uint32_t number) const {
    return read<v1::Share>(sdk::share_list(link).u32(number));
}

LedgerView::Read<v1::ConsentGate> LedgerView::gate(BytesView link) const {
    return read<v1::ConsentGate>(sdk::gate_row(link));
}

LedgerView::Read<v1::Clearance> LedgerView::clearance(BytesView member, BytesView user) const {
    return read<v1::Clearance>(sdk::clearance_row(member, user));
}

// docs/formats/tables.md: member, deadline (u64), link or fresh id (16), number (u32).
Result<std::vector<LedgerView::DueReview>, ReadError> LedgerView::due_reviews(
    BytesView member, BytesView after, std::size_t limit) const {
    constexpr std::size_t kId = 16;
    const auto prefix = sdk::review_due_list(member);
    Bytes from(after);
    if (!from.empty()) from += '\0';
    const auto list = reads_.state_list(prefix, from, limit, std::nullopt, false);
    if (!list) return fail(list.error());
    std::vector<DueReview> out;
    for (const auto& [key, value] : list->entries) {
        const BytesView rest = BytesView(key).substr(prefix.view().size());
        if (rest.size() != 8 + kId + 4) return fail(ReadError::kDisk);
        out.push_back({key, UnixMs{read_be64(rest)}, Bytes(rest.substr(8, kId)),
                       read_be32(rest.substr(8 + kId))});
    }
    return out;
}

Result<std::vector<v1::LinkSlot>, ReadError> LedgerView::slots(BytesView chart) const {
    const auto list = reads_.state_list(sdk::slot_list(chart), {}, limits::kLinkSlotsPerChartMax,
                                        std::nullopt, false);
    if (!list) return fail(list.error());
    std::vector<v1::LinkSlot> out;
    for (const auto& [key, value] : list->entries) {
        v1::LinkSlot slot;
        if (!proto::parse_canonical(value, slot)) return fail(ReadError::kDisk);
        out.push_back(std::move(slot));
    }
    return out;
}

}  // namespace consilium::services::ehr::exchange
