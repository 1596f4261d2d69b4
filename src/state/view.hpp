// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium::state {

// Why the disk could not answer. Never an outcome of a transaction: whoever executes a block gives
// the block up.
enum class DiskError {
    kIo,          // a read or a write failed
    kFull,        // no room left, or a quota reached
    kCorruption,  // a checksum or a structure of ours does not hold
    kReadOnly,
    kMissing,  // a file that must be there is not
    kLocked,   // another process has it open
    kClosed,   // an earlier write failed, or the disk was shut
};

[[nodiscard]] const char* to_string(DiskError error);

struct KeyValue {
    Bytes key;
    Bytes value;
    friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

// The ordered map as of one height, read-only. Keys are 1..256 bytes, values 0..64 KiB, in unsigned
// byte order. Safe to read from several threads at once.
class StateView {
 public:
    virtual ~StateView() = default;

    [[nodiscard]] virtual Result<std::optional<Bytes>, DiskError> get(BytesView key) const = 0;

    // The greatest key that begins with `prefix`, with its value.
    [[nodiscard]] virtual Result<std::optional<KeyValue>, DiskError> last(
        BytesView prefix) const = 0;

    // Up to `limit` entries whose keys begin with `prefix` and are >= `from`, ascending.
    [[nodiscard]] virtual Result<std::vector<KeyValue>, DiskError> scan(
        BytesView prefix, BytesView from, std::size_t limit) const = 0;
};

// What a block changes: the value of each key after the block; nothing means deleted. Ascending.
using StateDiff = std::map<Bytes, std::optional<Bytes>, std::less<>>;

}  // namespace consilium::state
