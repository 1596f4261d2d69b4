// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "state/view.hpp"

namespace consilium::contracts::sdk {

// The state inside a block: what its transactions wrote over the state before it. Reads are cached
// for the block; the writes of the running transaction can be undone.
//
// A disk that fails is latched: reads answer "absent" from then on and disk_error() tells, so that
// contracts stay simple and whoever executes the block gives it up. For one thread.
class Overlay {
 public:
    explicit Overlay(const state::StateView& base);
    Overlay(const Overlay&) = delete;
    Overlay& operator=(const Overlay&) = delete;

    // The value under `key`. The view holds until that key is written again.
    [[nodiscard]] std::optional<BytesView> get(BytesView key);
    // The greatest key with `prefix` and its value. The views hold until the next write.
    struct Entry {
        BytesView key;
        BytesView value;
    };
    [[nodiscard]] std::optional<Entry> last(BytesView prefix);
    // Up to `limit` entries with `prefix` and keys >= from, ascending.
    [[nodiscard]] std::vector<state::KeyValue> scan(BytesView prefix, BytesView from,
                                                    std::size_t limit);

    // Keys of 1..256 bytes, values up to 64 KiB; more is a bug of ours.
    void put(BytesView key, Bytes value);
    void erase(BytesView key);
    // Spares the look-up of a key that is known to be absent below the overlay.
    void note_absent(BytesView key);

    // Transactions. begin() forgets how to undo what was written before.
    void begin();
    void undo();
    // A write of the running transaction: one per key, in the order of first writing. `before` is
    // the value before the transaction, `after` the one now; nothing means absent.
    struct Change {
        BytesView key;
        std::optional<BytesView> before;
        std::optional<BytesView> after;
    };
    [[nodiscard]] std::vector<Change> changes();

    [[nodiscard]] std::optional<state::DiskError> disk_error() const { return error_; }
    void latch(state::DiskError error);

    // Everything written, by key: the overlay is spent afterwards.
    [[nodiscard]] state::StateDiff take_diff();
    [[nodiscard]] const state::StateDiff& diff() const { return writes_; }

 private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const {
            return std::hash<std::string_view>{}(s);
        }
    };
    template <typename V>
    using Cache = std::unordered_map<Bytes, V, Hash, std::equal_to<>>;  // looked up, never walked

    struct Undo {
        state::StateDiff::iterator entry;
        bool created = false;           // the overlay had no entry for the key
        std::optional<Bytes> previous;  // else its value before
    };

    [[nodiscard]] const std::optional<Bytes>& base_value(BytesView key);
    [[nodiscard]] const std::optional<state::KeyValue>& base_last(BytesView prefix);
    [[nodiscard]] std::optional<Entry> last_by_walking(BytesView prefix);
    void write(BytesView key, std::optional<Bytes> value);

    const state::StateView& base_;
    state::StateDiff writes_;
    Cache<std::optional<Bytes>> read_;
    Cache<std::optional<state::KeyValue>> last_;
    std::vector<Undo> undo_;
    std::optional<state::DiskError> error_;
};

}  // namespace consilium::contracts::sdk
