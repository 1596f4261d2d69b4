// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/limits.hpp"
#include "proto/canonical.hpp"
#include "state/errors.hpp"
#include "state/ledger_state.hpp"
#include "state/meta.hpp"
#include "state/reader.hpp"
#include "state/siblings.hpp"

namespace consilium::state {
namespace {

using verify::StateQuestion;

bool begins_with(BytesView key, BytesView prefix) {
    return key.substr(0, prefix.size()) == prefix;
}

// Gathers the entries of one answer and writes the proof.
class Prover {
 public:
    Prover(const StateSnapshot& state, std::uint64_t count, bool newest)
        : state_(state), reader_(state.disk(), count, newest) {}

    [[nodiscard]] Result<Bytes, StateError> run(const StateQuestion& question) {
        if (question.as_of) proof_.mutable_as_of()->set_height(*question.as_of);
        const auto gathered = question.kind == StateQuestion::Kind::kKey
                                  ? gather_key(question.subject)
                                  : gather_prefix(question.subject);
        if (!gathered) return fail(gathered.error());
        if (auto done = gather_ends(); !done) return fail(done.error());
        return finish(question);
    }

 private:
    [[nodiscard]] Status<StateError> gather_key(BytesView key) {
        auto found = reader_.alive(key);
        if (!found) return fail(to_state_error(found.error()));
        if (*found) {
            proof_.set_kind(v1::STATE_PROOF_KIND_PRESENT);
            return show(**found, true);
        }
        proof_.set_kind(v1::STATE_PROOF_KIND_ABSENT);
        proof_.set_subject(key.data(), key.size());
        auto before = reader_.below(key);
        if (!before) return fail(to_state_error(before.error()));
        return show(*before, false);
    }

    [[nodiscard]] Status<StateError> gather_prefix(BytesView prefix) {
        proof_.set_kind(v1::STATE_PROOF_KIND_PREFIX);
        proof_.set_subject(prefix.data(), prefix.size());
        auto first = first_of(prefix);
        if (!first) return fail(to_state_error(first.error()));
        AliveEntry at = std::move(*first);
        const bool is_row = at.entry.kind == v1::ENTRY_KIND_KEY && at.entry.key == prefix;
        if (auto done = show(at, is_row); !done) return done;
        while (!at.entry.high && begins_with(at.entry.next, prefix)) {
            if (entries_.size() >= kProofRowsMax) return fail(StateError::kTooMany);
            auto next = reader_.alive(at.entry.next);
            if (!next) return fail(to_state_error(next.error()));
            if (!*next) return fail(StateError::kCorruption);
            at = std::move(**next);
            if (auto done = show(at, true); !done) return done;
        }
        return Done{};
    }
    // The prefix's own entry when it is a key, else the one below it.
    [[nodiscard]] Result<AliveEntry, DiskError> first_of(BytesView prefix) {
        if (prefix.empty()) return reader_.below(BytesView("\0", 1));
        auto own = reader_.alive(prefix);
        if (!own) return fail(own.error());
        if (*own) return std::move(**own);
        return reader_.below(prefix);
    }

    // Values are shown of rows alone.
    [[nodiscard]] Status<StateError> show(const AliveEntry& alive, bool row) {
        std::optional<Bytes> value;
        if (row) {
            auto read = reader_.value(alive.entry);
            if (!read) return fail(to_state_error(read.error()));
            value = std::move(*read);
        }
        if (alive.ended_by != 0) ends_.push_back(alive.ended_by);
        add(alive.entry, std::move(value));
        return Done{};
    }
    [[nodiscard]] Status<StateError> gather_ends() {
        for (const std::uint64_t serial : ends_) {
            const auto entry = reader_.load(serial);
            if (!entry) return fail(to_state_error(entry.error()));
            if (entry->pruned) return fail(StateError::kCorruption);
            add(*entry, std::nullopt);
        }
        return Done{};
    }
    void add(const StoredEntry& entry, std::optional<Bytes> value) {
        entries_.push_back(to_message(entry, std::move(value)));
    }

    [[nodiscard]] Result<Bytes, StateError> finish(const StateQuestion& question) {
        std::sort(entries_.begin(), entries_.end(),
                  [](const auto& a, const auto& b) { return a.serial() < b.serial(); });
        std::vector<std::uint64_t> positions;
        for (v1::StateEntry& entry : entries_) {
            positions.push_back(entry.serial() - 1);
            proof_.add_entries()->Swap(&entry);
        }
        auto around = surroundings(state_.disk(), reader_, state_.tree(), positions);
        if (!around) return fail(to_state_error(around.error()));
        proof_.set_count(state_.entry_count());
        proof_.set_height(state_.appended_height());
        proof_.set_pages(std::move(around->pages));
        proof_.set_siblings(std::move(around->siblings));
        proof_.set_question_sum(
            verify::question_sum(proof_.kind(), proof_.subject(), question.as_of));
        return proto::encode(proof_);
    }

    const StateSnapshot& state_;
    EntryReader reader_;
    std::vector<v1::StateEntry> entries_;
    std::vector<std::uint64_t> ends_;
    v1::StateProof proof_;
};

}  // namespace

v1::StateEntry to_message(const StoredEntry& entry, std::optional<Bytes> value) {
    v1::StateEntry out;
    out.set_kind(entry.kind);
    out.set_serial(entry.serial);
    out.set_height(entry.height);
    out.set_value_height(entry.value_height);
    out.set_key(entry.key);
    out.set_next(entry.next);
    out.set_high(entry.high);
    out.set_ends(entry.ends);
    if (value) {
        out.set_value(std::move(*value));
    } else if (entry.kind == v1::ENTRY_KIND_KEY) {
        out.set_value_sha256(entry.value_hash.bytes());
    }
    return out;
}

Result<Bytes, StateError> StateSnapshot::prove(const verify::StateQuestion& question) const {
    const bool key = question.kind == StateQuestion::Kind::kKey;
    if (question.subject.size() > limits::kStateKeyBytesMax || (key && question.subject.empty()))
        return fail(StateError::kBadQuestion);
    std::uint64_t count = entry_count();
    if (question.as_of) {
        if (*question.as_of > height_) return fail(StateError::kNotYet);
        if (*question.as_of < retained_) return fail(StateError::kPruned);
        const auto then = count_at(*disk_, *question.as_of);
        if (!then) return fail(to_state_error(then.error()));
        count = *then;
    }
    return Prover(*this, count, count == entry_count()).run(question);
}

}  // namespace consilium::state
