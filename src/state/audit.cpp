// SPDX-License-Identifier: Apache-2.0
#include "state/audit.hpp"

#include "crypto/hash.hpp"
#include "state/errors.hpp"
#include "state/reader.hpp"
#include "state/tree.hpp"

namespace consilium::state {
namespace {

using Problem = AuditProblem;
using verify::kPageEntries;

class Auditor {
 public:
    explicit Auditor(const StateSnapshot& state)
        : state_(state),
          tree_(state.tree()),
          log_(state.disk(), tree_.count, true),
          values_(state.disk(), tree_.count, true) {}

    [[nodiscard]] Status<StateError> walk_log(
        const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
        for (std::uint64_t page = 0; page < tree_.pages(); ++page) {
            if (auto done = check_page(page); !done) return done;
            if (progress && page % 64 == 0) progress(page * kPageEntries, tree_.count);
        }
        return Done{};
    }

    // Down the current index: each row an active entry, each link the key just left.
    [[nodiscard]] Status<StateError> walk_chain() {
        const auto cursor = state_.disk().cursor(Space::kCurrent);
        std::optional<Bytes> above;
        std::uint64_t rows = 0;
        for (cursor->seek_last(); cursor->valid(); cursor->prev(), ++rows) {
            const auto row = parse_current_row(cursor->value());
            const std::uint64_t serial = row ? row->serial : 0;
            if (serial == 0 || serial > tree_.count || !tree_.active(serial)) {
                note(Problem::kCurrentIndex, serial);
                continue;
            }
            const auto entry = log_.load(serial);
            if (!entry && entry.error() != DiskError::kCorruption)
                return fail(to_state_error(entry.error()));
            if (!entry || entry->pruned || entry->key != cursor->key() ||
                *row != current_row(*entry)) {
                note(Problem::kCurrentIndex, serial);
                continue;
            }
            const bool linked = above ? !entry->high && entry->next == *above : entry->high;
            const bool low = entry->kind == v1::ENTRY_KIND_LOW;
            if (!linked || low != entry->key.empty()) note(Problem::kChain, serial);
            above = entry->key;
        }
        if (cursor->error()) return fail(to_state_error(*cursor->error()));
        if (above != Bytes()) note(Problem::kChain, 0);
        if (rows != report.active) note(Problem::kCurrentIndex, 0);
        return Done{};
    }

    // Every row of history names an ended entry of its key and the entry that ended it, and the
    // entries that leave a row have it.
    [[nodiscard]] Status<StateError> walk_history() {
        const auto cursor = state_.disk().cursor(Space::kHistory);
        std::uint64_t rows = 0;
        for (cursor->seek_first(); cursor->valid(); cursor->next(), ++rows) {
            const auto key = parse_history_key(cursor->key());
            const std::uint64_t by = cursor->value().size() == 8 ? read_be64(cursor->value()) : 0;
            const bool possible = key && key->serial >= 1 && key->serial < by && by <= tree_.count;
            if (!possible) {
                note(Problem::kHistory, key ? key->serial : 0);
                continue;
            }
            const auto ended = log_.load(key->serial);
            const auto end = values_.load(by);
            if (!ended || !end) continue;  // found unreadable already
            const bool right = !ended->pruned && ended->key == key->key &&
                               !tree_.active(key->serial) && !end->pruned &&
                               end->leaves_history() && end->ends == key->serial &&
                               end->key == key->key;
            if (!right) note(Problem::kHistory, key->serial);
        }
        if (cursor->error()) return fail(to_state_error(*cursor->error()));
        if (rows != history_rows_) note(Problem::kHistory, 0);
        return Done{};
    }

    AuditReport report;

 private:
    void note(Problem problem, std::uint64_t serial) {
        ++report.problems;
        if (report.findings.size() < kAuditFindingsMax)
            report.findings.push_back({problem, serial});
    }

    [[nodiscard]] Status<StateError> check_page(std::uint64_t page) {
        std::vector<Hash32> leaves;
        bool whole = true;
        const std::uint64_t last = std::min((page + 1) * kPageEntries, tree_.count);
        for (std::uint64_t serial = page * kPageEntries + 1; serial <= last; ++serial) {
            ++report.entries;
            if (tree_.active(serial)) ++report.active;
            const auto entry = log_.load(serial);
            if (!entry) {
                if (entry.error() != DiskError::kCorruption)
                    return fail(to_state_error(entry.error()));
                note(Problem::kEntryUnreadable, serial);
                whole = false;
                continue;
            }
            leaves.push_back(entry->leaf_hash());
            if (auto done = check_entry(*entry); !done) return done;
        }
        if (!whole) return Done{};
        const Twig& twig = tree_.twigs[page / kPagesPerTwig];
        if (fold_inner(leaves) != twig.pages[page % kPagesPerTwig])
            note(Problem::kPageHash, page * kPageEntries + 1);
        return leaves.size() == kPageEntries ? check_nodes(page, leaves) : Done{};
    }

    [[nodiscard]] Status<StateError> check_nodes(std::uint64_t page,
                                                 const std::vector<Hash32>& leaves) {
        Bytes nodes;
        for (std::size_t from = 0; from < leaves.size(); from += kPackEntries)
            nodes += fold_inner(std::span(leaves).subspan(from, kPackEntries)).view();
        const auto stored = state_.disk().get(Space::kTwigs, page_nodes_key(page));
        if (!stored) return fail(to_state_error(stored.error()));
        if (*stored != nodes) note(Problem::kPageNodes, page * kPageEntries + 1);
        return Done{};
    }

    [[nodiscard]] Status<StateError> check_entry(const StoredEntry& entry) {
        const bool active = tree_.active(entry.serial);
        if (entry.pruned) {
            ++report.pruned;
            if (active) note(Problem::kActiveBit, entry.serial);
            return Done{};
        }
        const bool ordered = entry.ends < entry.serial && entry.value_height <= entry.height &&
                             entry.height >= height_before_ && entry.height <= tree_.height;
        if (!ordered) note(Problem::kEntryFields, entry.serial);
        height_before_ = entry.height;
        if (entry.ends != 0 && tree_.active(entry.ends)) note(Problem::kActiveBit, entry.ends);
        if (entry.leaves_history() && ordered) {
            const auto ended = values_.load(entry.ends);
            if (!ended && ended.error() != DiskError::kCorruption)
                return fail(to_state_error(ended.error()));
            if (ended && !ended->pruned) ++history_rows_;
        }
        if (entry.kind == v1::ENTRY_KIND_END) {
            if (active) note(Problem::kActiveBit, entry.serial);
            return Done{};
        }
        if (entry.kind != v1::ENTRY_KIND_KEY) return Done{};
        const auto value = values_.value(entry);
        if (!value && value.error() != DiskError::kCorruption)
            return fail(to_state_error(value.error()));
        if (!value || crypto::sha256(BytesView(*value)) != entry.value_hash)
            note(Problem::kValue, entry.serial);
        return Done{};
    }

    const StateSnapshot& state_;
    const Tree& tree_;
    EntryReader log_;
    EntryReader values_;
    Height height_before_ = 0;
    std::uint64_t history_rows_ = 0;  // that must be there
};

}  // namespace

Result<AuditReport, StateError> audit(
    const StateSnapshot& state, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    Auditor auditor(state);
    if (auto done = auditor.walk_log(progress); !done) return fail(done.error());
    if (auto done = auditor.walk_chain(); !done) return fail(done.error());
    if (auto done = auditor.walk_history(); !done) return fail(done.error());
    return std::move(auditor.report);
}

const char* to_string(AuditProblem problem) {
    switch (problem) {
        case Problem::kEntryUnreadable:
            return "an entry is missing or unreadable";
        case Problem::kEntryFields:
            return "an entry has heights or an end out of order";
        case Problem::kPageHash:
            return "the entries of a page do not give its hash";
        case Problem::kPageNodes:
            return "the stored nodes of a page are wrong";
        case Problem::kActiveBit:
            return "an active bit is wrong";
        case Problem::kCurrentIndex:
            return "the current index is wrong";
        case Problem::kChain:
            return "a link does not lead to the next key";
        case Problem::kHistory:
            return "the history index is wrong";
        case Problem::kValue:
            return "a value is missing or is not the one its entry covers";
    }
    return "unknown problem";
}

}  // namespace consilium::state
