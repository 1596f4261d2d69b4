// SPDX-License-Identifier: Apache-2.0
#include "node/ledger_reader.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "consilium/v1/receipt.pb.h"
#include "ledger/bundle.hpp"
#include "ledger/hashes.hpp"
#include "node/ledger_rows.hpp"
#include "proto/canonical.hpp"

namespace consilium::node {

using services::Committed;
using services::ReadError;
using state::Space;

namespace {

constexpr std::size_t kReceiptSourcesKept = 8;
constexpr std::size_t kListMax = 10'000;

ReadError to_read(state::StateError error) {
    switch (error) {
        case state::StateError::kNotYet:
            return ReadError::kNotYet;
        case state::StateError::kPruned:
            return ReadError::kPruned;
        case state::StateError::kTooMany:
        case state::StateError::kBadQuestion:
            return ReadError::kBadRequest;
        case state::StateError::kDisk:
        case state::StateError::kCorruption:
            return ReadError::kDisk;
    }
    return ReadError::kDisk;
}

}  // namespace

struct LedgerReader::ReceiptSource {
    Height height = 0;
    std::uint32_t item = 0;
    Bytes item_bytes;
    std::vector<BytesView> transactions;  // into item_bytes
    std::optional<verify::OutcomeReceiptMaker> maker;
};

Result<std::optional<Committed>, state::DiskError> read_committed(const state::DiskReader& disk,
                                                                  const ledger::TransactionId& id) {
    const auto row = disk.get(Space::kIndex, id.view());
    if (!row) return fail(row.error());
    if (!*row) return std::optional<Committed>{};
    const auto place = decode_place(**row);
    if (!place) return fail(state::DiskError::kCorruption);
    const auto outcomes = disk.get(Space::kOutcomes, outcomes_key(place->height, place->item));
    if (!outcomes) return fail(outcomes.error());
    auto outcome = *outcomes ? outcome_in_row(**outcomes, place->transaction) : std::nullopt;
    if (!outcome) return fail(state::DiskError::kCorruption);
    return std::optional<Committed>(
        Committed{id, place->height, place->item, place->transaction, std::move(*outcome)});
}

Result<Height, state::DiskError> oldest_block(const state::DiskReader& disk) {
    const auto cursor = disk.cursor(Space::kBlocks);
    cursor->seek_first();
    if (const auto error = cursor->error()) return fail(*error);
    if (!cursor->valid()) return Height{0};
    const auto height = height_of_key(cursor->key());
    if (!height) return fail(state::DiskError::kCorruption);
    return *height;
}

Result<std::optional<services::BlockEvent>, ReadError> read_block_event(
    const state::DiskReader& disk, const ledger::NetworkId& network, Height height) {
    const auto bytes = disk.get(Space::kBlocks, height_key(height));
    if (!bytes) return fail(ReadError::kDisk);
    if (!*bytes) return std::optional<services::BlockEvent>{};
    const auto row = decode_block_row(**bytes);
    if (!row) return fail(ReadError::kDisk);
    services::BlockEvent event{height, row->time, row->state_root, {}};
    for (std::uint32_t i = 0; i < row->items.size(); ++i) {
        if (row->results[i].code != 0) continue;
        const auto outcomes_bytes = disk.get(Space::kOutcomes, outcomes_key(height, i));
        if (!outcomes_bytes || !*outcomes_bytes) return fail(ReadError::kDisk);
        auto outcomes = decode_outcomes_row(**outcomes_bytes);
        const auto bundle = ledger::decode_item(row->items[i]);
        if (!outcomes || !bundle || bundle->transactions.size() != outcomes->outcomes.size()) {
            return fail(ReadError::kDisk);
        }
        for (std::uint32_t t = 0; t < bundle->transactions.size(); ++t) {
            event.outcomes.push_back(
                {ledger::transaction_id(network, bundle->member_id, bundle->transactions[t]),
                 height, i, t, std::move(outcomes->outcomes[t])});
        }
    }
    return std::optional<services::BlockEvent>(std::move(event));
}

services::BlockEvent block_event_of(const AppliedBlock& block) {
    services::BlockEvent event{block.height, block.time, block.state_root, {}};
    for (std::uint32_t i = 0; i < block.outputs.size(); ++i) {
        const execution::ItemOutput& output = block.outputs[i];
        if (output.code != execution::ItemCode::kAccepted) continue;
        for (std::uint32_t t = 0; t < output.transaction_ids.size(); ++t) {
            event.outcomes.push_back(
                {output.transaction_ids[t], block.height, i, t, output.outcomes[t]});
        }
    }
    return event;
}

LedgerReader::LedgerReader(const LedgerApplication& application, const Genesis& genesis,
                           ledger::MemberId member_id, std::function<Live()> live)
    : application_(application),
      genesis_(genesis),
      member_id_(std::move(member_id)),
      live_(std::move(live)) {}

LedgerReader::~LedgerReader() = default;

Height LedgerReader::published_height() const {
    const auto newest = application_.published().newest;
    return newest ? newest->height : 0;
}

services::NodeStatus LedgerReader::status() const {
    services::NodeStatus status;
    status.member_id = member_id_;
    status.network_id = genesis_.network_id;
    status.chain_id = genesis_.chain_id;
    status.protocol_version = genesis_.state.protocol_version();
    if (const auto newest = application_.published().newest) {
        status.height = newest->height;
        status.block_time = newest->time;
        status.state_root = newest->state_root;
    }
    if (const auto oldest = oldest_block(application_.disk())) status.retained_height = *oldest;
    const Live live = live_ ? live_() : Live{};
    status.catching_up = live.catching_up;
    status.failed = live.failed;
    status.queue_transactions = live.queue_transactions;
    return status;
}

Result<Committed, ReadError> LedgerReader::outcome(const ledger::TransactionId& id) const {
    auto committed = read_committed(application_.disk(), id);
    if (!committed) return fail(ReadError::kDisk);
    if (!*committed || (*committed)->height > published_height()) return fail(ReadError::kNotFound);
    return std::move(**committed);
}

Result<ledger::ValidatorSet, ReadError> LedgerReader::validators(Height height) const {
    const auto changes = application_.validator_changes();
    if (!changes || changes->empty()) return fail(ReadError::kDisk);
    const auto convert = [](const std::vector<consensus::ValidatorUpdate>& updates) {
        std::vector<ledger::Validator> out;
        for (const auto& update : updates)
            out.push_back({update.public_key, update.power});
        return out;
    };
    auto set = ledger::ValidatorSet::make(convert(changes->front().second));
    for (std::size_t i = 1; set && i < changes->size(); ++i) {
        // What block h asks for counts from block h + 2 on.
        if ((*changes)[i].first + 2 > height) break;
        set = set->updated(convert((*changes)[i].second));
    }
    if (!set) return fail(ReadError::kDisk);
    return std::move(*set);
}

Result<ledger::SignedHeader, ReadError> LedgerReader::header(Height height) const {
    if (height > published_height()) return fail(ReadError::kNotYet);
    if (height == 0) return fail(ReadError::kNotFound);
    const auto bytes = application_.disk().get(Space::kHeaders, height_key(height));
    if (!bytes) return fail(ReadError::kDisk);
    if (!*bytes) return fail(missing(height));
    auto signed_header = ledger::decode_signed_header(**bytes);
    const auto set = validators(height);
    if (!signed_header || !set) return fail(ReadError::kDisk);
    signed_header->commit = ledger::trimmed_commit(signed_header->commit, *set);
    return std::move(*signed_header);
}

Result<std::shared_ptr<const LedgerReader::ReceiptSource>, ReadError> LedgerReader::receipt_source(
    Height height, std::uint32_t item) const {
    {
        const std::lock_guard lock(mutex_);
        for (const auto& source : recent_) {
            if (source->height == height && source->item == item) return source;
        }
    }
    const auto next = header(height + 1);
    if (!next) return fail(next.error());
    const auto block_bytes = application_.disk().get(Space::kBlocks, height_key(height));
    const auto outcome_bytes =
        application_.disk().get(Space::kOutcomes, outcomes_key(height, item));
    if (!block_bytes || !outcome_bytes) return fail(ReadError::kDisk);
    if (!*block_bytes || !*outcome_bytes) return fail(missing(height));
    auto row = decode_block_row(**block_bytes);
    auto outcomes = decode_outcomes_row(**outcome_bytes);
    if (!row || !outcomes || item >= row->items.size()) return fail(ReadError::kDisk);

    auto source = std::make_shared<ReceiptSource>();
    source->height = height;
    source->item = item;
    source->item_bytes = std::move(row->items[item]);
    const auto bundle = ledger::decode_item(source->item_bytes);
    if (!bundle || bundle->transactions.size() != outcomes->outcomes.size()) {
        return fail(ReadError::kDisk);
    }
    source->transactions = bundle->transactions;
    verify::BundleOutcomes executed;
    executed.bundle_id = outcomes->bundle_id;
    executed.member_id = outcomes->member_id;
    executed.outcomes = std::move(outcomes->outcomes);
    for (const BytesView transaction : source->transactions) {
        executed.transaction_ids.push_back(
            ledger::transaction_id(genesis_.network_id, executed.member_id, transaction));
    }
    std::vector<ledger::ExecResult> results;
    for (const auto& result : row->results)
        results.push_back({result.code, result.data, 0, 0});
    source->maker.emplace(height, *next, results, item, std::move(executed));

    const std::lock_guard lock(mutex_);
    recent_.push_back(source);
    if (recent_.size() > kReceiptSourcesKept) recent_.erase(recent_.begin());
    return std::shared_ptr<const ReceiptSource>(source);
}

Result<Bytes, ReadError> LedgerReader::outcome_receipt(const ledger::TransactionId& id) const {
    const auto committed = outcome(id);
    if (!committed) return fail(committed.error());
    const auto source = receipt_source(committed->height, committed->bundle_index);
    if (!source) return fail(source.error());
    const std::uint32_t index = committed->transaction_index;
    if (index >= (*source)->transactions.size()) return fail(ReadError::kDisk);
    return (*source)->maker->make(index, (*source)->transactions[index]);
}

Result<LedgerReader::Provable, ReadError> LedgerReader::provable() const {
    const auto published = application_.published();
    if (!published.newest || published.newest->height == 0) return fail(ReadError::kNotYet);
    auto signed_header = header(published.newest->height);
    if (!signed_header) return fail(signed_header.error());
    Provable provable;
    provable.height = published.newest->height - 1;
    // A block that changed nothing leaves the root as it was: its header proves the newest state.
    if (signed_header->header.app_hash == published.newest->state_root.view()) {
        provable.state = published.newest->state;
    } else if (published.before) {
        provable.state = published.before->state;
    }
    if (!provable.state) return fail(ReadError::kNotYet);
    provable.header = std::move(*signed_header);
    return provable;
}

Result<std::unique_ptr<const state::StateView>, ReadError> LedgerReader::view_at(
    Height height) const {
    if (height > published_height()) return fail(ReadError::kNotYet);
    auto view = application_.state().at(height);
    if (!view) return fail(to_read(view.error()));
    return std::unique_ptr<const state::StateView>(std::move(*view));
}

Result<Bytes, ReadError> LedgerReader::state_receipt(const Provable& provable, bool prefix,
                                                     BytesView subject,
                                                     std::optional<Height> at) const {
    verify::StateQuestion question;
    question.kind =
        prefix ? verify::StateQuestion::Kind::kPrefix : verify::StateQuestion::Kind::kKey;
    question.subject = Bytes(subject);
    std::optional<verify::AsOfHeaders> headers;
    if (at && *at < provable.height) {
        question.as_of = *at;
        auto then = header(*at);
        auto next = header(*at + 1);
        if (!then) return fail(then.error());
        if (!next) return fail(next.error());
        headers.emplace(verify::AsOfHeaders{std::move(*then), std::move(*next)});
    } else if (at && *at > provable.height &&
               provable.state->root() != application_.published().newest->state_root) {
        return fail(ReadError::kNotYet);
    }
    const auto proof = provable.state->prove(question);
    if (!proof) return fail(to_read(proof.error()));
    return verify::make_state_receipt(provable.header, *proof, headers);
}

Result<services::StateAnswer, ReadError> LedgerReader::state(BytesView key,
                                                             std::optional<Height> at,
                                                             bool prove) const {
    if (key.empty() || key.size() > limits::kStateKeyBytesMax) {
        return fail(ReadError::kBadRequest);
    }
    services::StateAnswer answer;
    if (at && *at > published_height()) return fail(ReadError::kNotYet);
    if (prove) {
        auto shown = provable();
        if (!shown) return fail(shown.error());
        auto receipt = state_receipt(*shown, false, key, at);
        if (!receipt) return fail(receipt.error());
        answer.receipt = std::move(*receipt);
        answer.height = at ? *at : shown->height;
        if (!at || *at >= shown->height) {
            auto value = shown->state->get(key);
            if (!value) return fail(ReadError::kDisk);
            answer.value = std::move(*value);
            return answer;
        }
    }
    if (!at) {
        const auto newest = application_.published().newest;
        if (!newest) return fail(ReadError::kNotYet);
        auto value = newest->state->get(key);
        if (!value) return fail(ReadError::kDisk);
        answer.height = newest->height;
        answer.value = std::move(*value);
        return answer;
    }
    const auto view = view_at(*at);
    if (!view) return fail(view.error());
    auto value = (*view)->get(key);
    if (!value) return fail(ReadError::kDisk);
    answer.height = *at;
    answer.value = std::move(*value);
    return answer;
}

Result<services::StateList, ReadError> LedgerReader::state_list(BytesView prefix, BytesView from,
                                                                std::size_t limit,
                                                                std::optional<Height> at,
                                                                bool prove) const {
    const bool whole = from.empty() || from == prefix;
    if (prefix.size() > limits::kStateKeyBytesMax || from.size() > limits::kStateKeyBytesMax ||
        limit == 0 || (prove && !whole)) {
        return fail(ReadError::kBadRequest);
    }
    limit = std::min(limit, prove ? state::kProofRowsMax : kListMax);
    if (at && *at > published_height()) return fail(ReadError::kNotYet);

    services::StateList list;
    std::optional<Provable> shown;
    std::unique_ptr<const state::StateView> past;
    std::shared_ptr<const state::StateView> view;
    if (prove) {
        auto found = provable();
        if (!found) return fail(found.error());
        shown.emplace(std::move(*found));
        if (!at || *at >= shown->height) view = shown->state;
        list.height = at ? *at : shown->height;
    } else if (!at) {
        const auto newest = application_.published().newest;
        if (!newest) return fail(ReadError::kNotYet);
        view = newest->state;
        list.height = newest->height;
    }
    if (!view) {
        auto then = view_at(*at);
        if (!then) return fail(then.error());
        past = std::move(*then);
        list.height = *at;
    }
    const state::StateView& source = view ? *view : *past;
    auto rows = source.scan(prefix, from, limit + 1);
    if (!rows) return fail(ReadError::kDisk);
    list.more = rows->size() > limit;
    if (list.more) rows->resize(limit);
    for (state::KeyValue& row : *rows)
        list.entries.emplace_back(std::move(row.key), std::move(row.value));
    if (prove && !list.more) {
        auto receipt = state_receipt(*shown, true, prefix, at);
        if (!receipt) return fail(receipt.error());
        list.receipt = std::move(*receipt);
    }
    return list;
}

Result<Bytes, ReadError> LedgerReader::block(Height height) const {
    if (height > published_height() || height == 0) return fail(ReadError::kNotFound);
    auto kept = application_.kept_block(height);
    if (!kept) return fail(ReadError::kDisk);
    if (!*kept) return fail(missing(height));
    v1::StoredBlock stored;
    stored.set_height(height);
    stored.set_signed_header(std::move((*kept)->signed_header));
    for (Bytes& item : (*kept)->items)
        stored.add_items(std::move(item));
    return proto::encode(stored);
}

ReadError LedgerReader::missing(Height height) const {
    const auto oldest = oldest_block(application_.disk());
    if (!oldest) return ReadError::kDisk;
    return height < *oldest ? ReadError::kPruned : ReadError::kNotYet;
}

Result<UnixMs, ReadError> LedgerReader::time_of(Height height) const {
    const auto bytes = application_.disk().get(Space::kHeaders, height_key(height));
    if (!bytes) return fail(ReadError::kDisk);
    if (*bytes) {
        const auto signed_header = ledger::decode_signed_header(**bytes);
        if (!signed_header) return fail(ReadError::kDisk);
        return ledger::unix_ms(signed_header->header.time);
    }
    const auto block = application_.disk().get(Space::kBlocks, height_key(height));
    if (!block) return fail(ReadError::kDisk);
    if (!*block) return fail(missing(height));
    const auto row = decode_block_row(**block);
    if (!row) return fail(ReadError::kDisk);
    return row->time;
}

Result<Height, ReadError> LedgerReader::height_at(UnixMs time) const {
    if (time < genesis_.time) return fail(ReadError::kNotFound);
    const auto oldest = oldest_block(application_.disk());
    if (!oldest) return fail(ReadError::kDisk);
    Height low = 0;  // time(low) <= time
    if (*oldest > 1) {
        // Which of the blocks that are gone it was is not known here.
        const auto at = time_of(*oldest);
        if (!at) return fail(at.error());
        if (time < *at) return fail(ReadError::kPruned);
        low = *oldest;
    }
    Height high = std::max(published_height(), low) + 1;  // time(high) > time, or no such block
    while (high - low > 1) {
        const Height middle = low + (high - low) / 2;
        const auto at = time_of(middle);
        if (!at) return fail(at.error());
        (*at <= time ? low : high) = middle;
    }
    return low;
}

Result<Bytes, ReadError> LedgerReader::validator_history() const {
    const auto changes = application_.validator_changes();
    if (!changes) return fail(ReadError::kDisk);
    std::vector<verify::ValidatorStep> steps;
    for (const auto& [height, updates] : *changes) {
        // Block h asks; header h + 1 is the first to name the new set, as that of h + 2.
        if (height == 0 || height + 1 > published_height()) continue;
        auto signed_header = header(height + 1);
        auto next = validators(height + 2);
        if (!signed_header) return fail(signed_header.error());
        if (!next) return fail(next.error());
        if (signed_header->header.next_validators_hash == signed_header->header.validators_hash) {
            continue;
        }
        steps.push_back({std::move(*signed_header), std::move(*next)});
    }
    return verify::make_validator_history(steps);
}

Bytes LedgerReader::genesis() const {
    return genesis_.document;
}

}  // namespace consilium::node
