// SPDX-License-Identifier: Apache-2.0
#include "state/reference_model.hpp"

#include <set>

#include "crypto/hash.hpp"

namespace consilium::state::reference {
namespace {

Bytes be64(std::uint64_t v) {
    Bytes out;
    append_be64(out, v);
    return out;
}

Bytes hash(const std::string& tag, const std::vector<Bytes>& parts) {
    Bytes preimage(1, static_cast<char>(tag.size()));
    preimage += tag;
    for (const Bytes& part : parts) {
        append_be32(preimage, static_cast<std::uint32_t>(part.size()));
        preimage += part;
    }
    return crypto::sha256(BytesView(preimage)).bytes();
}

Bytes leaf(const Entry& entry) {
    Bytes head;
    head.push_back(static_cast<char>(entry.kind));
    head.push_back(entry.kind != 2 && !entry.next ? 1 : 0);
    head += be64(entry.serial) + be64(entry.height) + be64(entry.value_height) + be64(entry.ends);
    return hash("consilium/state-entry/1",
                {head, entry.key, entry.next.value_or(""),
                 entry.kind == 0 ? crypto::sha256(BytesView(entry.value)).bytes() : Bytes()});
}

// Pairs neighbours until one is left; a last one without a neighbour goes up as it is.
Bytes tree(std::vector<Bytes> nodes, const std::string& tag) {
    while (nodes.size() > 1) {
        std::vector<Bytes> above;
        for (std::size_t i = 0; i < nodes.size(); i += 2)
            above.push_back(i + 1 < nodes.size() ? hash(tag, {nodes[i], nodes[i + 1]}) : nodes[i]);
        nodes = above;
    }
    return nodes.at(0);
}

std::optional<Bytes> follower(const Map& map, const Bytes& key) {
    const auto it = map.upper_bound(key);
    return it == map.end() ? std::nullopt : std::optional<Bytes>(it->first);
}

}  // namespace

void Model::append(Entry entry) {
    entry.serial = entries_.size() + 1;
    if (entry.ends != 0) entries_[entry.ends - 1].active = false;
    if (entry.kind == 2) {
        entry.active = false;
        alive_.erase(entry.key);
    } else {
        alive_[entry.key] = entry.serial;
    }
    entry.leaf = leaf(entry);
    entries_.push_back(entry);
    appended_ = entry.height;
}

void Model::apply(Height height, const StateDiff& diff) {
    Map after = map_;
    for (const auto& [key, value] : diff) {
        if (value) {
            after[key] = *value;
        } else {
            after.erase(key);
        }
    }
    const bool genesis = entries_.empty();
    if (genesis || follower(map_, "") != follower(after, "")) {
        Entry low;
        low.kind = 1;
        low.height = height;
        low.next = follower(after, "");
        low.ends = genesis ? 0 : alive_.at("");
        append(low);
    }
    std::set<Bytes> keys;
    for (const auto& [key, value] : map_)
        keys.insert(key);
    for (const auto& [key, value] : after)
        keys.insert(key);
    for (const Bytes& key : keys) {
        const bool was = map_.contains(key);
        const bool is = after.contains(key);
        Entry entry;
        entry.height = height;
        entry.key = key;
        entry.ends = was ? alive_.at(key) : 0;
        if (!is) {
            entry.kind = 2;
            append(entry);
            continue;
        }
        const bool rewritten = !was || map_.at(key) != after.at(key);
        if (!rewritten && follower(map_, key) == follower(after, key)) continue;
        if (rewritten) value_heights_[key] = height;
        entry.value_height = value_heights_.at(key);
        entry.next = follower(after, key);
        entry.value = after.at(key);
        append(entry);
    }
    map_ = after;
    past_.resize(height, past_.empty() ? Map() : past_.back());
    past_.push_back(map_);
}

Hash32 Model::root() const {
    std::vector<Bytes> pages;
    for (std::size_t from = 0; from < entries_.size(); from += 256) {
        std::vector<Bytes> leaves;
        Bytes bits(32, '\0');
        for (std::size_t i = from; i < entries_.size() && i < from + 256; ++i) {
            leaves.push_back(entries_[i].leaf);
            if (entries_[i].active)
                bits[(i - from) / 8] = static_cast<char>(
                    static_cast<unsigned char>(bits[(i - from) / 8]) | (1U << ((i - from) % 8)));
        }
        pages.push_back(
            hash("consilium/state-page/1", {tree(leaves, "consilium/state-inner/1"), bits}));
    }
    Hash32 out;
    (void)assign(out, hash("consilium/state-root/1", {be64(entries_.size()), be64(appended_),
                                                      tree(pages, "consilium/state-upper/1")}));
    return out;
}

}  // namespace consilium::state::reference
