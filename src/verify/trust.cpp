// SPDX-License-Identifier: Apache-2.0
#include "verify/trust.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "consilium/v1/receipt.pb.h"
#include "ledger/genesis.hpp"
#include "ledger/hashes.hpp"
#include "proto/canonical.hpp"

namespace consilium::verify {
namespace {

struct Sets {
    ledger::ValidatorSet current;
    std::optional<ledger::ValidatorSet> next;  // nothing: the same
};

struct ReadCheckpoint {
    ledger::SignedHeader signed_header;
    Sets sets;
};

Result<ReadCheckpoint, VerifyError> read_checkpoint(BytesView bytes) {
    v1::Checkpoint message;
    if (!proto::parse_canonical(bytes, message)) return fail(VerifyError::kEncoding);
    auto signed_header = ledger::decode_signed_header(message.signed_header());
    if (!signed_header) return fail(VerifyError::kSignedHeaderEncoding);
    auto current = ledger::decode_validator_set(message.validators());
    if (!current) return fail(VerifyError::kValidatorsEncoding);
    Sets sets{std::move(*current), std::nullopt};
    const ledger::Header& header = signed_header->header;
    if (!message.next_validators().empty()) {
        sets.next = ledger::decode_validator_set(message.next_validators());
        if (!sets.next) return fail(VerifyError::kValidatorsEncoding);
        if (sets.next->hash() == sets.current.hash()) return fail(VerifyError::kHistoryNoChange);
    }
    const ledger::ValidatorSet& next = sets.next ? *sets.next : sets.current;
    if (header.next_validators_hash != next.hash().view())
        return fail(VerifyError::kNextValidators);
    return ReadCheckpoint{std::move(*signed_header), std::move(sets)};
}

}  // namespace

Result<Genesis, VerifyError> read_genesis(BytesView app_state) {
    const auto state = ledger::decode_genesis(app_state);
    if (!state) return fail(VerifyError::kGenesisEncoding);
    std::vector<ledger::Validator> validators;
    for (const v1::GenesisMember& member : state->members()) {
        const v1::Node& node = member.node();
        if (!node.validator_public_key().empty())
            validators.push_back({node.validator_public_key(), node.validator_power()});
    }
    auto set = ledger::ValidatorSet::make(std::move(validators));
    if (!set) return fail(VerifyError::kGenesisEncoding);
    const ledger::NetworkId network = ledger::network_id(app_state);
    return Genesis{network, ledger::chain_id(network), UnixMs{state->time_unix_ms()},
                   state->protocol_version(), std::move(*set)};
}

Trust::Trust(Genesis genesis) : genesis_(std::move(genesis)) {
    epochs_.push_back(
        {1, genesis_.validators, TrustAnchor{TrustAnchorKind::kGenesis, 0, genesis_.time}});
}

const Epoch& Trust::epoch_at(Height height) const {
    CONSILIUM_ASSERT(height >= 1);
    const auto after =
        std::upper_bound(epochs_.begin(), epochs_.end(), height,
                         [](Height h, const Epoch& epoch) { return h < epoch.first; });
    CONSILIUM_ASSERT(after != epochs_.begin());
    return *std::prev(after);
}

Status<VerifyError> Trust::check_known(const ledger::Header& header, const Hash32& hash) const {
    const UnixMs time = ledger::unix_ms(header.time);
    if (time < genesis_.time) return fail(VerifyError::kHeaderTime);
    const auto at = known_.lower_bound(header.height);
    if (at != known_.end()) {
        if (at->first == header.height) {
            if (at->second.hash != hash) return fail(VerifyError::kCheckpointConflict);
            return Done{};
        }
        if (at->second.time <= time) return fail(VerifyError::kHeaderTime);
    }
    if (at != known_.begin() && std::prev(at)->second.time >= time)
        return fail(VerifyError::kHeaderTime);
    return Done{};
}

// Believed because it is pinned; that it is whole and signed is checked all the same, so that a
// damaged file is not.
Status<VerifyError> Trust::add_checkpoint(BytesView bytes) {
    const auto read = read_checkpoint(bytes);
    if (!read) return fail(read.error());
    const ledger::Header& header = read->signed_header.header;
    const Sets& sets = read->sets;
    if (auto checked = check_signed_header(read->signed_header, genesis_.chain_id, sets.current);
        !checked) {
        return checked;
    }
    const Hash32 hash = ledger::header_hash(header);
    if (auto checked = check_known(header, hash); !checked) return checked;
    if (known_.count(header.height) != 0) return Done{};  // the same checkpoint again
    const UnixMs time = ledger::unix_ms(header.time);
    const TrustAnchor anchor{TrustAnchorKind::kCheckpoint, header.height, time};
    known_.emplace(header.height, Known{hash, time});
    epochs_.push_back({header.height, sets.current, anchor});
    if (sets.next) epochs_.push_back({header.height + 1, *sets.next, anchor});
    return Done{};
}

// light/verifier.go, VerifyAdjacent, with the set that the header names as next shown beside it.
Status<VerifyError> Trust::add_change(BytesView signed_header_bytes, BytesView next_bytes) {
    const auto signed_header = ledger::decode_signed_header(signed_header_bytes);
    if (!signed_header) return fail(VerifyError::kSignedHeaderEncoding);
    const ledger::Header& header = signed_header->header;
    if (header.height == 0) return fail(VerifyError::kHeaderFields);
    const Epoch& epoch = epoch_at(header.height);
    if (auto checked = check_signed_header(*signed_header, genesis_.chain_id, epoch.validators);
        !checked) {
        return checked;
    }
    const Hash32 hash = ledger::header_hash(header);
    if (auto checked = check_known(header, hash); !checked) return checked;
    auto next = ledger::decode_validator_set(next_bytes);
    if (!next) return fail(VerifyError::kValidatorsEncoding);
    if (header.next_validators_hash != next->hash().view())
        return fail(VerifyError::kNextValidators);
    if (next->hash() == epoch.validators.hash()) return fail(VerifyError::kHistoryNoChange);
    // A checkpoint at the same height has said all of it already.
    if (!known_.emplace(header.height, Known{hash, ledger::unix_ms(header.time)}).second)
        return Done{};
    epochs_.push_back({header.height + 1, std::move(*next), epoch.anchor});
    return Done{};
}

Result<Trust, VerifyError> Trust::make(Genesis genesis, const std::vector<Bytes>& checkpoints,
                                       BytesView history) {
    v1::ValidatorHistory changes;
    if (!proto::parse_canonical(history, changes)) return fail(VerifyError::kEncoding);
    std::multimap<Height, const Bytes*> pinned;
    for (const Bytes& checkpoint : checkpoints) {
        const auto read = read_checkpoint(checkpoint);
        if (!read) return fail(read.error());
        pinned.emplace(read->signed_header.header.height, &checkpoint);
    }
    Trust trust(std::move(genesis));
    auto next_pinned = pinned.begin();
    const auto add_pinned_up_to = [&](Height height) -> Status<VerifyError> {
        for (; next_pinned != pinned.end() && next_pinned->first <= height; ++next_pinned) {
            if (auto added = trust.add_checkpoint(*next_pinned->second); !added) return added;
        }
        return Done{};
    };
    // Ascending in height, checkpoints first, so that each change is checked against the newest
    // set that is known to have signed at its height.
    Height last = 0;
    for (const v1::ValidatorChange& change : changes.changes()) {
        const auto signed_header = ledger::decode_signed_header(change.signed_header());
        if (!signed_header) return fail(VerifyError::kSignedHeaderEncoding);
        const Height height = signed_header->header.height;
        if (height <= last) return fail(VerifyError::kHistoryOrder);
        last = height;
        if (auto added = add_pinned_up_to(height); !added) return fail(added.error());
        if (auto added = trust.add_change(change.signed_header(), change.next_validators()); !added)
            return fail(added.error());
    }
    if (auto added = add_pinned_up_to(ledger::kHeightMax); !added) return fail(added.error());
    return trust;
}

}  // namespace consilium::verify
