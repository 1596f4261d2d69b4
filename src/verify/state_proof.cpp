// SPDX-License-Identifier: Apache-2.0
#include "verify/state_proof.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "proto/canonical.hpp"
#include "verify/state_tree.hpp"

namespace consilium::verify {
namespace {

using Error = StateProofError;

// The entries that answer, as a list in key order; LOW comes first by its empty key.
using Chain = std::vector<const v1::StateEntry*>;

Status<Error> check_entries(const v1::StateProof& proof, ShownEntries& shown) {
    std::uint64_t before = 0;
    for (const v1::StateEntry& entry : proof.entries()) {
        if (entry.key().size() > limits::kStateKeyBytesMax ||
            entry.value().size() > limits::kStateValueBytesMax)
            return fail(Error::kKeyLength);
        if (entry.serial() <= before || entry.serial() > proof.count())
            return fail(Error::kEntryOrder);
        before = entry.serial();
        if (entry.height() > proof.height() || entry.value_height() > entry.height())
            return fail(Error::kHeightOrder);
        if (entry.ends() >= entry.serial()) return fail(Error::kEnds);
        const auto leaf = checked_leaf(entry);
        if (!leaf) return fail(Error::kEntryShape);
        shown.positions.push_back(entry.serial() - 1);
        shown.leaves.push_back(*leaf);
    }
    return Done{};
}

Status<Error> check_root(const v1::StateProof& proof, const Hash32& root, ShownEntries& shown) {
    if (proof.entries().empty() || proof.count() == 0 || proof.count() > kEntriesMax)
        return fail(Error::kEntryOrder);
    shown.count = proof.count();
    shown.height = proof.height();
    shown.pages = proof.pages();
    shown.siblings = proof.siblings();
    const auto n = static_cast<std::size_t>(proof.entries_size());
    shown.positions.reserve(n);
    shown.leaves.reserve(n);
    if (auto checked = check_entries(proof, shown); !checked) return checked;
    const auto folded = fold_to_root(shown);
    if (!folded)
        return fail(folded.error() == FoldError::kPages ? Error::kPages : Error::kSiblings);
    if (*folded != root) return fail(Error::kRoot);
    return Done{};
}

// An entry ends another when it names its serial, is of the same key, and may follow it.
bool ends(const v1::StateEntry& later, const v1::StateEntry& entry) {
    if (later.ends() != entry.serial() || later.key() != entry.key()) return false;
    if (entry.kind() == v1::ENTRY_KIND_LOW) return later.kind() == v1::ENTRY_KIND_LOW;
    return later.kind() == v1::ENTRY_KIND_KEY || later.kind() == v1::ENTRY_KIND_END;
}

// Picks the entries that were alive as of height `h`. Each ended one has its end shown, each end
// shown is that of one of them.
Result<Chain, Error> alive_as_of(const v1::StateProof& proof, const std::vector<bool>& active,
                                 Height h) {
    Chain chain;
    std::vector<std::uint64_t> ended;  // serials, ascending
    for (int i = 0; i < proof.entries_size(); ++i) {
        const v1::StateEntry& entry = proof.entries(i);
        if (entry.height() > h) continue;
        if (entry.kind() == v1::ENTRY_KIND_END) return fail(Error::kNotAlive);
        chain.push_back(&entry);
        if (!active[static_cast<std::size_t>(i)]) ended.push_back(entry.serial());
    }
    std::vector<bool> end_shown(ended.size(), false);
    for (const v1::StateEntry& later : proof.entries()) {
        if (later.height() <= h) continue;
        const auto at = std::lower_bound(ended.begin(), ended.end(), later.ends());
        if (at == ended.end() || *at != later.ends()) return fail(Error::kUnused);
        // The chain ascends in serial, and it holds every serial of `ended`.
        const auto entry = std::lower_bound(chain.begin(), chain.end(), later.ends(),
                                            [](const auto* candidate, std::uint64_t serial) {
                                                return candidate->serial() < serial;
                                            });
        if (!ends(later, **entry)) return fail(Error::kEnds);
        end_shown[static_cast<std::size_t>(at - ended.begin())] = true;
    }
    if (!std::all_of(end_shown.begin(), end_shown.end(), [](bool shown) { return shown; }))
        return fail(Error::kNotAlive);
    return chain;
}

Result<Chain, Error> alive_now(const v1::StateProof& proof, const std::vector<bool>& active) {
    Chain chain;
    for (int i = 0; i < proof.entries_size(); ++i) {
        if (!active[static_cast<std::size_t>(i)]) return fail(Error::kNotAlive);
        if (proof.entries(i).kind() == v1::ENTRY_KIND_END) return fail(Error::kNotAlive);
        chain.push_back(&proof.entries(i));
    }
    return chain;
}

bool carries_value(const v1::StateEntry& entry) {
    return entry.kind() == v1::ENTRY_KIND_KEY && entry.content_case() == v1::StateEntry::kValue;
}

// Values are shown of rows only, so that a proof has one form.
Status<Error> check_values(const v1::StateProof& proof, const ProvenState& proven) {
    std::size_t values = 0;
    for (const v1::StateEntry& entry : proof.entries())
        values += carries_value(entry) ? 1U : 0U;
    if (values != proven.rows.size()) return fail(Error::kEntryShape);
    return Done{};
}

Status<Error> answer_present(const Chain& chain, ProvenState& proven) {
    if (chain.size() != 1) return fail(Error::kUnused);
    const v1::StateEntry& entry = *chain.front();
    if (!carries_value(entry)) return fail(Error::kEntryShape);
    proven.question.subject = entry.key();
    proven.rows.emplace_back(entry.key(), entry.value());
    return Done{};
}

Status<Error> answer_absent(const Chain& chain, ProvenState& proven) {
    if (chain.size() != 1) return fail(Error::kUnused);
    const v1::StateEntry& entry = *chain.front();
    const BytesView subject = proven.question.subject;
    if (BytesView(entry.key()) >= subject) return fail(Error::kNotAbsent);
    if (!entry.high() && BytesView(entry.next()) <= subject) return fail(Error::kNotAbsent);
    return Done{};
}

bool within(BytesView key, BytesView prefix) {
    return key.substr(0, prefix.size()) == prefix;
}

Status<Error> answer_prefix(Chain chain, ProvenState& proven) {
    if (chain.empty()) return fail(Error::kChainStart);
    std::sort(chain.begin(), chain.end(), [](const auto* a, const auto* b) {
        return BytesView(a->key()) < BytesView(b->key());
    });
    const BytesView prefix = proven.question.subject;
    const v1::StateEntry& first = *chain.front();
    const bool first_is_row = first.kind() == v1::ENTRY_KIND_KEY && first.key() == prefix;
    if (!first_is_row) {
        const bool below = first.kind() == v1::ENTRY_KIND_LOW || BytesView(first.key()) < prefix;
        if (!below) return fail(Error::kChainStart);
        if (!first.high() && BytesView(first.next()) < prefix) return fail(Error::kChainStart);
    }
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const v1::StateEntry& entry = *chain[i];
        if (i > 0 || first_is_row) {
            if (!within(entry.key(), prefix)) return fail(Error::kUnused);
            if (!carries_value(entry)) return fail(Error::kEntryShape);
            proven.rows.emplace_back(entry.key(), entry.value());
        }
        if (i + 1 < chain.size() && (entry.high() || entry.next() != chain[i + 1]->key()))
            return fail(Error::kChainBroken);
    }
    const v1::StateEntry& last = *chain.back();
    if (!last.high() && within(last.next(), prefix)) return fail(Error::kChainEnd);
    return Done{};
}

Status<Error> check_question(const v1::StateProof& proof, ProvenState& proven) {
    proven.question.subject = proof.subject();
    if (proof.has_as_of()) proven.question.as_of = proof.as_of().height();
    if (proof.subject().size() > limits::kStateKeyBytesMax) return fail(Error::kKeyLength);
    switch (proof.kind()) {
        case v1::STATE_PROOF_KIND_PRESENT:
            if (!proof.subject().empty()) return fail(Error::kKind);
            break;
        case v1::STATE_PROOF_KIND_ABSENT:
            if (proof.subject().empty()) return fail(Error::kKeyLength);
            break;
        case v1::STATE_PROOF_KIND_PREFIX:
            proven.question.kind = StateQuestion::Kind::kPrefix;
            break;
        default:
            return fail(Error::kKind);
    }
    if (proof.question_sum() != question_sum(proof.kind(), proof.subject(), proven.question.as_of))
        return fail(Error::kQuestion);
    return Done{};
}

Status<Error> check_heights(const v1::StateProof& proof, Height state_height) {
    if (proof.height() > state_height) return fail(Error::kStateHeight);
    if (proof.has_as_of() && proof.as_of().height() > state_height)
        return fail(Error::kAsOfAboveState);
    return Done{};
}

Status<Error> answer(const v1::StateProof& proof, Chain chain, ProvenState& proven) {
    switch (proof.kind()) {
        case v1::STATE_PROOF_KIND_PRESENT:
            return answer_present(chain, proven);
        case v1::STATE_PROOF_KIND_ABSENT:
            return answer_absent(chain, proven);
        default:
            return answer_prefix(std::move(chain), proven);
    }
}

}  // namespace

Result<ProvenState, StateProofError> check_state_proof(BytesView bytes, const Hash32& root,
                                                       Height state_height) {
    v1::StateProof proof;
    if (!proto::parse_canonical(bytes, proof)) return fail(Error::kMalformed);
    ProvenState proven;
    if (auto checked = check_question(proof, proven); !checked) return fail(checked.error());
    if (auto checked = check_heights(proof, state_height); !checked) return fail(checked.error());
    ShownEntries shown;
    if (auto checked = check_root(proof, root, shown); !checked) return fail(checked.error());
    proven.count = proof.count();
    proven.height = proof.height();
    const std::vector<bool> active = shown_bits(shown);
    auto chain = proven.question.as_of ? alive_as_of(proof, active, *proven.question.as_of)
                                       : alive_now(proof, active);
    if (!chain) return fail(chain.error());
    auto answered = answer(proof, std::move(chain).value(), proven);
    if (answered) answered = check_values(proof, proven);
    if (!answered) return fail(answered.error());
    return proven;
}

const char* to_string(StateProofError error) {
    switch (error) {
        case Error::kMalformed:
            return "not the canonical encoding of a state proof";
        case Error::kKind:
            return "no such kind of state proof, or a subject it does not have";
        case Error::kQuestion:
            return "the question was altered";
        case Error::kKeyLength:
            return "a key or a value is empty or over its limit";
        case Error::kEntryShape:
            return "an entry has a field its kind does not have, or lacks one";
        case Error::kEntryOrder:
            return "entries are missing, out of order or beyond the count";
        case Error::kHeightOrder:
            return "an entry is younger than the state";
        case Error::kPages:
            return "the pages of active bits are not those of the entries shown";
        case Error::kSiblings:
            return "too few or too many sibling hashes";
        case Error::kRoot:
            return "the entries do not lead to the state root";
        case Error::kStateHeight:
            return "the state is younger than the header";
        case Error::kAsOfAboveState:
            return "the moment asked for is later than the state shown";
        case Error::kNotAlive:
            return "an entry was not current at that moment";
        case Error::kEnds:
            return "an entry does not end the one it is shown to end";
        case Error::kUnused:
            return "an entry has no part in the answer";
        case Error::kNotAbsent:
            return "the entry does not span the absent key";
        case Error::kChainStart:
            return "the list does not begin at or below its prefix";
        case Error::kChainBroken:
            return "a row is missing from the list";
        case Error::kChainEnd:
            return "the list ends before its prefix does";
    }
    return "unknown state proof error";
}

}  // namespace consilium::verify
