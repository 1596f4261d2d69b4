// SPDX-License-Identifier: Apache-2.0
#include "verify/receipt.hpp"

#include <span>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "consilium/v1/receipt.pb.h"
#include "crypto/hash.hpp"
#include "crypto/merkle.hpp"
#include "ledger/hashes.hpp"
#include "ledger/results.hpp"
#include "proto/canonical.hpp"

namespace consilium::verify {
namespace {

using HashList = google::protobuf::RepeatedPtrField<std::string>;

// Siblings of 32 bytes, at most one per level of a tree of 2^32 leaves.
std::optional<std::vector<Hash32>> read_path(const HashList& nodes) {
    constexpr int kLevelsMax = 32;
    if (nodes.size() > kLevelsMax) return std::nullopt;
    std::vector<Hash32> path(static_cast<std::size_t>(nodes.size()));
    for (int i = 0; i < nodes.size(); ++i) {
        if (!assign(path[static_cast<std::size_t>(i)], nodes.Get(i))) return std::nullopt;
    }
    return path;
}

Result<HeaderRef, VerifyError> check_bytes(BytesView bytes, const Trust& trust) {
    auto decoded = ledger::decode_signed_header(bytes);
    if (!decoded) return fail(VerifyError::kSignedHeaderEncoding);
    const Height height = decoded->header.height;
    if (height == 0) return fail(VerifyError::kHeaderFields);
    const Epoch& epoch = trust.epoch_at(height);
    if (auto checked = check_signed_header(*decoded, trust.genesis().chain_id, epoch.validators);
        !checked) {
        return fail(checked.error());
    }
    VerifiedHeader out{std::move(decoded->header), {}, {}, epoch.anchor};
    // The check above computed the header's hash and found it in the commit.
    CONSILIUM_ASSERT(assign(out.hash, decoded->commit.block_id.hash));
    out.time = ledger::unix_ms(out.header.time);
    if (auto checked = trust.check_known(out.header, out.hash); !checked)
        return fail(checked.error());
    return HeaderRef(std::make_shared<const VerifiedHeader>(std::move(out)));
}

Status<VerifyError> check_freshness(UnixMs time, const Freshness& freshness) {
    const std::uint64_t now = freshness.now.value;
    if (time.value > now && time.value - now > kClockDriftMs) return fail(VerifyError::kFromFuture);
    if (freshness.age_ms_max && now > time.value && now - time.value > *freshness.age_ms_max)
        return fail(VerifyError::kTooOld);
    return Done{};
}

// From the outcome up to its bundle's outcome root.
Status<VerifyError> check_outcome(const v1::OutcomeReceipt& receipt,
                                  const ledger::TransactionId& id, Hash32& root) {
    const auto path = read_path(receipt.outcome_path());
    if (!path || !assign(root, receipt.outcome_root()) || receipt.count() == 0 ||
        receipt.count() > limits::kTransactionsPerBundleMax || receipt.index() >= receipt.count()) {
        return fail(VerifyError::kOutcome);
    }
    const Hash32 leaf = ledger::outcome_leaf(id, receipt.index(), receipt.outcome());
    const auto computed = crypto::merkle_root_from_path(crypto::merkle_leaf_hash(leaf.view()),
                                                        receipt.index(), receipt.count(), *path);
    if (computed != root) return fail(VerifyError::kOutcome);
    return Done{};
}

// From the bundle's ABCI result up to the header. Only an executed bundle has outcomes, and its
// result is code 0 without gas.
Status<VerifyError> check_result(const v1::OutcomeReceipt& receipt, const Hash32& outcome_root,
                                 const ledger::Header& header, ledger::BundleId& bundle_id) {
    const auto path = read_path(receipt.result_path());
    if (!path || !assign(bundle_id, receipt.bundle_id())) return fail(VerifyError::kResult);
    const Hash32 data = ledger::result_data(bundle_id, receipt.count(), outcome_root);
    ledger::ExecResult result;
    result.data = data.bytes();
    const auto computed = crypto::merkle_root_from_sides(
        crypto::merkle_leaf_hash(ledger::encode_exec_result(result)), receipt.result_left(), *path);
    if (!computed || computed->view() != header.last_results_hash)
        return fail(VerifyError::kResult);
    return Done{};
}

Result<VerifiedOutcome, VerifyError> verify_outcome(v1::OutcomeReceipt& receipt, const Trust& trust,
                                                    const Freshness& freshness,
                                                    HeaderCache* cache) {
    auto header = verify_header(receipt.signed_header(), trust, freshness, cache);
    if (!header) return fail(header.error());
    VerifiedOutcome out;
    out.header = std::move(*header);
    out.height = receipt.height();
    if (out.height != out.header->header.height - 1) return fail(VerifyError::kHeight);
    if (receipt.transaction().size() > limits::kTransactionBytesMax)
        return fail(VerifyError::kTooLarge);
    out.transaction_id = ledger::transaction_id(trust.genesis().network_id, receipt.member_id(),
                                                receipt.transaction());
    if (receipt.transaction_id() != out.transaction_id.view() ||
        !ledger::is_member_id(receipt.member_id())) {
        return fail(VerifyError::kTransaction);
    }
    auto outcome = ledger::decode_outcome(receipt.outcome());
    if (!outcome) return fail(VerifyError::kOutcomeEncoding);
    Hash32 root;
    if (auto checked = check_outcome(receipt, out.transaction_id, root); !checked)
        return fail(checked.error());
    if (auto checked = check_result(receipt, root, out.header->header, out.bundle_id); !checked)
        return fail(checked.error());
    out.outcome = std::move(*outcome);
    out.index = receipt.index();
    out.count = receipt.count();
    out.member_id = std::move(*receipt.mutable_member_id());
    out.transaction = std::move(*receipt.mutable_transaction());
    return out;
}

// The headers h and h + 1 of the moment that the proof names. They may be signed by sets long gone,
// so their times must fit the header of the state shown, and their anchor counts.
Status<VerifyError> check_as_of(const v1::AsOf& as_of, const Trust& trust,
                                const Freshness& freshness, HeaderCache* cache,
                                VerifiedState& out) {
    const Height height = *out.proven.question.as_of;
    const Freshness any_age{freshness.now, std::nullopt};
    const auto header = verify_header(as_of.signed_header(), trust, any_age, cache);
    if (!header) return fail(header.error());
    const auto next = verify_header(as_of.next_signed_header(), trust, any_age, cache);
    if (!next) return fail(next.error());
    if ((*header)->header.height != height || (*next)->header.height - 1 != height)
        return fail(VerifyError::kAsOfHeight);
    if ((*header)->time > (*next)->time || (*next)->time > out.header->time)
        return fail(VerifyError::kHeaderTime);
    for (const HeaderRef& each : {*header, *next}) {
        if (each->anchor.height < out.anchor.height) out.anchor = each->anchor;
    }
    out.as_of = AsOfMoment{height, (*header)->time, (*next)->time};
    return Done{};
}

Result<VerifiedState, Refusal> verify_state(const v1::StateReceipt& receipt, const Trust& trust,
                                            const Freshness& freshness, HeaderCache* cache) {
    auto header = verify_header(receipt.signed_header(), trust, freshness, cache);
    if (!header) return fail(Refusal{header.error(), std::nullopt});
    VerifiedState out;
    out.header = std::move(*header);
    out.height = out.header->header.height - 1;
    out.anchor = out.header->anchor;
    Hash32 root;
    if (!assign(root, out.header->header.app_hash))
        return fail(Refusal{VerifyError::kHeaderFields, std::nullopt});
    auto proven = check_state_proof(receipt.proof(), root, out.height);
    if (!proven) return fail(Refusal{VerifyError::kStateProof, proven.error()});
    out.proven = std::move(*proven);
    if (out.proven.question.as_of.has_value() != receipt.has_as_of())
        return fail(Refusal{VerifyError::kAsOfMissing, std::nullopt});
    if (receipt.has_as_of()) {
        if (auto checked = check_as_of(receipt.as_of(), trust, freshness, cache, out); !checked)
            return fail(Refusal{checked.error(), std::nullopt});
    }
    return out;
}

Status<VerifyError> parse(BytesView bytes, v1::Receipt& receipt) {
    if (bytes.size() > kReceiptBytesMax) return fail(VerifyError::kTooLarge);
    if (!proto::parse_canonical(bytes, receipt)) return fail(VerifyError::kEncoding);
    return Done{};
}

}  // namespace

HeaderRef HeaderCache::find(const Hash32& key) const {
    const auto at = headers_.find(key);
    return at == headers_.end() ? nullptr : at->second;
}

void HeaderCache::insert(const Hash32& key, HeaderRef header) {
    // Receipts come in runs of neighbouring blocks: starting afresh costs little and bounds memory.
    if (headers_.size() >= kHeadersMax) headers_.clear();
    headers_.insert_or_assign(key, std::move(header));
}

Result<HeaderRef, VerifyError> verify_header(BytesView signed_header, const Trust& trust,
                                             const Freshness& freshness, HeaderCache* cache) {
    if (signed_header.size() > ledger::kSignedHeaderBytesMax)
        return fail(VerifyError::kSignedHeaderEncoding);
    const Hash32 key = cache == nullptr ? Hash32{} : crypto::sha256(signed_header);
    HeaderRef header = cache == nullptr ? nullptr : cache->find(key);
    if (header == nullptr) {
        auto checked = check_bytes(signed_header, trust);
        if (!checked) return checked;
        header = std::move(*checked);
        if (cache != nullptr) cache->insert(key, header);
    }
    if (auto checked = check_freshness(header->time, freshness); !checked)
        return fail(checked.error());
    return header;
}

Result<VerifiedOutcome, VerifyError> verify_outcome_receipt(BytesView bytes, const Trust& trust,
                                                            const Freshness& freshness,
                                                            HeaderCache* cache) {
    v1::Receipt receipt;
    if (auto parsed = parse(bytes, receipt); !parsed) return fail(parsed.error());
    if (!receipt.has_outcome()) return fail(VerifyError::kKind);
    return verify_outcome(*receipt.mutable_outcome(), trust, freshness, cache);
}

Result<VerifiedState, Refusal> verify_state_receipt(BytesView bytes, const Trust& trust,
                                                    const Freshness& freshness,
                                                    HeaderCache* cache) {
    v1::Receipt receipt;
    if (auto parsed = parse(bytes, receipt); !parsed)
        return fail(Refusal{parsed.error(), std::nullopt});
    if (!receipt.has_state()) return fail(Refusal{VerifyError::kKind, std::nullopt});
    return verify_state(receipt.state(), trust, freshness, cache);
}

Result<VerifiedReceipt, Refusal> verify_receipt(BytesView bytes, const Trust& trust,
                                                const Freshness& freshness, HeaderCache* cache) {
    v1::Receipt receipt;
    if (auto parsed = parse(bytes, receipt); !parsed)
        return fail(Refusal{parsed.error(), std::nullopt});
    if (receipt.has_outcome()) {
        auto outcome = verify_outcome(*receipt.mutable_outcome(), trust, freshness, cache);
        if (!outcome) return fail(Refusal{outcome.error(), std::nullopt});
        return VerifiedReceipt(std::move(*outcome));
    }
    if (!receipt.has_state()) return fail(Refusal{VerifyError::kKind, std::nullopt});
    auto state = verify_state(receipt.state(), trust, freshness, cache);
    if (!state) return fail(state.error());
    return VerifiedReceipt(std::move(*state));
}

std::string to_string(const Refusal& refusal) {
    std::string out = to_string(refusal.error);
    if (refusal.state_proof) {
        out += ": ";
        out += to_string(*refusal.state_proof);
    }
    return out;
}

}  // namespace consilium::verify
