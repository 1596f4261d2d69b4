// SPDX-License-Identifier: Apache-2.0
#include "execution/checked_bundle.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "crypto/sign.hpp"
#include "ledger/hashes.hpp"

namespace consilium::execution {
namespace {

using contracts::sdk::Registry;

// Transactions per unit of parallel work.
constexpr std::size_t kChunk = 256;

struct Slot {
    std::shared_ptr<CheckedBundle> made;
    std::shared_ptr<const CheckedBundle> remembered;
    Bytes public_key;
    Hash32 item_hash;
    std::optional<BlockError> error;
    std::vector<ItemCode> chunk_codes;

    [[nodiscard]] bool going_on() const {
        return !error && !remembered && made->code == ItemCode::kAccepted;
    }
};

ItemCode code_of(ledger::BundleError error) {
    switch (error) {
        case ledger::BundleError::kTooLarge:
        case ledger::BundleError::kTooManyTransactions:
        case ledger::BundleError::kTooManySignatures:
            return ItemCode::kTooLarge;
        case ledger::BundleError::kTransactionsRoot:
            return ItemCode::kTransactionsRoot;
        default:
            return ItemCode::kUndecodable;
    }
}

ItemCode code_of(ledger::TransactionError error) {
    switch (error) {
        case ledger::TransactionError::kTooLarge:
        case ledger::TransactionError::kTooManyCommands:
        case ledger::TransactionError::kTooManySignatures:
            return ItemCode::kTooLarge;
        default:
            return ItemCode::kUndecodable;
    }
}

// Envelope, key and signature; what the cache remembers ends the work here.
void open_item(const state::StateView& state, const Registry& registry, BytesView item,
               SignatureCache* cache, Slot& slot) {
    CheckedBundle& bundle = *slot.made;
    const auto view = ledger::decode_item(item);
    if (!view) {
        bundle.code = code_of(view.error());
        return;
    }
    const auto key = read_key(state, registry, view->member_id, view->key_id);
    if (!key) {
        slot.error = key.error() == state::DiskError::kCorruption ? BlockError::kCorruption
                                                                  : BlockError::kDisk;
        return;
    }
    if (*key) {
        slot.public_key = (*key)->public_key;
        if (cache != nullptr) {
            slot.item_hash = crypto::sha256(item);
            slot.remembered = cache->find(slot.item_hash, slot.public_key);
            const bool same = slot.remembered && slot.remembered->network == bundle.network &&
                              slot.remembered->registry == bundle.registry;
            if (same) return;
            slot.remembered.reset();
        }
    }
    bundle.item = Bytes(item);
    bundle.view = *ledger::decode_item(bundle.item);
    bundle.id = ledger::bundle_id(bundle.network, bundle.view.header);
    bundle.decoded = true;
    if (!*key) {
        bundle.code = ItemCode::kUnknownKey;
        return;
    }
    bundle.key_not_after = (*key)->not_after;
    const auto algorithm = crypto::algorithm_from_id(static_cast<std::uint32_t>((*key)->algorithm));
    const Hash32 digest = ledger::bundle_digest(bundle.network, bundle.view.header);
    const bool right = algorithm && crypto::verify(*algorithm, slot.public_key, digest.view(),
                                                   bundle.view.signature);
    bundle.code = right ? ItemCode::kAccepted : ItemCode::kWrongSignature;
}

// Decodes one chunk of transactions, their commands and their ids.
ItemCode open_chunk(CheckedBundle& bundle, std::size_t chunk) {
    const std::size_t first = chunk * kChunk;
    const std::size_t last = std::min(first + kChunk, bundle.view.transactions.size());
    google::protobuf::Arena& arena = *bundle.arenas[chunk];
    for (std::size_t i = first; i < last; ++i) {
        CheckedTransaction& out = bundle.transactions[i];
        auto decoded = ledger::decode_transaction(bundle.view.transactions[i]);
        if (!decoded) return code_of(decoded.error());
        out.view = std::move(*decoded);
        out.id = ledger::transaction_id(bundle.network, bundle.view.member_id, out.view.bytes);
        out.commands.resize(out.view.commands.size());
        for (std::size_t c = 0; c < out.commands.size(); ++c) {
            const ledger::CommandView& command = out.view.commands[c];
            CheckedCommand& checked = out.commands[c];
            checked.contract = bundle.registry->find(command.contract);
            if (checked.contract == nullptr) continue;
            const auto parsed = checked.contract->parse(command.payload, arena);
            if (parsed) {
                checked.message = *parsed;
            } else {
                checked.code = parsed.error();
            }
        }
    }
    return ItemCode::kAccepted;
}

// What only the whole bundle tells.
void finish_item(Slot& slot) {
    CheckedBundle& bundle = *slot.made;
    for (const ItemCode code : slot.chunk_codes) {
        if (code != ItemCode::kAccepted) {
            bundle.code = code;
            return;
        }
    }
    std::vector<ledger::TransactionId> ids;
    ids.reserve(bundle.transactions.size());
    std::size_t signatures = 0;
    for (const CheckedTransaction& transaction : bundle.transactions) {
        ids.push_back(transaction.id);
        signatures += transaction.view.personal_signatures.size();
    }
    if (signatures > limits::kPersonalSignaturesPerBundleMax) {
        bundle.code = ItemCode::kTooLarge;
        return;
    }
    if (ledger::transactions_root(ids) != bundle.view.transactions_root) {
        bundle.code = ItemCode::kTransactionsRoot;
        return;
    }
    std::sort(ids.begin(), ids.end());
    if (std::adjacent_find(ids.begin(), ids.end()) != ids.end())
        bundle.code = ItemCode::kUndecodable;
}

void verify_personal(CheckedBundle& bundle, CheckedTransaction& transaction) {
    transaction.personal_digest =
        ledger::personal_digest(bundle.network, bundle.view.member_id, transaction.view.body);
    for (const ledger::PersonalSignatureView& signature : transaction.view.personal_signatures) {
        if (!crypto::verify(signature.algorithm, signature.public_key,
                            transaction.personal_digest.view(), signature.signature)) {
            transaction.personal_signatures_right = false;
            return;
        }
    }
}

// Runs step 1 of the contracts over all transactions, spread over the block.
void open_transactions(std::vector<Slot>& slots, const ParallelFor& parallel) {
    std::vector<std::pair<std::size_t, std::size_t>> chunks;  // slot, chunk
    for (std::size_t i = 0; i < slots.size(); ++i) {
        Slot& slot = slots[i];
        if (!slot.going_on()) continue;
        const std::size_t count = slot.made->view.transactions.size();
        slot.made->transactions.resize(count);
        slot.chunk_codes.assign((count + kChunk - 1) / kChunk, ItemCode::kUndecodable);
        for (std::size_t chunk = 0; chunk < slot.chunk_codes.size(); ++chunk) {
            google::protobuf::ArenaOptions options;
            options.start_block_size = std::min<std::size_t>(count, kChunk) * 384;
            options.max_block_size = 64U * 1024U;
            slot.made->arenas.push_back(std::make_unique<google::protobuf::Arena>(options));
            chunks.emplace_back(i, chunk);
        }
    }
    parallel(chunks.size(), [&](std::size_t i) {
        Slot& slot = slots[chunks[i].first];
        slot.chunk_codes[chunks[i].second] = open_chunk(*slot.made, chunks[i].second);
    });
}

void verify_persons(std::vector<Slot>& slots, const ParallelFor& parallel) {
    std::vector<std::pair<CheckedBundle*, CheckedTransaction*>> signed_ones;
    for (Slot& slot : slots) {
        if (!slot.going_on()) continue;
        for (CheckedTransaction& transaction : slot.made->transactions) {
            if (!transaction.view.personal_signatures.empty())
                signed_ones.emplace_back(slot.made.get(), &transaction);
        }
    }
    parallel(signed_ones.size(), [&](std::size_t i) {
        verify_personal(*signed_ones[i].first, *signed_ones[i].second);
    });
}

}  // namespace

Result<std::vector<std::shared_ptr<const CheckedBundle>>, BlockError> check_items(
    const state::StateView& state, const ChainFacts& chain, const Registry& registry,
    std::span<const BytesView> items, const ParallelFor& parallel, SignatureCache* cache) {
    std::vector<Slot> slots(items.size());
    parallel(items.size(), [&](std::size_t i) {
        slots[i].made = std::make_shared<CheckedBundle>();
        slots[i].made->network = chain.network;
        slots[i].made->registry = &registry;
        open_item(state, registry, items[i], cache, slots[i]);
    });
    open_transactions(slots, parallel);
    parallel(slots.size(), [&](std::size_t i) {
        if (slots[i].going_on()) finish_item(slots[i]);
    });
    verify_persons(slots, parallel);

    std::vector<std::shared_ptr<const CheckedBundle>> out;
    out.reserve(slots.size());
    for (Slot& slot : slots) {
        if (slot.error) return fail(*slot.error);
        if (slot.going_on() && cache != nullptr)
            cache->insert(slot.item_hash, slot.public_key, slot.made);
        out.push_back(slot.remembered ? std::move(slot.remembered) : std::move(slot.made));
    }
    return out;
}

}  // namespace consilium::execution
