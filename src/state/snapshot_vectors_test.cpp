// SPDX-License-Identifier: Apache-2.0
// A golden snapshot, and chunks that are refused, for every other implementation of
// docs/formats/snapshot.md: tests/vectors/state/snapshot.json. Made anew and compared as the other
// vectors of the state are.
#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "consilium/v1/state.pb.h"
#include "proto/canonical.hpp"
#include "state/snapshot.hpp"
#include "state/state_fixture.hpp"
#include "state/vector_file_testing.hpp"
#include "verify/state_tree.hpp"

namespace consilium::state {
namespace {

struct RefusedChunk {
    std::string name;
    std::size_t taken = 0;       // how many of the chunks were taken before
    std::optional<Bytes> chunk;  // none: the import is finished
    SnapshotError error{};
};

const char* name_of(SnapshotError error) {
    switch (error) {
        case SnapshotError::kTooLarge:
            return "kTooLarge";
        case SnapshotError::kMalformed:
            return "kMalformed";
        case SnapshotError::kForeign:
            return "kForeign";
        case SnapshotError::kMissing:
            return "kMissing";
        case SnapshotError::kRepeated:
            return "kRepeated";
        case SnapshotError::kEntry:
            return "kEntry";
        case SnapshotError::kRoot:
            return "kRoot";
        case SnapshotError::kForm:
            return "kForm";
        case SnapshotError::kChain:
            return "kChain";
        case SnapshotError::kNotEmpty:
        case SnapshotError::kDisk:
            break;
    }
    return "none of a chunk";
}

// 2 pages and more, with changes, deletions, creations, and a last block that changes nothing.
class SnapshotVector {
 public:
    static constexpr Height kHeight = 4;

    SnapshotVector() : fixture_(first()) {
        fixture_.apply(some(7, "changed"));
        fixture_.apply(some(11, std::nullopt));
        fixture_.apply(some(22, "again"));
        fixture_.apply({});
        const auto snapshot = fixture_.state->newest();
        for (std::uint64_t serial = 1; serial <= snapshot->entry_count();) {
            auto piece = export_chunk(*snapshot, serial, 6000).value();
            serial = piece.next_serial;
            chunks_.push_back(std::move(piece.chunk));
        }
    }

    [[nodiscard]] const std::vector<Bytes>& chunks() const { return chunks_; }
    [[nodiscard]] Hash32 root() const { return fixture_.state->root(); }
    [[nodiscard]] std::vector<KeyValue> rows() const {
        return fixture_.state->scan("", "", 1000).value();
    }
    // The chunk that follows `taken` others, changed.
    [[nodiscard]] Bytes altered(std::size_t taken,
                                const std::function<void(v1::SnapshotChunk&)>& change) const {
        v1::SnapshotChunk chunk;
        EXPECT_TRUE(proto::parse_canonical(chunks_[taken], chunk).ok());
        change(chunk);
        return proto::encode(chunk);
    }

 private:
    static Bytes key(std::uint32_t number) { return "key/" + std::to_string(1000 + number); }
    static StateDiff first() {
        StateDiff diff;
        for (std::uint32_t i = 0; i < 220; ++i)
            diff[key(i)] = "value " + std::to_string(i);
        return diff;
    }
    static StateDiff some(std::uint32_t every, const std::optional<Bytes>& value) {
        StateDiff diff;
        for (std::uint32_t i = 0; i < 220; i += every)
            diff[key(i)] = value;
        return diff;
    }

    StateFixture fixture_;
    std::vector<Bytes> chunks_;
};

v1::SnapshotEntry& whole_key(v1::SnapshotChunk& chunk) {
    for (auto& entry : *chunk.mutable_entries()) {
        if (entry.has_entry() && entry.entry().kind() == v1::ENTRY_KIND_KEY) return entry;
    }
    ADD_FAILURE() << "the chunk shows no key";
    return *chunk.mutable_entries(0);
}

std::vector<RefusedChunk> refused(const SnapshotVector& of) {
    const auto& chunks = of.chunks();
    const auto last = chunks.size() - 1;
    const auto change = [&](const std::string& name, std::size_t taken, SnapshotError error,
                            const std::function<void(v1::SnapshotChunk&)>& how) {
        return RefusedChunk{name, taken, of.altered(taken, how), error};
    };
    const auto value = [](v1::SnapshotChunk& c) {
        whole_key(c).mutable_entry()->set_value("forged");
    };
    std::vector<RefusedChunk> out = {
        {"cut short", 0, chunks[0].substr(0, chunks[0].size() - 1), SnapshotError::kMalformed},
        {"a chunk left out", 0, chunks[1], SnapshotError::kMissing},
        {"the last chunk left out", last, std::nullopt, SnapshotError::kMissing},
        {"nothing at all", 0, std::nullopt, SnapshotError::kMissing},
        {"the same chunk twice", 1, chunks[0], SnapshotError::kRepeated}};
    out.push_back(
        change("no entries of a log", 0, SnapshotError::kForeign, [](auto& c) { c.set_count(0); }));
    out.push_back(change("above the height of the header", 0, SnapshotError::kForeign,
                         [](auto& c) { c.set_height(SnapshotVector::kHeight + 1); }));
    out.push_back(change("another count than before", 1, SnapshotError::kForeign,
                         [](auto& c) { c.set_count(c.count() + 1); }));
    out.push_back(change("another count", 0, SnapshotError::kRoot,
                         [](auto& c) { c.set_count(c.count() + 1); }));
    out.push_back(change("a chunk without entries", 0, SnapshotError::kEntry,
                         [](auto& c) { c.clear_entries(); }));
    out.push_back(change("an entry of another place", 1, SnapshotError::kEntry, [](auto& c) {
        auto& entry = *whole_key(c).mutable_entry();
        entry.set_serial(entry.serial() + 1);
    }));
    out.push_back(change("an entry younger than the log", 0, SnapshotError::kEntry, [](auto& c) {
        whole_key(c).mutable_entry()->set_height(c.height() + 1);
    }));
    out.push_back(change("a key without its value", 0, SnapshotError::kEntry,
                         [](auto& c) { whole_key(c).mutable_entry()->clear_content(); }));
    out.push_back(change("a leaf of 31 bytes", 0, SnapshotError::kEntry,
                         [](auto& c) { whole_key(c).set_leaf(Bytes(31, 'x')); }));
    out.push_back(change("a forged value", 0, SnapshotError::kRoot, value));
    out.push_back(change("a forged value in the last chunk", last, SnapshotError::kRoot, value));
    out.push_back(change("a bit cleared", 0, SnapshotError::kRoot, [](auto& c) {
        (*c.mutable_pages())[0] = static_cast<char>((*c.mutable_pages())[0] ^ 0x04);
    }));
    out.push_back(
        change("without siblings", 0, SnapshotError::kRoot, [](auto& c) { c.clear_siblings(); }));
    out.push_back(change("a sibling too many", 0, SnapshotError::kRoot,
                         [](auto& c) { c.mutable_siblings()->append(Bytes(32, 's')); }));
    out.push_back(change("an active entry as a leaf", 0, SnapshotError::kForm, [](auto& c) {
        auto& entry = whole_key(c);
        const auto leaf = verify::checked_leaf(entry.entry()).value();
        entry.set_leaf(leaf.bytes());
    }));
    return out;
}

std::string snapshot_json(const SnapshotVector& of) {
    std::string out = "{\"root\": \"" + to_hex(of.root().view()) +
                      "\", \"state_height\": " + std::to_string(SnapshotVector::kHeight) +
                      ",\n \"rows\": [";
    std::string comma;
    for (const auto& [key, value] : of.rows()) {
        out += comma + "[\"" + to_hex(key) + "\", \"" + to_hex(value) + "\"]";
        comma = ", ";
    }
    out += "],\n \"chunks\": [";
    comma = "\n  ";
    for (const Bytes& chunk : of.chunks()) {
        out += comma + '"' + to_hex(chunk) + '"';
        comma = ",\n  ";
    }
    out += "],\n \"cases\": [";
    comma = "\n  ";
    for (const RefusedChunk& one : refused(of)) {
        out += comma + "{\"name\": \"" + one.name + "\", \"taken\": " + std::to_string(one.taken) +
               ", \"verdict\": \"" + name_of(one.error) +
               "\",\n   \"chunk\": " + (one.chunk ? '"' + to_hex(*one.chunk) + '"' : "null") + "}";
        comma = ",\n  ";
    }
    return out + "]}\n";
}

TEST(SnapshotVectors, AreWhatTheCodeMakes) {
    compare_vectors("snapshot.json", snapshot_json(SnapshotVector()));
}

TEST(SnapshotVectors, EveryVerdictIsThatOfTheImport) {
    const SnapshotVector vector;
    for (const RefusedChunk& one : refused(vector)) {
        SCOPED_TRACE(one.name);
        MemoryDisk disk;
        auto import = SnapshotImport::begin(disk, vector.root(), SnapshotVector::kHeight).value();
        for (std::size_t i = 0; i < one.taken; ++i)
            ASSERT_TRUE(import->take(vector.chunks()[i]).ok());
        const auto verdict = one.chunk ? import->take(*one.chunk) : import->finish();
        ASSERT_FALSE(verdict.ok());
        EXPECT_STREQ(name_of(verdict.error()), name_of(one.error));
    }
}

}  // namespace
}  // namespace consilium::state
