// SPDX-License-Identifier: Apache-2.0
#include "state/proof_cases.hpp"

#include <functional>

#include "crypto/hash.hpp"
#include "proto/canonical.hpp"
#include "state/ledger_state.hpp"
#include "state/memory_disk.hpp"
#include "verify/state_tree.hpp"

namespace consilium::state {
namespace {

using Error = verify::StateProofError;
using verify::StateQuestion;

// A log that someone made up, with a root that fits it: so that a check can be the only one that
// stands between a lie and a verdict.
class ForgedLog {
 public:
    explicit ForgedLog(Height height) : height_(height) {}

    // Adds an entry; KEY entries get the value "v" + key.
    v1::StateEntry& add(v1::EntryKind kind, const Bytes& key, Height height, const Bytes& next,
                        std::uint64_t ends = 0) {
        v1::StateEntry& entry = entries_.emplace_back();
        entry.set_kind(kind);
        entry.set_serial(entries_.size());
        entry.set_height(height);
        entry.set_key(key);
        entry.set_ends(ends);
        if (kind != v1::ENTRY_KIND_END) {
            entry.set_next(next);
            entry.set_high(next.empty());
        }
        if (kind == v1::ENTRY_KIND_KEY) {
            entry.set_value_height(height);
            entry.set_value("v" + key);
        }
        active_.push_back(kind != v1::ENTRY_KIND_END);
        if (ends != 0) active_[ends - 1] = false;
        return entry;
    }
    void set_active(std::uint64_t serial, bool active) { active_[serial - 1] = active; }

    // A proof that shows these serials, values where `rows` says so; and the root.
    [[nodiscard]] v1::StateProof prove(v1::StateProofKind kind, const Bytes& subject,
                                       std::optional<Height> as_of,
                                       const std::vector<std::uint64_t>& serials,
                                       const std::vector<std::uint64_t>& rows) const {
        v1::StateProof proof;
        proof.set_kind(kind);
        proof.set_subject(subject);
        if (as_of) proof.mutable_as_of()->set_height(*as_of);
        proof.set_count(entries_.size());
        proof.set_height(height_);
        std::vector<std::uint64_t> positions;
        for (const std::uint64_t serial : serials) {
            positions.push_back(serial - 1);
            v1::StateEntry& entry = *proof.add_entries();
            entry = entries_[serial - 1];
            const bool row = std::find(rows.begin(), rows.end(), serial) != rows.end();
            if (!row && entry.kind() == v1::ENTRY_KIND_KEY)
                entry.set_value_sha256(crypto::sha256(BytesView(entry.value())).bytes());
        }
        Walk walk{*this, proof, true};
        (void)verify::TreeWalk<Hash32, Walk>(entries_.size(), positions, walk).run();
        seal(proof);
        return proof;
    }
    [[nodiscard]] Hash32 root() const {
        std::vector<std::uint64_t> all;
        for (std::uint64_t i = 0; i < entries_.size(); ++i)
            all.push_back(i);
        v1::StateProof ignored;
        Walk walk{*this, ignored, false};
        return verify::state_root(entries_.size(), height_,
                                  verify::TreeWalk<Hash32, Walk>(all.size(), all, walk).run());
    }
    static void seal(v1::StateProof& proof) {
        const auto as_of =
            proof.has_as_of() ? std::optional<Height>(proof.as_of().height()) : std::nullopt;
        proof.set_question_sum(verify::question_sum(proof.kind(), proof.subject(), as_of));
    }

 private:
    // Computes nodes from the whole log, and notes what a proof must carry.
    struct Walk {
        const ForgedLog& log;
        v1::StateProof& proof;
        bool record;
        std::vector<std::uint64_t> shown{};

        Hash32 leaf(std::size_t i) {
            return record ? Hash32{} : log.leaf_of(i);  // while recording only siblings matter
        }
        Hash32 inner(const Hash32& l, const Hash32& r) const { return verify::inner_node(l, r); }
        Hash32 upper(const Hash32& l, const Hash32& r) const { return verify::upper_node(l, r); }
        Hash32 page(std::uint64_t page, const Hash32& entries) {
            const verify::PageBits bits = log.bits_of(page);
            if (record) *proof.mutable_pages() += bits.view();
            return verify::page_node(entries, bits);
        }
        Hash32 sibling(unsigned level, std::uint64_t index) {
            const std::uint64_t first = index << level;
            const std::uint64_t last =
                std::min<std::uint64_t>(log.entries_.size(), (index + 1) << level);
            const Hash32 hash = log.subtree(level, first, last);
            *proof.mutable_siblings() += hash.view();
            return hash;
        }
    };

    [[nodiscard]] Hash32 leaf_of(std::size_t i) const {
        const v1::StateEntry& e = entries_[i];
        const Hash32 value = crypto::sha256(BytesView(e.value()));
        const BytesView content = e.kind() == v1::ENTRY_KIND_KEY ? value.view() : BytesView();
        return verify::entry_leaf({e.kind(), e.high(), e.serial(), e.height(), e.value_height(),
                                   e.ends(), e.key(), e.next(), content});
    }
    [[nodiscard]] verify::PageBits bits_of(std::uint64_t page) const {
        verify::PageBits bits;
        for (std::uint64_t i = page * 256; i < active_.size() && i < (page + 1) * 256; ++i)
            verify::set_page_bit(bits, i, active_[i]);
        return bits;
    }
    [[nodiscard]] Hash32 subtree(unsigned level, std::uint64_t first, std::uint64_t last) const {
        if (level == 0) return leaf_of(first);
        const std::uint64_t middle = first + (std::uint64_t{1} << (level - 1));
        Hash32 hash = subtree(level - 1, first, std::min(middle, last));
        if (middle < last) {
            const Hash32 right = subtree(level - 1, middle, last);
            hash = level <= verify::kPageLevel ? verify::inner_node(hash, right)
                                               : verify::upper_node(hash, right);
        }
        if (level == verify::kPageLevel) return verify::page_node(hash, bits_of(first / 256));
        return hash;
    }

    Height height_;
    std::vector<v1::StateEntry> entries_;
    std::vector<bool> active_;
};

constexpr auto kPresent = v1::STATE_PROOF_KIND_PRESENT;
constexpr auto kAbsent = v1::STATE_PROOF_KIND_ABSENT;
constexpr auto kPrefix = v1::STATE_PROOF_KIND_PREFIX;
constexpr auto kKey = v1::ENTRY_KIND_KEY;
constexpr auto kLow = v1::ENTRY_KIND_LOW;
constexpr auto kEnd = v1::ENTRY_KIND_END;

// An honest log of six blocks:
//   1 LOW -> b            height 0
//   2 b -> d              height 0
//   3 d -> f              height 0
//   4 f -> high           height 0
//   5 d -> f, ends 3      height 2   (a new value)
//   6 b -> f, ends 2      height 4   (d deleted)
//   7 d END, ends 5       height 4
//   8 b -> d, ends 6      height 6   (d created again)
//   9 d -> f              height 6
ForgedLog honest_log() {
    ForgedLog log(6);
    log.add(kLow, "", 0, "b");
    log.add(kKey, "b", 0, "d");
    log.add(kKey, "d", 0, "f");
    log.add(kKey, "f", 0, "");
    log.add(kKey, "d", 2, "f", 3);
    log.add(kKey, "b", 4, "f", 2).set_value_height(0);
    log.add(kEnd, "d", 4, "", 5);
    log.add(kKey, "b", 6, "d", 6).set_value_height(0);
    log.add(kKey, "d", 6, "f");
    return log;
}

// Gathers the forgeries made from one log.
class Forger {
 public:
    explicit Forger(std::vector<ProofCase>& out) : out_(out) {}

    using Change = std::function<void(v1::StateProof&)>;

    void add(const std::string& name, const ForgedLog& log, v1::StateProof proof,
             std::optional<Error> error, const Change& change = nullptr, Height state_height = 6) {
        if (change) change(proof);
        out_.push_back({name, log.root(), state_height, proto::encode(proof), error});
    }

 private:
    std::vector<ProofCase>& out_;
};

// Lies about a single key: what is current, and since when.
void forge_keys(Forger& f, const ForgedLog& log) {
    f.add("present now", log, log.prove(kPresent, "", {}, {9}, {9}), {});
    f.add("an inactive entry as present", log, log.prove(kPresent, "", {}, {3}, {3}),
          Error::kNotAlive);
    f.add("an end mark as present", log, log.prove(kPresent, "", {}, {7}, {}), Error::kNotAlive);
    f.add("low as present", log, log.prove(kPresent, "", {}, {1}, {}), Error::kEntryShape);
    f.add("present without the value", log, log.prove(kPresent, "", {}, {9}, {}),
          Error::kEntryShape);
    f.add("two rows as present", log, log.prove(kPresent, "", {}, {4, 9}, {4, 9}), Error::kUnused);
    f.add("absent now", log, log.prove(kAbsent, "c", {}, {8}, {}), {});
    f.add("absent below all keys", log, log.prove(kAbsent, "a", {}, {1}, {}), {});
    f.add("absent above all keys", log, log.prove(kAbsent, "g", {}, {4}, {}), {});
    f.add("absent by an inactive entry", log, log.prove(kAbsent, "e", {}, {6}, {}),
          Error::kNotAlive);
    f.add("the key itself as its absence", log, log.prove(kAbsent, "d", {}, {9}, {}),
          Error::kNotAbsent);
    f.add("the next key as absent", log, log.prove(kAbsent, "d", {}, {8}, {}), Error::kNotAbsent);
    f.add("absent beyond the link", log, log.prove(kAbsent, "e", {}, {8}, {}), Error::kNotAbsent);
    f.add("absent by a greater key", log, log.prove(kAbsent, "a", {}, {8}, {}), Error::kNotAbsent);
    f.add("absent with a value shown", log, log.prove(kAbsent, "c", {}, {8}, {8}),
          Error::kEntryShape);
    f.add("absent with two entries", log, log.prove(kAbsent, "c", {}, {8, 9}, {}), Error::kUnused);
}

// Lies about the past.
void forge_moments(Forger& f, const ForgedLog& log) {
    f.add("present as of 3", log, log.prove(kPresent, "", 3, {5, 7}, {5}), {});
    f.add("present as of 0", log, log.prove(kPresent, "", 0, {3, 5}, {3}), {});
    f.add("present as of now", log, log.prove(kPresent, "", 6, {9}, {9}), {});
    f.add("absent as of 5", log, log.prove(kAbsent, "d", 5, {6, 8}, {}), {});
    f.add("alive before it was written", log, log.prove(kPresent, "", 5, {9}, {9}), Error::kUnused);
    f.add("alive after its end", log, log.prove(kPresent, "", 5, {5}, {5}), Error::kNotAlive);
    f.add("its end shown, but it came before", log, log.prove(kPresent, "", 5, {5, 7}, {5}),
          Error::kNotAlive);
    f.add("an end without what it ends", log, log.prove(kAbsent, "c", 6, {7, 8}, {}),
          Error::kNotAlive);
    f.add("a later entry that ends something else", log, log.prove(kPresent, "", 3, {5, 7, 8}, {5}),
          Error::kUnused);
    f.add("a re-creation as the end of the deleted version", log,
          log.prove(kPresent, "", 5, {5, 9}, {5}), Error::kUnused);
    f.add("an end of what was never ended", log, log.prove(kPresent, "", 3, {4, 7}, {4}),
          Error::kUnused);
    f.add("as of a height above the state", log, log.prove(kPresent, "", 7, {9}, {9}),
          Error::kAsOfAboveState);
    f.add("as of the height of a state with later empty blocks", log,
          log.prove(kPresent, "", 7, {9}, {9}), {}, nullptr, 7);
    ForgedLog other = honest_log();
    other.add(kKey, "x", 6, "", 4);  // says that it ends f
    f.add("ended by an entry of another key", other, other.prove(kPresent, "", 5, {4, 10}, {4}),
          Error::kEnds);
    ForgedLog low = honest_log();
    low.add(kEnd, "y", 6, "", 1);  // says that it ends LOW
    f.add("low ended by an end mark", low, low.prove(kAbsent, "a", 5, {1, 10}, {}), Error::kEnds);
    ForgedLog unborn = honest_log();
    unborn.set_active(7, true);
    f.add("an active end mark as present", unborn, unborn.prove(kPresent, "", {}, {7}, {}),
          Error::kNotAlive);
    f.add("an active end mark as present then", unborn, unborn.prove(kPresent, "", 6, {7}, {}),
          Error::kNotAlive);
}

// Lists with something left out, or from another time.
void forge_lists(Forger& f, const ForgedLog& log) {
    f.add("everything now", log, log.prove(kPrefix, "", {}, {1, 4, 8, 9}, {4, 8, 9}), {});
    f.add("everything as of 5", log, log.prove(kPrefix, "", 5, {1, 4, 6, 8}, {4, 6}), {});
    f.add("everything as of 1", log, log.prove(kPrefix, "", 1, {1, 2, 3, 4, 5, 6}, {2, 3, 4}), {});
    f.add("a prefix that is a key", log, log.prove(kPrefix, "d", {}, {9}, {9}), {});
    f.add("a prefix that is a key, after the one below", log,
          log.prove(kPrefix, "d", {}, {8, 9}, {9}), {});
    f.add("a prefix without keys", log, log.prove(kPrefix, "c", {}, {8}, {}), {});
    f.add("a prefix above all keys", log, log.prove(kPrefix, "\xff\xff", {}, {4}, {}), {});
    f.add("the first row left out", log, log.prove(kPrefix, "", {}, {4, 9}, {4, 9}),
          Error::kChainStart);
    f.add("a row left out", log, log.prove(kPrefix, "", {}, {1, 4, 8}, {4, 8}),
          Error::kChainBroken);
    f.add("the last row left out", log, log.prove(kPrefix, "", {}, {1, 8, 9}, {8, 9}),
          Error::kChainEnd);
    f.add("all rows left out", log, log.prove(kPrefix, "d", {}, {8}, {}), Error::kChainEnd);
    f.add("a list that begins too low", log, log.prove(kPrefix, "f", {}, {8}, {}),
          Error::kChainStart);
    f.add("a list that begins too high", log, log.prove(kPrefix, "c", {}, {9}, {}),
          Error::kChainStart);
    f.add("a list with a stranger", log, log.prove(kPrefix, "d", {}, {4, 9}, {4, 9}),
          Error::kUnused);
    f.add("an old row in a list", log, log.prove(kPrefix, "", {}, {1, 4, 5, 8}, {4, 5, 8}),
          Error::kNotAlive);
    f.add("a list of two times", log, log.prove(kPrefix, "", 5, {1, 4, 6, 8, 9}, {4, 6, 9}),
          Error::kUnused);
    f.add("a row without its value", log, log.prove(kPrefix, "", {}, {1, 4, 8, 9}, {4, 9}),
          Error::kEntryShape);
    f.add("the one below with its value", log, log.prove(kPrefix, "c", {}, {8}, {8}),
          Error::kEntryShape);
    ForgedLog empty(0);
    empty.add(kLow, "", 0, "");
    f.add("everything of nothing", empty, empty.prove(kPrefix, "", {}, {1}, {}), {});
    f.add("absent in nothing", empty, empty.prove(kAbsent, "k", 0, {1}, {}), {});
    ForgedLog twice = honest_log();
    twice.add(kKey, "d", 6, "f");
    f.add("one key twice", twice, twice.prove(kPrefix, "d", {}, {9, 10}, {9, 10}),
          Error::kChainBroken);
}

// Lies about what the entry, the tree or the question is.
void forge_bytes(Forger& f, const ForgedLog& log) {
    const auto base = log.prove(kPresent, "", {}, {9}, {9});
    const auto with = [&](const std::string& name, Error error, const Forger::Change& change) {
        f.add(name, log, base, error, change);
    };
    with("another value", Error::kRoot, [](auto& p) { p.mutable_entries(0)->set_value("vx"); });
    with("another key", Error::kRoot, [](auto& p) { p.mutable_entries(0)->set_key("e"); });
    with("another link", Error::kRoot, [](auto& p) { p.mutable_entries(0)->set_next("g"); });
    with("another height", Error::kRoot, [](auto& p) {
        p.mutable_entries(0)->set_height(5), p.mutable_entries(0)->set_value_height(5);
    });
    with("another height of the value", Error::kRoot,
         [](auto& p) { p.mutable_entries(0)->set_value_height(2); });
    with("an end claimed", Error::kRoot, [](auto& p) { p.mutable_entries(0)->set_ends(5); });
    with("an end of itself", Error::kEnds, [](auto& p) { p.mutable_entries(0)->set_ends(9); });
    with("another position", Error::kSiblings,
         [](auto& p) { p.mutable_entries(0)->set_serial(8); });
    with("a position beyond the log", Error::kEntryOrder,
         [](auto& p) { p.mutable_entries(0)->set_serial(10); });
    with("no position", Error::kEntryOrder, [](auto& p) { p.mutable_entries(0)->set_serial(0); });
    with("an entry twice", Error::kEntryOrder, [](auto& p) { *p.add_entries() = p.entries(0); });
    with("no entry", Error::kEntryOrder, [](auto& p) { p.clear_entries(); });
    with("no log", Error::kEntryOrder, [](auto& p) { p.set_count(0); });
    with("a log without end", Error::kEntryOrder,
         [](auto& p) { p.set_count((std::uint64_t{1} << 48U) + 1); });
    with("another count", Error::kSiblings, [](auto& p) { p.set_count(10); });
    with("another height of the state", Error::kHeightOrder, [](auto& p) { p.set_height(5); });
    with("an entry younger than the state", Error::kHeightOrder,
         [](auto& p) { p.mutable_entries(0)->set_height(7); });
    with("a value younger than its entry", Error::kHeightOrder,
         [](auto& p) { p.mutable_entries(0)->set_value_height(7); });
    with("another bit", Error::kRoot, [](auto& p) { (*p.mutable_pages())[0] = '\x7f'; });
    with("a bit beyond the log", Error::kPages, [](auto& p) { (*p.mutable_pages())[31] = '\x80'; });
    with("no page", Error::kPages, [](auto& p) { p.clear_pages(); });
    with("a page too many", Error::kPages, [](auto& p) { *p.mutable_pages() += Bytes(32, '\0'); });
    with("no siblings", Error::kSiblings, [](auto& p) { p.clear_siblings(); });
    with("a sibling too many", Error::kSiblings,
         [](auto& p) { *p.mutable_siblings() += Bytes(32, '\0'); });
    with("half a sibling", Error::kSiblings, [](auto& p) { *p.mutable_siblings() += "x"; });
    with("another sibling", Error::kRoot, [](auto& p) { (*p.mutable_siblings())[5] ^= 1; });
    with("a subject with presence", Error::kKind, [](auto& p) {
        p.set_subject("d");
        ForgedLog::seal(p);
    });
    with("no kind", Error::kKind, [](auto& p) { p.clear_kind(); });
    with("a question altered", Error::kQuestion,
         [](auto& p) { (*p.mutable_question_sum())[0] ^= 1; });
    with("a moment altered", Error::kQuestion, [](auto& p) { p.mutable_as_of()->set_height(6); });
    with("no guard of the question", Error::kQuestion, [](auto& p) { p.clear_question_sum(); });
    f.add("absence of no key", log, log.prove(kAbsent, "", {}, {1}, {}), Error::kKeyLength);
    f.add("absence of a key too long", log, log.prove(kAbsent, Bytes(257, 'x'), {}, {4}, {}),
          Error::kKeyLength);
    f.add("absence of the longest key", log, log.prove(kAbsent, Bytes(256, 'x'), {}, {4}, {}), {});
    f.add("a state above its header", log, base, Error::kStateHeight, nullptr, 5);
}

// Entries with fields that their kind does not have; their roots fit, so only the shape is wrong.
void forge_shapes(Forger& f) {
    const auto shape = [&](const std::string& name, v1::EntryKind kind,
                           const std::function<void(v1::StateEntry&)>& change, bool row) {
        ForgedLog log = honest_log();
        v1::StateEntry& entry = log.add(kind, kind == kLow ? "" : "h", 6, kind == kEnd ? "" : "i",
                                        kind == kEnd ? 4 : 0);
        if (change) change(entry);
        const Bytes subject = kind == kKey && row ? "" : "a";
        f.add(name, log,
              log.prove(row ? kPresent : kAbsent, subject, {}, {10},
                        row ? std::vector<std::uint64_t>{10} : std::vector<std::uint64_t>{}),
              Error::kEntryShape);
    };
    shape(
        "a key entry without a key", kKey, [](auto& e) { e.clear_key(); }, true);
    shape(
        "a key entry without a link", kKey, [](auto& e) { e.clear_next(); }, true);
    shape(
        "a link both high and not", kKey, [](auto& e) { e.set_high(true); }, true);
    shape(
        "a link downwards", kKey, [](auto& e) { e.set_next("a"); }, true);
    shape(
        "a link to itself", kKey, [](auto& e) { e.set_next("h"); }, true);
    shape(
        "a link too long", kKey, [](auto& e) { e.set_next(Bytes(257, 'x')); }, true);
    shape(
        "low with a key", kLow, [](auto& e) { e.set_key("0"); }, false);
    shape(
        "low with a value's height", kLow, [](auto& e) { e.set_value_height(1); }, false);
    shape(
        "low without a link", kLow, [](auto& e) { e.clear_next(); }, false);
    shape(
        "an end mark with a link", kEnd, [](auto& e) { e.set_next("z"); }, false);
    shape(
        "an end mark at the high end", kEnd, [](auto& e) { e.set_high(true); }, false);
    shape(
        "an end mark that ends nothing", kEnd, [](auto& e) { e.set_ends(0); }, false);
    shape(
        "an end mark with a value's height", kEnd, [](auto& e) { e.set_value_height(1); }, false);
    const auto limit = [&](const std::string& name, std::size_t key, std::size_t value,
                           std::optional<Error> error) {
        ForgedLog log = honest_log();
        v1::StateEntry& entry = log.add(kKey, Bytes(key, 'h'), 6, "i");
        entry.set_value(Bytes(value, 'v'));
        f.add(name, log, log.prove(kPresent, "", {}, {10}, {10}), error);
    };
    limit("the longest key", 256, 1, {});
    limit("a key too long", 257, 1, Error::kKeyLength);
    limit("the longest value", 1, 65536, {});
    limit("a value too long", 1, 65537, Error::kKeyLength);
}

ProofCase honest(const LedgerState& state, const std::string& name, const StateQuestion& question) {
    return {name, state.root(), *state.height(), state.prove(question).value(), {}};
}

void commit(LedgerState& state, Disk& disk, const StateDiff& diff) {
    auto pending = state.plan(state.height() ? *state.height() + 1 : 0, diff).value();
    auto batch = disk.new_batch();
    state.stage(pending, *batch);
    CONSILIUM_ASSERT(disk.write(*batch, Durability::kSynced).ok());
    state.adopt(std::move(pending));
}

Bytes number_key(std::uint32_t i) {
    Bytes key = "k";
    append_be32(key, i);
    return key;
}

}  // namespace

std::vector<ProofCase> honest_cases() {
    std::vector<ProofCase> out;
    for (const std::uint32_t count : {1U, 2U, 3U, 255U, 256U, 257U, 512U, 513U, 2047U, 2048U, 2049U,
                                      4096U, 4097U, 8192U, 8193U}) {
        MemoryDisk disk;
        const auto state = LedgerState::open(disk).value();
        StateDiff genesis;
        for (std::uint32_t i = 1; i < count; ++i)
            genesis[number_key(i)] = std::to_string(i);
        commit(*state, disk, genesis);
        const std::string of = " of " + std::to_string(count);
        const auto ask = [&](const std::string& what, StateQuestion::Kind kind,
                             const Bytes& subject, std::optional<Height> as_of) {
            out.push_back(honest(*state, what + of, {kind, subject, as_of}));
        };
        constexpr auto kKeyKind = StateQuestion::Kind::kKey;
        constexpr auto kPrefixKind = StateQuestion::Kind::kPrefix;
        ask("below all", kKeyKind, "a", {});
        ask("above all", kKeyKind, "z", 0);
        if (count == 1) continue;
        ask("first", kKeyKind, number_key(1), {});
        ask("last", kKeyKind, number_key(count - 1), 0);
        ask("between", kKeyKind, number_key(count / 2) + "x", {});
        ask("few", kPrefixKind, number_key(count - 1).substr(0, 4), {});
        commit(*state, disk, {{number_key(1), std::nullopt}, {number_key(count - 1), "new"}});
        ask("first, deleted since", kKeyKind, number_key(1), 0);
        ask("first, deleted", kKeyKind, number_key(1), {});
        ask("last, rewritten", kKeyKind, number_key(count - 1), {});
        ask("last, rewritten since", kKeyKind, number_key(count - 1), 0);
        if (count <= 3) ask("all", kPrefixKind, "", 0);
    }
    return out;
}

std::vector<ProofCase> forged_cases() {
    std::vector<ProofCase> out;
    Forger forger(out);
    const ForgedLog log = honest_log();
    forge_keys(forger, log);
    forge_moments(forger, log);
    forge_lists(forger, log);
    forge_bytes(forger, log);
    forge_shapes(forger);
    out.push_back({"not a message", log.root(), 6, "\xff\xff", Error::kMalformed});
    Bytes unknown = proto::encode(log.prove(kPresent, "", {}, {9}, {9}));
    unknown += Bytes("\x7a\x01x", 3);
    out.push_back({"an unknown field", log.root(), 6, unknown, Error::kMalformed});
    Hash32 other = log.root();
    other.value[0] ^= 1;
    out.push_back({"another root", other, 6, proto::encode(log.prove(kPresent, "", {}, {9}, {9})),
                   Error::kRoot});
    return out;
}

const char* name_of(verify::StateProofError error) {
    static constexpr const char* kNames[] = {
        "kMalformed",   "kKind",           "kQuestion",    "kKeyLength", "kEntryShape",
        "kEntryOrder",  "kHeightOrder",    "kPages",       "kSiblings",  "kRoot",
        "kStateHeight", "kAsOfAboveState", "kNotAlive",    "kEnds",      "kUnused",
        "kNotAbsent",   "kChainStart",     "kChainBroken", "kChainEnd"};
    return kNames[static_cast<std::size_t>(error)];
}

}  // namespace consilium::state
