// SPDX-License-Identifier: Apache-2.0
#include "services/audit/trail.hpp"

#include <algorithm>

#include "consilium/v1/receipt.pb.h"
#include "contracts/sdk/record_keys.hpp"
#include "ledger/bundle.hpp"
#include "ledger/hashes.hpp"
#include "proto/canonical.hpp"

namespace consilium::services::audit {

Result<Trail::First, ReadError> Trail::first_height(Act act, RowKind kind, const Bytes& key) const {
    // What has happened stays so: the first block after which it has is found by halving.
    const auto after = [&](Height at) -> Result<bool, ReadError> {
        const auto answer = reads_.state(key, at, false);
        if (!answer) return fail(answer.error());
        return has_happened(act, kind, answer->value);
    };
    const auto now = after(height_);
    if (!now) return fail(now.error());
    if (!*now) return First{};
    First out;
    Height low = 0;  // not yet: no row of these tables is in the genesis
    Height high = height_;
    Height known = 0;  // the newest after which it is known not to show
    while (high - low > 1) {
        const Height middle = low + (high - low) / 2;
        const auto there = after(middle);
        if (!there && there.error() != ReadError::kPruned) return fail(there.error());
        // Below what this node holds nothing is known; the act may be above all the same.
        (there && *there ? high : low) = middle;
        if (there && !*there) known = middle;
    }
    out.height = high;
    out.pruned = known != low;
    return out;
}

bool Trail::names_a_subject(BytesView transaction) const {
    return std::any_of(subjects_.begin(), subjects_.end(), [&](const Bytes& subject) {
        return transaction.find(subject) != BytesView::npos;
    });
}

Result<const Trail::Block*, ReadError> Trail::block(Height height) {
    if (const auto known = blocks_.find(height); known != blocks_.end()) return &known->second;
    const auto bytes = reads_.block(height);
    if (!bytes) return fail(bytes.error());
    v1::StoredBlock stored;
    if (!proto::parse_canonical(*bytes, stored)) return fail(ReadError::kDisk);
    Block out;
    for (const Bytes& item : stored.items()) {
        const auto bundle = ledger::decode_item(item);
        if (!bundle) continue;  // consensus may order what no node executes
        for (const BytesView transaction : bundle->transactions) {
            if (!names_a_subject(transaction)) continue;
            AppliedTransaction one;
            one.member = ledger::MemberId(bundle->member_id);
            one.id = ledger::transaction_id(network_, one.member, transaction);
            const auto outcome = reads_.outcome(one.id);
            if (!outcome || outcome->height != height) continue;
            const auto decoded = ledger::decode_outcome(outcome->outcome);
            if (!decoded || !decoded->applied()) continue;
            one.bytes = Bytes(transaction);
            one.outcome = *decoded;
            one.height = height;
            out.push_back(std::move(one));
        }
    }
    return &blocks_.emplace(height, std::move(out)).first->second;
}

Result<std::optional<Trace>, ReadError> Trail::find(Act act, const LedgerRow& row, const Bytes& key,
                                                    std::uint32_t request) {
    const auto first = first_height(act, row.kind, key);
    if (!first) return fail(first.error());
    if (first->height == 0) return std::optional<Trace>();
    Trace not_held;
    not_held.did = name_of(act);
    not_held.held = false;
    const auto in_block = block(first->height);
    if (!in_block && in_block.error() == ReadError::kPruned) return std::optional<Trace>(not_held);
    if (!in_block) return fail(in_block.error());
    for (const AppliedTransaction& transaction : **in_block) {
        if (!is_act(act, row, transaction, request)) continue;
        return std::optional<Trace>(
            Trace{std::string(name_of(act)), transaction.id, transaction.member, first->height});
    }
    return first->pruned ? std::optional<Trace>(not_held) : std::optional<Trace>();
}

Result<std::vector<Trace>, ReadError> Trail::traces(const LedgerRow& row, std::uint32_t request) {
    const auto acts = acts_of(row);
    if (!acts) return fail(ReadError::kDisk);
    std::vector<Trace> out;
    for (const Act act : *acts) {
        auto found = find(act, row, shows_in(act, row), request);
        if (!found) return fail(found.error());
        // A review that was made before the request was bound shows under the fresh id.
        if (const auto fresh = fresh_id_of(row); !*found && fresh) {
            found = find(act, row, Bytes(contracts::sdk::request_row(*fresh, 1).view()), request);
            if (!found) return fail(found.error());
        }
        if (*found) out.push_back(**found);
    }
    return out;
}

}  // namespace consilium::services::audit
