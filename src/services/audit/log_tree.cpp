// SPDX-License-Identifier: Apache-2.0
#include "services/audit/log_tree.hpp"

#include <algorithm>
#include <map>

#include "base/assert.hpp"
#include "crypto/merkle.hpp"
#include "crypto/random.hpp"
#include "proto/canonical.hpp"

namespace consilium::services::audit {
namespace {

constexpr std::uint64_t kRowsPerBatch = 256;
// Of a batch's rows; one row of the log adds less than 2,000, and the vault takes 131,072 at once.
constexpr std::size_t kBatchMax = 32'768;
constexpr std::size_t kLeavesPerTile = 256;
constexpr std::size_t kTileBytes = kLeavesPerTile * Hash32::kSize;
constexpr std::size_t kPage = 256;

struct LoggedHere {
    UnixMs at;
    v1::LoggedAccess access;
};

// Nothing in it for a row that is not there or cannot be read; nothing when the vault fails.
Result<std::optional<LoggedHere>, vault::VaultError> read_access(const vault::Vault& vault,
                                                                 std::uint64_t sequence) {
    const auto bytes = vault.row(log_key(sequence));
    if (!bytes) return fail(bytes.error());
    v1::LoggedRow row;
    LoggedHere out;
    const bool good = *bytes && proto::parse_canonical(**bytes, row) &&
                      proto::parse_canonical(row.access(), out.access);
    if (!good) return std::optional<LoggedHere>();
    out.at.value = row.at_unix_ms();
    return std::optional<LoggedHere>(std::move(out));
}

std::uint64_t number_in(const Bytes& value) {
    return value.size() == 8 ? read_be64(value) : 0;
}

}  // namespace

struct LogTree::Batch {
    std::vector<vault::Row> rows;
    std::map<std::string, std::uint64_t> newest;  // of a patient: the view's number and 1
};

bool LogTree::open() {
    if (opened_) return true;
    const auto kept = vault_.row(tree_key());
    if (!kept) return false;
    v1::LogTreeState state;
    if (*kept && !proto::parse_canonical(**kept, state)) return false;
    std::vector<Hash32> nodes(static_cast<std::size_t>(state.nodes_size()));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (!assign(nodes[i], state.nodes(static_cast<int>(i)))) return false;
    }
    tree_ = GrowingTree(state.views(), std::move(nodes));
    if (tree_.size() != state.views()) return false;
    sequence_ = state.sequence();
    const auto tile = vault_.row(tile_key(tree_.size() / kLeavesPerTile));
    if (!tile) return false;
    tile_ = *tile ? **tile : Bytes();
    if (tile_.size() != tree_.size() % kLeavesPerTile * Hash32::kSize) return false;
    opened_ = true;
    return true;
}

std::optional<Bytes> LogTree::key() const {
    const auto kept = vault_.row(view_salts_key());
    if (!kept) return std::nullopt;
    return *kept ? **kept : Bytes();
}

std::optional<Bytes> LogTree::make_key() {
    const auto kept = vault_.row(view_salts_key());
    if (!kept) return std::nullopt;
    if (*kept) return **kept;
    Bytes made = crypto::random_bytes(kViewKeyBytes);
    // On the disk before anything that it salts is anchored.
    const vault::Row row{view_salts_key(), made};
    if (!vault_.put({}, {&row, 1})) return std::nullopt;
    return made;
}

bool LogTree::take(std::uint64_t sequence, const Bytes& key, Batch& batch) {
    const auto logged = read_access(vault_, sequence);
    if (!logged) return false;
    if (!*logged || !has_views((*logged)->access)) return true;
    const v1::LoggedAccess& access = (*logged)->access;
    for (int i = 0; i < access.patients_size(); ++i) {
        const auto place = static_cast<std::uint32_t>(i);
        const std::string& patient = access.patients(i);
        auto newest = batch.newest.find(patient);
        if (newest == batch.newest.end()) {
            const auto kept = vault_.row(newest_view_key(patient));
            if (!kept) return false;
            newest = batch.newest.emplace(patient, *kept ? number_in(**kept) : 0).first;
        }
        v1::LoggedView view = view_of(key, sequence, (*logged)->at, access, place);
        view.set_before(newest->second);
        const std::uint64_t number = tree_.size();
        const Hash32 leaf = view_leaf(name_, proto::encode(view));
        tree_.add(leaf);
        tile_ += leaf.view();
        if (tile_.size() == kTileBytes) {
            batch.rows.push_back({tile_key(number / kLeavesPerTile), tile_});
            tile_.clear();
        }
        Bytes where;
        append_be64(where, sequence);
        append_be32(where, place);
        batch.rows.push_back({view_key(patient, number), std::move(where)});
        newest->second = number + 1;
    }
    return true;
}

bool LogTree::write(Batch& batch, std::uint64_t sequence) {
    for (const auto& [patient, number] : batch.newest) {
        Bytes value;
        append_be64(value, number);
        batch.rows.push_back({newest_view_key(patient), std::move(value)});
    }
    if (!tile_.empty()) batch.rows.push_back({tile_key(tree_.size() / kLeavesPerTile), tile_});
    v1::LogTreeState state;
    state.set_sequence(sequence);
    state.set_views(tree_.size());
    for (const Hash32& node : tree_.nodes())
        state.add_nodes(node.bytes());
    batch.rows.push_back({tree_key(), proto::encode(state)});
    if (!vault_.append(batch.rows)) return false;
    sequence_ = sequence;
    batch = {};
    return true;
}

std::optional<LogTree::Size> LogTree::follow(std::uint64_t sequence) {
    const std::lock_guard lock(mutex_);
    if (!open()) return std::nullopt;
    if (sequence > sequence_) {
        const auto salts = make_key();
        Batch batch;
        bool good = salts.has_value();
        for (std::uint64_t next = sequence_ + 1; good && next <= sequence; ++next) {
            good = take(next, *salts, batch);
            const bool full = next == sequence || next % kRowsPerBatch == 0 ||
                              batch.rows.size() + batch.newest.size() >= kBatchMax;
            if (good && full) good = write(batch, next);
        }
        if (!good) {
            opened_ = false;  // the disk knows how far it came
            return std::nullopt;
        }
    }
    return Size{sequence_, tree_.size(), tree_.root()};
}

std::optional<std::vector<Hash32>> LogTree::leaves(std::uint64_t count) const {
    std::vector<Hash32> out;
    for (std::uint64_t tile = 0; out.size() < count; ++tile) {
        const auto kept = vault_.row(tile_key(tile));
        if (!kept || !*kept || (*kept)->size() % Hash32::kSize != 0 || (*kept)->empty())
            return std::nullopt;
        for (std::size_t at = 0; at < (*kept)->size() && out.size() < count; at += Hash32::kSize) {
            Hash32 leaf;
            if (!assign(leaf, BytesView(**kept).substr(at, Hash32::kSize))) return std::nullopt;
            out.push_back(leaf);
        }
    }
    return out;
}

std::optional<std::vector<LogTree::View>> LogTree::views_of_patient(std::string_view patient,
                                                                    std::uint64_t views,
                                                                    std::size_t limit) const {
    const auto salts = key();
    if (!salts) return std::nullopt;
    std::vector<View> out;
    const Bytes prefix = view_prefix(patient);
    Bytes after;
    std::uint64_t before = 0;
    while (true) {
        const auto rows = vault_.rows(prefix, after, kPage);
        if (!rows) return std::nullopt;
        for (const vault::Row& row : *rows) {
            const auto number = parse_view_key(row.key);
            if (!number || row.value->size() != 12 || out.size() == limit) return std::nullopt;
            const std::uint64_t sequence = read_be64(*row.value);
            const std::uint32_t place = read_be32(BytesView(*row.value).substr(8));
            const auto logged = read_access(vault_, sequence);
            if (!logged) return std::nullopt;
            const bool there =
                *logged && place < static_cast<std::uint32_t>((*logged)->access.patients_size());
            // A row that was taken away since is missing in the chain of the views, too.
            if (there) {
                v1::LoggedView view =
                    view_of(*salts, sequence, (*logged)->at, (*logged)->access, place);
                view.set_before(before);
                out.push_back({*number, proto::encode(view), {}});
            }
            before = *number + 1;
        }
        if (rows->size() < kPage) break;
        after = rows->back().key;
    }
    if (out.empty() || out.front().number >= views) return out;
    auto hashes = leaves(views);
    if (!hashes) return std::nullopt;
    const crypto::MerkleTree tree(std::move(*hashes));
    for (View& view : out) {
        if (view.number < views) view.path = tree.path(static_cast<std::size_t>(view.number));
    }
    return out;
}

}  // namespace consilium::services::audit
