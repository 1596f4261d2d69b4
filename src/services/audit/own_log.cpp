// SPDX-License-Identifier: Apache-2.0
#include "services/audit/own_log.hpp"

#include "consilium/v1/documents.pb.h"
#include "contracts/sdk/record_keys.hpp"
#include "ledger/commitment.hpp"
#include "proto/canonical.hpp"
#include "services/audit/ledger_heads.hpp"

namespace consilium::services::audit {
namespace {

constexpr std::size_t kViewsMax = 100'000;

// Nothing in it when there is no such row.
Result<std::optional<v1::AnchoredHead>, LogError> anchored(const vault::Vault& vault,
                                                           const Bytes& key) {
    const auto bytes = vault.row(key);
    if (!bytes) return fail(LogError::kDisk);
    if (!*bytes) return std::optional<v1::AnchoredHead>();
    v1::AnchoredHead out;
    if (!proto::parse_canonical(**bytes, out)) return fail(LogError::kDisk);
    return std::optional<v1::AnchoredHead>(std::move(out));
}

}  // namespace

Status<LogError> OwnLog::find_head(Height height, LogExcerpt& out) const {
    const auto newest = anchored(log_.vault(), newest_anchor_key());
    const auto under_way = anchored(log_.vault(), under_way_key());
    if (!newest) return fail(newest.error());
    if (!under_way) return fail(under_way.error());
    if (!*newest) {
        // Its first head may be on the ledger; where, its transaction's outcome tells in a moment.
        if (*under_way) return fail(LogError::kNotNow);
        return Done{};
    }
    auto key = contracts::sdk::record_list_rows(ledger::record_list(log_.name().member));
    key.u64((*newest)->record_sequence());
    const auto row = reads_.state(key, height, false);
    if (!row) return fail(LogError::kDisk);
    if (!row->value) return Done{};  // not yet, after that block
    v1::Record record;
    if (!proto::parse_canonical(*row->value, record)) return fail(LogError::kDisk);
    auto head = anchored(log_.vault(), anchor_key(record.version()));
    if (!head) return fail(head.error());
    if (!*head && *under_way && (*under_way)->version() == record.version()) *head = *under_way;
    // An older vault was put back: nothing opens what the ledger has, and the checks say so.
    if (!*head) return Done{};
    out.record = (*newest)->record_sequence();
    out.version = record.version();
    out.salt = (*head)->salt();
    out.head = (*head)->head();
    return Done{};
}

Result<LogExcerpt, LogError> OwnLog::excerpt(std::string_view patient, Height height) const {
    LogExcerpt out;
    if (auto found = find_head(height, out); !found) return fail(found.error());
    v1::AccessLogHead head;
    if (out.version != 0 && !proto::parse_canonical(out.head, head)) return fail(LogError::kDisk);
    if (!log_.tree().follow(log_.head().sequence)) return fail(LogError::kDisk);
    auto views = log_.tree().views_of_patient(patient, head.views(), kViewsMax + 1);
    if (!views) return fail(LogError::kDisk);
    if (views->size() > kViewsMax) return fail(LogError::kTooLarge);
    for (LogTree::View& view : *views)
        out.views.push_back({view.number, std::move(view.bytes), std::move(view.path)});
    return out;
}

}  // namespace consilium::services::audit
