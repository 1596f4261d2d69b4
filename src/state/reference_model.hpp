// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "state/view.hpp"

// For tests: the state as docs/formats/state.md defines it, computed the slow and obvious way from
// an ordered map and a list of entries, sharing no code with the fast one but SHA-256.
namespace consilium::state::reference {

using Map = std::map<Bytes, Bytes>;

struct Entry {
    int kind = 0;  // 0 KEY, 1 LOW, 2 END
    std::uint64_t serial = 0;
    Height height = 0;
    Height value_height = 0;
    std::uint64_t ends = 0;
    Bytes key;
    std::optional<Bytes> next;  // nothing: the high end
    Bytes value;
    bool active = true;
    Bytes leaf;
};

class Model {
 public:
    // Genesis.
    explicit Model(const StateDiff& diff) { apply(0, diff); }

    void apply(Height height, const StateDiff& diff);
    [[nodiscard]] Hash32 root() const;
    [[nodiscard]] const Map& now() const { return map_; }
    [[nodiscard]] const Map& at(Height height) const { return past_.at(height); }
    [[nodiscard]] Height height() const { return past_.size() - 1; }
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

 private:
    void append(Entry entry);

    Map map_;
    std::vector<Map> past_;
    std::vector<Entry> entries_;
    std::map<Bytes, std::uint64_t> alive_;  // key ("" is LOW) -> serial
    std::map<Bytes, Height> value_heights_;
    Height appended_ = 0;
};

}  // namespace consilium::state::reference
