// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

#include "base/bytes.hpp"

namespace consilium::ledger {

// Walks the fields of one message under the strict grammar of docs/formats/wire.md without copying
// them: what proto::check_canonical does for any message, for the few that are decoded by the
// million. Usage: while (fields.next()) switch (fields.number()) {...}; then look at ok().
// Whoever asks for a value names its kind; a field that is not asked for is an unknown one, so
// every case must take one or call refuse().
class WireFields {
 public:
    explicit WireFields(BytesView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    // Advances to the next field; false at the end or after an error.
    bool next() {
        if (at_ == end_ || !ok_) return false;
        std::uint64_t tag = 0;
        if (!varint(tag)) return refuse();
        const std::uint64_t number = tag >> 3U;
        if (number == 0 || number < number_ || number > 255) return refuse();
        again_ = number == number_;
        number_ = static_cast<std::uint32_t>(number);
        wire_ = static_cast<std::uint32_t>(tag & 7U);
        return true;
    }
    [[nodiscard]] std::uint32_t number() const { return number_; }
    [[nodiscard]] bool ok() const { return ok_; }
    bool refuse() {
        ok_ = false;
        return false;
    }

    // A singular integer; never 0, because a default is not written out.
    bool u64(std::uint64_t& out) {
        if (again_ || wire_ != 0 || !varint(out) || out == 0) return refuse();
        return true;
    }
    bool u32(std::uint32_t& out) {
        std::uint64_t wide = 0;
        if (!u64(wide) || wide > std::numeric_limits<std::uint32_t>::max()) return refuse();
        out = static_cast<std::uint32_t>(wide);
        return true;
    }
    // Singular bytes, never empty.
    bool bytes(BytesView& out) {
        if (again_ || !repeated(out) || out.empty()) return refuse();
        return true;
    }
    // A singular message, which may be empty.
    bool message(BytesView& out) {
        if (again_) return refuse();
        return repeated(out);
    }
    // One element of repeated bytes or messages.
    bool repeated(BytesView& out) {
        std::uint64_t length = 0;
        if (wire_ != 2 || !varint(length)) return refuse();
        if (length > static_cast<std::uint64_t>(end_ - at_)) return refuse();
        out = {at_, static_cast<std::size_t>(length)};
        at_ += length;
        return true;
    }

 private:
    bool varint(std::uint64_t& out) {
        if (at_ == end_) return refuse();
        const auto first = static_cast<std::uint8_t>(*at_++);
        if (first < 0x80) {
            out = first;
            return true;
        }
        return long_varint(first, out);
    }
    bool long_varint(std::uint8_t first, std::uint64_t& out) {
        std::uint64_t value = first & 0x7fU;
        for (unsigned shift = 7; shift <= 63; shift += 7) {
            if (at_ == end_) return refuse();
            const auto byte = static_cast<std::uint8_t>(*at_++);
            if (shift == 63 && byte > 1) return refuse();
            value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
            if (byte < 0x80) {
                out = value;
                return byte != 0 || refuse();  // a last byte of 0 would be a longer form
            }
        }
        return refuse();
    }

    const char* at_;
    const char* end_;
    std::uint32_t number_ = 0;
    std::uint32_t wire_ = 0;
    bool again_ = false;
    bool ok_ = true;
};

}  // namespace consilium::ledger
